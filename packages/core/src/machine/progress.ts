/** How far campaigns are: what a runner says while it works. */
import type { Sql } from './calls.ts';
import { withMachineErrors } from './errors.ts';

export interface CampaignProgress {
  readonly campaignId: string;
  readonly mode: 'test' | 'live';
  /** People who ever came to these states, by whichever runner. */
  readonly mailed: number;
  readonly received: number;
  readonly returned: number;
  /** In error now. */
  readonly inError: number;
  /** Before the printer with an address, but for those who are held one by one. */
  readonly waiting: number;
  readonly held: number;
  readonly withoutAddress: number;
  /** Null: nothing was accepted in the last day. */
  readonly cardsPerHour: number | null;
  /** When the last of them is with the printer at this pace; null where they stand still. */
  readonly doneAt: Date | null;
  readonly standingStill: string | null;
}

/**
 * Looks at these campaigns in one statement, by what the trigger has counted: it takes as long with
 * a million people as with a thousand. A campaign that has ended waits for nothing.
 */
export async function campaignProgress(
  sql: Sql,
  campaignIds: readonly string[],
): Promise<readonly CampaignProgress[]> {
  return await withMachineErrors(
    sql<CampaignProgress[]>`
      select
        f.campaign_id as "campaignId", f.mode,
        coalesce(m.mailed, 0)::float8 as mailed, coalesce(m.received, 0)::float8 as received,
        coalesce(m.returned, 0)::float8 as returned, f.error::float8 as "inError",
        coalesce(p.waiting, 0)::float8 as waiting, coalesce(p.held, 0)::float8 as held,
        coalesce(p.without_address, 0)::float8 as "withoutAddress",
        p.cards_per_hour::float8 as "cardsPerHour", p.done_at as "doneAt",
        p.standing_still as "standingStill"
      from postrider.funnel f
      left join postrider.pace p
        on p.organization_id = f.organization_id and p.campaign_id = f.campaign_id
      left join lateral (
        select
          sum(c.people) filter (where c.to_state = 'sent') as mailed,
          sum(c.people) filter (where c.to_state = 'received') as received,
          sum(c.people) filter (where c.to_state = 'returned') as returned
        from postrider.move_counts c
        where c.organization_id = f.organization_id
          and c.campaign_id = f.campaign_id
      ) m on true
      where f.campaign_id = any (${campaignIds as string[]}::uuid[])`,
  );
}
