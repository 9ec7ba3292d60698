-- The public face: what people and dashboards read. Columns are only ever added.

create view postrider.organizations with (security_invoker = true) as
select id, name, time_zone, held_at, held_why, created_at from postrider.organization;

create view postrider.campaigns with (security_invoker = true) as
select c.organization_id, o.name as organization, c.id, c.name, c.campaign_mode, c.status, c.mode, c.provider_segment_id as segment, c.format,
  c.mail_class, c.printer_name as printer, c.holdout_percent, c.dedupe, c.held_why, c.created_at, c.launched_at, c.ended_at,
  l.holder as syncing, l.since as syncing_since, p.armed_at as printer_armed_at, c.template, c.holdout_salt, c.return_address, c.exclusion_window, c.frequency_cap,
  c.frequency_cap_mode, c.daily_cap, c.total_cap, c.budget_minor, c.price_minor, c.currency, c.offer_ends_on, c.transit_days, c.assumed_after, c.effects,
  -- Of their options only where they read or write: others may be secret.
  (select jsonb_object_agg(i.key, concat_ws(' ', i.value ->> 'kind', i.value ->> 'path')) from jsonb_each(c.integrations) i) as adapters
from postrider.campaign c
join postrider.organization o on o.id = c.organization_id
join postrider.printer p on p.organization_id = c.organization_id and p.name = c.printer_name
left join postrider.campaign_lock l on l.organization_id = c.organization_id and l.campaign_id = c.id and l.until > postrider.now();

create view postrider.printers with (security_invoker = true) as
select organization_id, name, kind, held_at, held_why, armed_at, armed_by from postrider.printer;

create view postrider.recipients with (security_invoker = true) as
select r.organization_id, r.id, r.campaign_id, c.name as campaign, r.external_id, r.email, r.first_name, r.last_name, r.line1, r.line2, r.city,
  r.region, r.postal_code, r.country, r.merge, r.reference, r.source_row, r.created_at, s.state, s.since, s.reason, w.sentence, s.detail,
  nullif(s.available_at, 'infinity') as available_at, s.attempt, s.losses, s.cohort_id, s.held_at, s.cancel_requested_at, s.move_no
from postrider.recipient r
join postrider.recipient_state s on s.organization_id = r.organization_id and s.recipient_id = r.id
join postrider.campaign c on c.organization_id = r.organization_id and c.id = r.campaign_id
left join postrider.reason w on w.code = s.reason;

create view postrider.mailpieces with (security_invoker = true) as
select m.organization_id, m.id, m.recipient_id, m.campaign_id, m.printer_name as printer, m.mode, m.status, t.meaning, m.provider_id,
  m.opened_at, m.accepted_at, m.expected_delivery, m.rerouted, m.outcome_detail
from postrider.mailpiece m join postrider.mailpiece_status t on t.name = m.status;

create view postrider.sync_runs with (security_invoker = true) as
select r.organization_id, r.id, r.campaign_id, c.name as campaign, r.kind, r.started_at, r.ended_at, r.ended_at - r.started_at as duration,
  r.complete, r.fetched, r.created, r.changed, r.unchanged, r.repeated, r.invalid, r.left_segment, r.pages, r.waited_ms, r.created_by_state,
  r.turned_away, r.error
from postrider.sync_run r join postrider.campaign c on c.organization_id = r.organization_id and c.id = r.campaign_id;

create view postrider.sync_rejects with (security_invoker = true) as
select organization_id, run_id, source_row, source_column, external_id, reason, message from postrider.sync_reject;

-- What happened to whom, and by whom: by_role is the database role that was really logged in, whatever actor the move claims.
create view postrider.moves with (security_invoker = true) as
select e.organization_id, c.name as campaign, e.recipient_id, e.move_no, e.at, e.from_state, e.to_state, e.actor, e.by_role, e.reason, e.detail,
  e.cohort_id
