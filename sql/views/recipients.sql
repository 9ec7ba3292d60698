-- People, their mailpieces and their moves.

create view postrider.recipients with (security_invoker = true) as
select r.organization_id, r.id, r.campaign_id, c.name as campaign, r.external_id, r.email,
  r.other_emails, r.first_name, r.last_name, r.line1, r.line2, r.city, r.region, r.postal_code,
  r.country, r.merge, r.reference, r.source_row, r.created_at, s.state, s.since, s.reason,
  w.sentence, s.detail, nullif(s.available_at, 'infinity') as available_at, s.attempt, s.losses,
  s.cohort_id, s.held_at, s.cancel_requested_at, s.move_no,
  -- In test mode nothing is printed, whatever the state says.
  c.mode
from postrider.recipient r
join postrider.recipient_state s
  on s.organization_id = r.organization_id and s.recipient_id = r.id
join postrider.campaign c
  on c.organization_id = r.organization_id and c.id = r.campaign_id
left join postrider.reason w
  on w.code = s.reason;

create view postrider.mailpieces with (security_invoker = true) as
select m.organization_id, m.id, m.recipient_id, m.campaign_id, m.printer_name as printer, m.mode,
  m.status, t.meaning, m.provider_id, m.opened_at, m.accepted_at, m.expected_delivery, m.rerouted,
  m.outcome_detail,
  -- In major units, as the printer told them.
  round(m.price_amount / 10::numeric ^ m.price_scale, m.price_scale) as price,
  round(m.price_tax / 10::numeric ^ m.price_scale, m.price_scale) as price_tax,
  m.price_currency, m.price_source, m.made_mode, m.cancellable_until
from postrider.mailpiece m
join postrider.mailpiece_status t
  on t.name = m.status;

-- Each move of each recipient, and by whom: by_role is the database role that was really logged in,
-- whatever actor the move claims.
create view postrider.moves with (security_invoker = true) as
select e.organization_id, c.name as campaign, e.recipient_id, e.move_no, e.at, e.from_state,
  e.to_state, e.actor, e.by_role, e.reason, e.detail, e.cohort_id
from postrider.recipient_event e
join postrider.campaign c
  on c.organization_id = e.organization_id and c.id = e.campaign_id;
