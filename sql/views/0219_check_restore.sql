-- The check of doctor() that tells whether cards may be unknown to this database.
create function postrider.check_restore()
returns table (check_name text, verdict text, message text, what_helps text)
language sql stable security definer set search_path = postrider, pg_temp
as $$
  select 'restore', case when w.why is not null then 'bad' when h.timeline is null then 'warn' else 'ok' end,
    case when w.why is not null then w.why || ': cards that were begun last may be unknown here'
      when h.timeline is null then 'this server does not tell its timeline: a failover is noticed '
        'by what runners remember only'
      else 'not restored' end,
    case when w.why is not null then 'the printers are held until then: postrider reconcile '
        '--since <time of the backup or failover>, then release them'
      when h.timeline is null then 'hold the printers after a failover: postrider hold printer' end
  from postrider.server_identity() h
  left join postrider.installation i on true
  cross join lateral (
    select case when i.restore_noticed_at is not null then i.restore_why
      else (postrider.restore_signs(null, h.system_identifier, h.timeline)).why end as why) w
$$;
