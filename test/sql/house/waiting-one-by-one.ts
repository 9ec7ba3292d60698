/** What waits, by reading everybody: slow, and beyond doubt. For comparing waiting_work() with. */
import type postgres from 'postgres';

export interface Waits {
  readonly organization: string;
  readonly campaign: string;
  readonly state: string;
  readonly people: number;
  readonly why: string;
  readonly until: Date | null;
}

export async function everybodyRead(sql: postgres.Sql): Promise<Waits[]> {
  return await sql<Waits[]>`
  with waiting as (
    select o.name as organization, c.name as campaign, s.state,
      case
        when s.state = 'error' then 'a person: ' || coalesce(r.sentence, s.reason)
        when s.state = 'sent' then 'news of the delivery'
        when s.state = 'sending' then 'the printer''s answer'
        when s.held_at is not null then 'held'
        when o.held_at is not null
          then 'the organization is held' || coalesce(': ' || o.held_why, '')
        when c.status = 'paused' then 'the campaign is held' || coalesce(': ' || c.held_why, '')
        when s.state = 'proofed' and c.status <> 'pending' and p.held_at is not null
          then 'the printer is held' || coalesce(': ' || p.held_why, '')
        when s.state = 'address_enrichable' then 'the next enrichment'
        when s.state = 'address_enriching' then 'the enricher' || coalesce(' ' || b.enricher, '')
        when s.state = 'proofed' and c.status = 'pending' then 'the launch'
        when s.state = 'proofed' and c.mode = 'live' and p.armed_at is null
          then 'the printer to be armed'
        when s.available_at > postrider.now() then coalesce(r.sentence, s.reason)
        else 'its turn'
      end as why,
      case when s.state = 'error' or s.reason = 'retry' then s.detail end as cause,
      coalesce(b.deadline, nullif(s.available_at, 'infinity')) as until
    from postrider.recipient_state s
    join postrider.state t on t.name = s.state and (t.kind <> 'terminal' or t.name = 'error')
    join postrider.organization o on o.id = s.organization_id
    join postrider.campaign c on c.organization_id = s.organization_id and c.id = s.campaign_id
    join postrider.printer p on p.organization_id = c.organization_id and p.name = c.printer_name
    left join postrider.reason r on r.code = s.reason
    left join postrider.enrichment_batch b on s.state = 'address_enriching'
      and b.organization_id = s.organization_id and b.id = s.cohort_id
    union all
    select o.name, c.name, 'effect ' || e.kind, r.sentence, e.error, e.available_at
    from postrider.effect e
    join postrider.organization o on o.id = e.organization_id
    join postrider.campaign c on c.organization_id = e.organization_id and c.id = e.campaign_id
    join postrider.reason r on r.code = 'retry'
    where e.state = 'waiting' and e.error is not null
  )
  select organization, campaign, state, count(*)::int as people,
    why || case count(distinct cause) when 0 then '' when 1 then format(' [%s]', min(cause))
      when 2 then format(' [%s; and another cause]', min(cause))
      else format(' [%s; and %s other causes]', min(cause), count(distinct cause) - 1) end as why,
    min(until) filter (where until > postrider.now()) as until
  from waiting group by organization, campaign, state, waiting.why
  order by organization, campaign, state, waiting.why`;
}
