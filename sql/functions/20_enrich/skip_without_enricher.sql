-- Skips the people who wait for an address in a campaign that has no enricher: they would wait for
-- ever. Returns how many.
create function postrider.skip_without_enricher(
  p_organization_id uuid,
  p_campaign_id uuid
) returns int language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('enrich');
  v_moved int := postrider.skip_enrichable(p_organization_id, p_campaign_id);
begin
  perform postrider.act_as(v_before);
  return v_moved;
end $$;

-- Does what skip_without_enricher() promises, and returns the same. People whom somebody else has
-- are skipped the next time. The caller has claimed enrich.
create function postrider.skip_enrichable(
  p_organization_id uuid,
  p_campaign_id uuid
) returns int language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_moved int;
begin
  perform postrider.lock_for_sync(p_organization_id, p_campaign_id);
  update postrider.recipient_state
  set
    state = 'skipped',
    since = v_now,
    move_no = move_no + 1,
    reason = 'no_address',
    detail = 'the campaign has no enricher'
  where organization_id = p_organization_id
    and recipient_id = any (array(
      select recipient_id
      from postrider.recipient_state
      where organization_id = p_organization_id
        and campaign_id = p_campaign_id
        and state = 'address_enrichable'
      order by recipient_id
      for no key update skip locked));
  get diagnostics v_moved = row_count;
  return v_moved;
end $$;