from postrider.recipient_event e join postrider.campaign c on c.organization_id = e.organization_id and c.id = e.campaign_id;

create view postrider.alarms with (security_invoker = true) as
select a.organization_id, a.id, a.kind, a.campaign_id, a.recipient_id, a.mailpiece_id, a.detail, a.raised_at, c.name as campaign,
  case a.kind
    when 'printed_all_the_same' then 'the card was printed although its person had been taken out: ' || coalesce(a.detail ->> 'reason', '')
    when 'second_provider_id' then 'the printer names a second id for one card: it may have been printed twice'
    when 'evidence_for_closed_piece' then 'the printer has a card that was given up, beside the one that replaced it'
    when 'evidence_for_lost_piece' then format('the printer has a card, %s, whose record here was lost', a.detail ->> 'told')
    when 'provider_id_of_another_piece' then 'the printer names one id for two cards'
    when 'effect_failed' then format('what follows from a card failed for good: %s: %s', a.detail ->> 'effect', a.detail ->> 'error')
    when 'failed_after_received' then format('the printer says %s of a card whose person counts as received (%s)', a.detail ->> 'status', a.detail ->> 'reason')
    when 'unknown_status' then 'the printer tells a status that nobody here knows: ' || coalesce(a.detail ->> 'status', '')
    when 'unusable_event' then format('printer %s told something that cannot be used: %s', a.detail ->> 'printer', a.detail ->> 'reason')
    when 'mass_departure' then format('%s of %s people who wait would leave the segment at once: nobody was taken out',
      a.detail ->> 'leaving', a.detail ->> 'waiting')
    when 'campaign_refused' then 'the campaign is held, and nobody was harmed: ' || coalesce(a.detail ->> 'why', '')
    else a.kind end as meaning,
  case a.kind
    when 'printed_all_the_same' then format('to call it back: select postrider.cancel(%L); then clear the alarm', a.recipient_id)
    when 'evidence_for_lost_piece' then format('where its person is at the printer still: select postrider.replace_lost_mailpieces(%L), and resolve '
      'the new mailpiece as printed; where another card would be made: select postrider.cancel(%L); then clear the alarm',
      a.organization_id, a.recipient_id)
    when 'unknown_status' then 'nothing is lost: the event is kept; the adapter must learn the word'
    when 'unusable_event' then format('what was told beside it is applied; it is kept for the tables'' owner: select unusable from postrider.provider_event where id = %L. Mend the '
      'adapter, then: select postrider.retry_webhooks(%L, %L); that clears this', a.detail ->> 'webhook', a.organization_id, a.detail ->> 'printer')
    when 'effect_failed' then format('mend the cause, then: select postrider.retry_effects(%L)', a.organization_id)
    when 'failed_after_received' then 'ask the printer which is true; nobody is mailed again by itself; then clear the alarm'
    when 'mass_departure' then 'look whether the source tells all of the segment: the next whole sync clears this; if it is meant: postrider sync '
      || c.name || ' --allow-departures'
    when 'campaign_refused' then format('mend what the reason names (a template is read anew each time, a changed campaign file is to be applied), then: '
      'select postrider.release(%L, ''campaign'', %L); that clears this, and a release without a repair lets them fail one by one', a.organization_id, a.campaign_id)
    else 'compare with the printer''s console; if two cards are on paper, tell whoever pays; then clear the alarm' end as what_helps
from postrider.alarm a
left join postrider.campaign c on c.organization_id = a.organization_id and c.id = a.campaign_id
where a.cleared_at is null
union all
-- Of no organization: a beat is the installation's. It ends by itself once the beat works again.
select null, f.id, 'beat_failing', null, null, null, to_jsonb(f) - 'id', f.since, null,
  format('a part of the beat %s, %s, has failed %s times in a row: %s', f.beat, f.part, f.failures, f.error),
  coalesce(f.hint, 'mend what the meaning names') || ': nothing is lost, and this ends when the beat works again'
