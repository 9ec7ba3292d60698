-- Accounts at providers: what each is for, who uses it, what its provider said, and where its
-- secrets are.
create view postrider.connections with (security_invoker = true) as
select c.organization_id, o.name as organization, c.id, c.name, c.provider, c.mode, c.options,
  c.held_at, c.held_why, c.checked_at, c.finding, c.endpoint_id, c.created_at,
  array(
    select p.name
    from postrider.printer p
    where p.organization_id = c.organization_id
      and p.connection_id = c.id
    order by p.name) as printers,
  array(
    select k.name
    from postrider.campaign k
    where k.organization_id = c.organization_id
      and k.status in ('pending', 'active', 'paused')
      and exists (
        select from postrider.connections_named(k.integrations) n
        where n.connection_id = c.id::text)
    order by k.name) as campaigns,
  (
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'purpose', s.purpose,
          'kept', coalesce(s.reference, 'sealed'),
          'keyId', s.key_id,
          'addedAt', to_char(
            s.added_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
          'retiresAt', to_char(
            s.retires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
        order by s.purpose, s.added_at desc, s.id desc),
      '[]')
    from postrider.connection_secret s
    where s.organization_id = c.organization_id
      and s.connection_id = c.id
      and (s.retires_at is null or s.retires_at > postrider.now())) as secrets
from postrider.connection c
join postrider.organization o
  on o.id = c.organization_id;
