-- Gives back the people of a batch that the enricher does not have, or that is past its deadline;
-- after ten such losses a person becomes an error. Returns how many people moved.
create function postrider.give_back_batch(
  p_organization_id uuid,
  p_batch_id uuid,
  p_why text,
  p_after interval default '1 minute'
) returns int language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('enrich');
  v_moved int;
begin
  perform postrider.require_within('the time to wait', p_after, interval '0', interval '1 year');
  v_moved := postrider.write_off_batch(p_organization_id, p_batch_id, p_why, p_after);
  perform postrider.act_as(v_before);
  return v_moved;
end $$;

-- Moves the people of a batch back, closes it, and returns how many moved. People whom somebody
-- else has, an open psql session for example, are given back later, by give_back_orphans(). The
-- caller has claimed enrich.
create function postrider.write_off_batch(
  p_organization_id uuid,
  p_batch_id uuid,
  p_why text,
  p_after interval
) returns int language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_people uuid[] := postrider.lock_people_or_leave(p_organization_id, array(
    select recipient_id
    from postrider.recipient_state
    where organization_id = p_organization_id
      and cohort_id = p_batch_id));
  v_moved int;
begin
  update postrider.recipient_state
  set
    state = case when losses >= 9 then 'error' else 'address_enrichable' end,
    since = v_now,
    move_no = move_no + 1,
    cohort_id = null,
    losses = losses + 1,
    reason = case when losses >= 9 then 'too_many_losses' else 'batch_lost' end,
    detail = left(p_why, 500),
    available_at = v_now + p_after
  where organization_id = p_organization_id
    and cohort_id = p_batch_id
    and state = 'address_enriching'
    and recipient_id = any (v_people);
  get diagnostics v_moved = row_count;
  update postrider.enrichment_batch
  set
    closed_at = v_now,
    closed_why = left(p_why, 500)
  where organization_id = p_organization_id
    and id = p_batch_id
    and closed_at is null;
  return v_moved;
end $$;

-- Gives back the people of batches that are gone, or closed with people still in them.
create function postrider.give_back_orphans(
  p_organization_id uuid
) returns int language plpgsql security definer as $$
declare
  v_batch uuid;
  v_back int := 0;
begin
  for v_batch in
    select distinct s.cohort_id
    from postrider.recipient_state s
    where s.organization_id = p_organization_id
      and s.cohort_id is not null
      and s.state = 'address_enriching'
      and not exists (
        select from postrider.enrichment_batch b
        where b.organization_id = s.organization_id
          and b.id = s.cohort_id
          and b.closed_at is null)
  loop
    v_back := v_back + postrider.give_back_batch(p_organization_id, v_batch, 'the batch is gone');
  end loop;
  return v_back;
end $$;
