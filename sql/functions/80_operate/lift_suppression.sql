-- Lifts the suppressions by one key, or by each e-mail address in a text, so that new people with
-- it are let in again. Returns how many entries were lifted. People whom they turned away stay
-- where they are.
create function postrider.lift_suppression(
  p_organization_id uuid,
  p_kind text,
  p_value text
) returns int language plpgsql security definer as $$
declare
  v_values text[] := case p_kind
    when 'email' then postrider.email_keys(p_value)
    else array[postrider.trimmed(p_value)]
  end;
  v_lifted int;
begin
  perform postrider.require_organization(p_organization_id);
  if coalesce(p_kind, '') not in ('email', 'external_id', 'household') then
    perform postrider.fail(
      'PR020',
      format('a suppression is by email, external_id or household, not by %L', p_kind),
      'nothing was changed');
  end if;
  perform postrider.require_given('what is suppressed', p_value);
  delete from postrider.suppression
  where organization_id = p_organization_id
    and kind = p_kind
    and digest = any (array(
      select postrider.digest_of(p_organization_id, p_kind, k.value)
      from unnest(v_values) as k (value)));
  get diagnostics v_lifted = row_count;
  if v_lifted > 0 then
    perform postrider.note_intervention(
      p_organization_id, 'lift', format('suppressions by %s: %s', p_kind, v_lifted));
  end if;
  return v_lifted;
end $$;
