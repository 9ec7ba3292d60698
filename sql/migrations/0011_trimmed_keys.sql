-- Ids and e-mails are trimmed of what nobody sees when they come, and were not always: whoever was kept with something around their id would be somebody
-- else after the upgrade, the double of themselves, and an entry of a do-not-mail list that was kept so would match nobody. Written as it was read by
-- postrider.trimmed(), since functions are made anew only after this. Reads everybody once, and writes only where something differs.
--
-- What is left: of people who were erased only a digest is known, which cannot be made anew. Looking for the digest of the id as it came would help little:
-- sources and core trim white space before SQL sees it. Who was erased under such an id is known by their e-mail, or has to be suppressed by the id once more.
do $$
declare
  c_unseen constant text := E'\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\f\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f \x7f'
    '\u0080\u0081\u0082\u0083\u0084\u0085\u0086\u0087\u0088\u0089\u008a\u008b\u008c\u008d\u008e\u008f\u0090\u0091\u0092\u0093\u0094\u0095\u0096\u0097\u0098\u0099'
    '\u009a\u009b\u009c\u009d\u009e\u009f\u00a0\u00ad\u1680\u180e\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u200c\u200d\u200e\u200f'
    '\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u202f\u205f\u2060\u3000\ufeff';
begin
  -- The planner takes what trimming leaves for little, and compares each with each: minutes for 100,000 people, all with something around their id, which
  -- by hash are 8 s. With nothing around any it is 0.2 s.
  perform set_config('enable_nestloop', 'off', true), set_config('enable_mergejoin', 'off', true);
  -- Of several who become one in a campaign, the one who is furthest has the id: who has come or goes to the printer before who waits, before who was
  -- skipped. Whoever had it makes room.
  with untrimmed as materialized (
    select distinct organization_id, campaign_id, btrim(external_id, c_unseen) as trimmed from postrider.recipient
    where external_id <> btrim(external_id, c_unseen) and btrim(external_id, c_unseen) <> ''
  ), one as materialized (
    select r.organization_id, r.id, r.external_id, u.trimmed, row_number() over (
      partition by r.organization_id, r.campaign_id, u.trimmed
      order by s.state = 'skipped', s.state in ('address_enrichable', 'pending'), r.external_id <> u.trimmed, r.id) as place
    from untrimmed u
    join postrider.recipient r on r.organization_id = u.organization_id and r.campaign_id = u.campaign_id
      and btrim(r.external_id, c_unseen) = u.trimmed
    join postrider.recipient_state s on s.organization_id = r.organization_id and s.recipient_id = r.id
  ), made_room as (
    update postrider.recipient r set external_id = r.external_id || ' ' || r.id
    from one where r.organization_id = one.organization_id and r.id = one.id and one.place > 1 and one.external_id = one.trimmed
    returning r.id
  )
  update postrider.recipient r set external_id = one.trimmed
  -- Counted, so that all have made room before the first takes it.
  from one cross join (select count(*) as people from made_room) as before
  where r.organization_id = one.organization_id and r.id = one.id and one.place = 1 and one.external_id <> one.trimmed and before.people >= 0;

  update postrider.recipient set email_key = nullif(btrim(email_key, c_unseen), '') where email_key <> btrim(email_key, c_unseen);
  -- Erasing somebody looks for them here by their id.
  update postrider.sync_reject set external_id = btrim(external_id, c_unseen) where external_id <> btrim(external_id, c_unseen);

  -- The longest of several that become one stands, as in suppress().
  with gone as (
    delete from postrider.suppression x using postrider.organization_key k
    where k.organization_id = x.organization_id and x.kind in ('external_id', 'email')
      and x.value <> btrim(x.value, c_unseen) and btrim(x.value, c_unseen) <> ''
    returning x.*, btrim(x.value, c_unseen) as trimmed, k.secret
  )
  insert into postrider.suppression (organization_id, id, campaign_id, kind, digest, value, reason, source, added_by, created_at, expires_at)
  select distinct on (organization_id, campaign_id, kind, trimmed) organization_id, id, campaign_id, kind,
    sha256(convert_to(secret::text || ':' || kind || ':' || trimmed, 'UTF8')), trimmed, reason, source, added_by, created_at, expires_at
  from gone order by organization_id, campaign_id, kind, trimmed, expires_at desc nulls first
  on conflict on constraint suppression_key do update
    set expires_at = case when suppression.expires_at is null or excluded.expires_at is null then null
      else greatest(suppression.expires_at, excluded.expires_at) end;

  with gone as (
    delete from postrider.address_cache
    where email_key <> btrim(email_key, c_unseen) and btrim(email_key, c_unseen) <> ''
    returning organization_id, enricher, btrim(email_key, c_unseen) as trimmed, address, learned_at, expires_at
  )
  insert into postrider.address_cache (organization_id, enricher, email_key, address, learned_at, expires_at)
  select distinct on (organization_id, enricher, trimmed) * from gone order by organization_id, enricher, trimmed, learned_at desc
  on conflict do nothing;
  perform set_config('enable_nestloop', 'on', true), set_config('enable_mergejoin', 'on', true);
end $$;