from postrider.failing_beats() f where f.failures >= 3
union all
-- Nothing is written for it either: it is there as long as the work fails.
select w.organization_id, w.id, 'work_failing', w.campaign_id, null, null,
  jsonb_strip_nulls(jsonb_build_object('work', w.work, 'printer', w.printer, 'failures', w.failures,
    'code', w.code, 'error', w.error)),
  w.since, w.campaign, format('%s has failed %s times in a row: %s', w.what, w.failures, w.error),
  w.what_helps
from postrider.failing_work w where w.failures >= 3;

-- How many people of a campaign are where. Adds up what the trigger counted: it never looks at a person.
create view postrider.funnel with (security_invoker = true) as
select c.organization_id, o.name as organization, c.id as campaign_id, c.name as campaign, c.status,
  coalesce(sum(n.people), 0)::bigint as recipients,
  coalesce(sum(n.people) filter (where n.state = 'address_enrichable'), 0)::bigint as address_enrichable,
  coalesce(sum(n.people) filter (where n.state = 'address_enriching'), 0)::bigint as address_enriching,
  coalesce(sum(n.people) filter (where n.state = 'pending'), 0)::bigint as pending,
  coalesce(sum(n.people) filter (where n.state = 'proofing_staged'), 0)::bigint as proofing_staged,
  coalesce(sum(n.people) filter (where n.state = 'proofing'), 0)::bigint as proofing,
  coalesce(sum(n.people) filter (where n.state = 'proofed'), 0)::bigint as proofed,
  coalesce(sum(n.people) filter (where n.state = 'sending_staged'), 0)::bigint as sending_staged,
  coalesce(sum(n.people) filter (where n.state = 'sending'), 0)::bigint as sending,
  coalesce(sum(n.people) filter (where n.state = 'sent'), 0)::bigint as sent,
  coalesce(sum(n.people) filter (where n.state = 'received'), 0)::bigint as received,
  coalesce(sum(n.people) filter (where n.state = 'returned'), 0)::bigint as returned,
  coalesce(sum(n.people) filter (where n.state = 'skipped'), 0)::bigint as skipped,
  coalesce(sum(n.people) filter (where n.state = 'holdout'), 0)::bigint as holdout,
  coalesce(sum(n.people) filter (where n.state = 'blacklisted'), 0)::bigint as blacklisted,
  coalesce(sum(n.people) filter (where n.state = 'error'), 0)::bigint as error, c.mode
from postrider.campaign c
join postrider.organization o on o.id = c.organization_id
left join postrider.tallied() n on n.organization_id = c.organization_id and n.campaign_id = c.id
group by 1, 2, 3, 4, 5, c.mode;

-- The cohorts on their way, with the pg-boss job that carries each until it begins.
create view postrider.queue with (security_invoker = true) as
select k.organization_id, k.id as cohort_id, k.stage, k.campaign_id, c.name as campaign, k.people, k.made_at, k.begun_at, k.lease_until,
  r.name as runner, j.state as job, j.retry_count as job_retries, j.started_on as job_started,
  case
    when k.begun_at is not null and k.lease_until < postrider.now() then 'its lease has passed: reap gives its people back within seconds'
    when k.begun_at is not null and (r.id is null or r.seen_at < clock_timestamp() - interval '45 seconds')
      then 'its runner is silent: reap gives its people back when the lease has passed'
    when k.begun_at is not null then 'at work'
    when j.id is null then 'its job is gone: reap gives its people back within minutes'
    when j.state in ('created', 'retry') then 'waits for a worker'
    when j.state = 'active' then 'is about to begin'
    else 'its job ended without a begin: reap gives its people back within minutes'
  end as meaning
from postrider.cohort k
join postrider.campaign c on c.organization_id = k.organization_id and c.id = k.campaign_id
left join postrider.runner r on r.id = k.runner_id
left join postrider.queue_job j on j.name = k.stage and j.id = k.id
where k.closed_at is null;
