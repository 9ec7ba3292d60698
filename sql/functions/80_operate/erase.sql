-- Forgets a person, in every campaign. The cold row, frozen requests, details of the history and
-- raw events are blanked, and a keyed digest stays as a suppression, so that the next sync does not
-- bring the person back. Before the printer the person is skipped first. At the printer a cancel
-- mark keeps the card from being submitted again. Nothing more of the person is needed to find out
-- what became of the card: its references stay.
create function postrider.erase(p_recipient_id uuid) returns text
language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('op');
begin
  perform postrider.forget_person(p_recipient_id);
  perform postrider.act_as(v_before);
  return 'erased';
end $$;

-- Does what erase() promises. The caller has claimed op.
create function postrider.forget_person(p_recipient_id uuid) returns void
language plpgsql as $$
declare
  v_organization_id uuid := (postrider.require_recipient(p_recipient_id)).organization_id;
  v_now timestamptz := postrider.now();
  v_recipient postrider.recipient;
  v_people uuid[];
  v_new uuid[];
begin
  select *
  into v_recipient
  from postrider.recipient
  where organization_id = v_organization_id
    and id = p_recipient_id;
  -- Any of the same e-mails, or the same external id, in another campaign is the same person.
  v_people := array(
    select distinct unnest(
      p_recipient_id || postrider.people_by_key(
        v_organization_id, null, postrider.email_keys_of(v_organization_id, p_recipient_id),
        v_recipient.external_id, null)));
  -- People are locked before suppressions, as in suppress().
  perform from postrider.recipient_state
  where organization_id = v_organization_id
    and recipient_id = any (v_people)
  order by recipient_id
  for no key update;
  perform postrider.suppress_erased(v_organization_id, v_people);
  v_new := array(
    select id
    from postrider.recipient
    where organization_id = v_organization_id
      and id = any (v_people)
      and erased_at is null);
  perform postrider.stop_people(v_organization_id, v_people, 'skipped', 'erased', null);
  update postrider.recipient_state
  set detail = null,
    cancel_requested_at = case
      when state = 'error' and reason = 'outcome_unknown' then coalesce(cancel_requested_at, v_now)
      else cancel_requested_at
    end
  where organization_id = v_organization_id
    and recipient_id = any (v_people);
  perform postrider.erase_personal_data(v_organization_id, v_people, v_now);
  perform postrider.note_intervention(v_organization_id, 'erase', null, p_people => v_new);
end $$;

-- Suppresses people by the digests of their external ids and all their e-mails, for ever and
-- without the values. People who are erased already have none any more.
create function postrider.suppress_erased(
  p_organization_id uuid,
  p_people uuid[]
) returns void language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
begin
  insert into postrider.suppression (
    organization_id, id, kind, digest, value, reason, source, added_by, created_at)
  select
    p_organization_id, postrider.new_id(), k.kind,
    postrider.digest_of(p_organization_id, k.kind, k.value), null, 'erasure', 'erase',
    session_user, v_now
  from (
    select 'external_id' as kind, external_id as value
    from postrider.recipient
    where organization_id = p_organization_id
      and id = any (p_people)
      and erased_at is null
    union
    select 'email', email_key
    from postrider.recipient
    where organization_id = p_organization_id
      and id = any (p_people)
      and erased_at is null
      and email_key is not null
    union
    select 'email', email_key
    from postrider.recipient_other_email
    where organization_id = p_organization_id
      and recipient_id = any (p_people)
  ) k
  on conflict on constraint suppression_key do update
  set value = null,
    reason = 'erasure',
    expires_at = null;
end $$;

-- Blanks everything that a name or an address of erased people may stand in. What happened, when,
-- and the printers' ids stay.
create function postrider.erase_personal_data(
  p_organization_id uuid,
  p_people uuid[],
  p_now timestamptz
) returns void language plpgsql as $$
begin
  delete from postrider.address_cache
  where organization_id = p_organization_id
    and email_key in (
      select email_key
      from postrider.recipient
      where organization_id = p_organization_id
        and id = any (p_people)
      union
      select email_key
      from postrider.recipient_other_email
      where organization_id = p_organization_id
        and recipient_id = any (p_people));
  delete from postrider.recipient_other_email
  where organization_id = p_organization_id
    and recipient_id = any (p_people);
  delete from postrider.sync_reject
  where organization_id = p_organization_id
    and external_id in (
      select external_id
      from postrider.recipient
      where organization_id = p_organization_id
        and id = any (p_people));
  delete from postrider.sync_note
  where organization_id = p_organization_id
    and external_id in (
      select external_id
      from postrider.recipient
      where organization_id = p_organization_id
        and id = any (p_people));
  -- The digest still tells that mail came back from the address.
  update postrider.suppression
  set value = null,
    address = null
  where organization_id = p_organization_id
    and kind = 'household'
    and digest in (
      select postrider.digest_of(p_organization_id, 'household', household_key)
      from postrider.recipient
      where organization_id = p_organization_id
        and id = any (p_people)
        and household_key is not null);
  update postrider.recipient
  set external_id = 'erased:' || id,
    email = null,
    other_emails = null,
    first_name = null,
    last_name = null,
    line1 = null,
    line2 = null,
    city = null,
    region = null,
    postal_code = null,
    country = null,
    merge = '{}',
    email_key = null,
    household_key = null,
    lot_key = null,
    amended = null,
    do_not_mail = null,
    source_row = null,
    erased_at = coalesce(erased_at, p_now)
  where organization_id = p_organization_id
    and id = any (p_people);
  update postrider.recipient_event
  set detail = null
  where organization_id = p_organization_id
    and recipient_id = any (p_people)
    and detail is not null;
  update postrider.intervention
  set why = null
  where organization_id = p_organization_id
    and recipient_id = any (p_people)
    and why is not null;
  update postrider.mailpiece
  set request = jsonb_build_object(
      'format', request -> 'format',
      'mailClass', request -> 'mailClass'),
    outcome_detail = null,
    erased_at = coalesce(erased_at, p_now)
  where organization_id = p_organization_id
    and recipient_id = any (p_people);
  perform postrider.erase_calls(p_organization_id, p_people, p_now);
  delete from postrider.mailpiece_link
  where organization_id = p_organization_id
    and mailpiece_id in (
      select m.id
      from postrider.mailpiece m
      where m.organization_id = p_organization_id
        and m.recipient_id = any (p_people));
  -- An adapter may have named anybody in it; the next failure says it again.
  update postrider.work_failure
  set error = 'blanked by an erasure',
    hint = null
  where organization_id = p_organization_id;
  update postrider.effect_failure
  set error = 'blanked by an erasure'
  where organization_id = p_organization_id;
  update postrider.provider_event w
  set body = ''
  where w.organization_id = p_organization_id
    and w.error is null
    and not exists (
      select from postrider.waiting_webhook x
      where x.organization_id = w.organization_id and x.id = w.id)
    and w.id in (
      select e.inbox_id
      from postrider.mailpiece_event e
      join postrider.mailpiece m
        on m.organization_id = e.organization_id
        and m.id = e.mailpiece_id
      where m.organization_id = p_organization_id
        and m.recipient_id = any (p_people));
end $$;
