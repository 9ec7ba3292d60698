-- What became of each cancel, with the money of its card: the last one of each person.
-- result: not_made (it was stopped before the printer), called_back, asked (the printer is asked),
-- waits (for the printer's answer), too_late, or printed.
-- is_counted: its card counts in caps and budget; one that was not made does not. price: what
-- the printer charges for it, in major units, as it told; a card that was called back costs
-- nothing.
create view postrider.cancellations with (security_invoker = true) as
select i.organization_id, c.id as campaign_id, c.name as campaign, r.id as recipient_id,
  r.external_id, i.at, i.by_role, i.why, s.state,
  case
    when s.state = 'skipped' and m.accepted_at is not null then 'called_back'
    when s.state = 'skipped' then 'not_made'
    when s.state = 'sending' then 'waits'
    when s.state = 'sent' and s.cancel_requested_at is not null then 'asked'
    when m.outcome_detail like 'cannot be called back%' then 'too_late'
    when s.state = 'error' then 'waits'
    else 'printed'
  end as result,
  m.id as mailpiece_id, m.id is not null and m.uncounted_at is null as is_counted,
  case when s.state = 'skipped' then 0 else
    round(m.price_amount / 10::numeric ^ m.price_scale, m.price_scale) end as price,
  m.price_currency, m.outcome_detail as detail
from (
  select distinct on (organization_id, recipient_id) *
  from postrider.intervention
  where action = 'cancel'
    and recipient_id is not null
  order by organization_id, recipient_id, at desc, id desc
) i
join postrider.recipient r
  on r.organization_id = i.organization_id and r.id = i.recipient_id
join postrider.recipient_state s
  on s.organization_id = i.organization_id and s.recipient_id = i.recipient_id
join postrider.campaign c
  on c.organization_id = r.organization_id and c.id = r.campaign_id
left join lateral (
  select *
  from postrider.mailpiece p
  where p.organization_id = i.organization_id
    and p.recipient_id = i.recipient_id
    and p.mode = c.mode
  order by p.opened_at desc, p.id desc
  limit 1
) m on true
-- A person who was brought back since has no cancel any more.
where s.state in ('skipped', 'sending', 'sent', 'received', 'returned', 'error');
