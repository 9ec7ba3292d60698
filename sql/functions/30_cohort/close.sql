-- Closes a cohort in which nobody is left working.
create function postrider.close_cohort_if_done(
  p_organization_id uuid,
  p_cohort_id uuid,
  p_now timestamptz
) returns void language sql volatile
begin atomic
  update postrider.cohort
  set
    closed_at = p_now,
    closed_why = 'done'
  where organization_id = p_organization_id
    and id = p_cohort_id
    and closed_at is null
    and not exists (
      select from postrider.recipient_state s
      left join postrider.mailpiece m
        on m.organization_id = s.organization_id
        and m.recipient_id = s.recipient_id
        and m.status = 'submitting'
      where s.organization_id = p_organization_id
        and s.cohort_id = p_cohort_id
        and (s.state <> 'sending' or m.id is not null));
end;

-- Says how long to wait after a failed attempt: 2 s, 4 s, 8 s … up to 10 minutes, and never quite
-- the same for two people.
create function postrider.back_off(p_attempt int) returns interval language sql volatile
return least(2 ^ least(p_attempt + 1, 10), 600) * (0.75 + random() / 2) * interval '1 second';
