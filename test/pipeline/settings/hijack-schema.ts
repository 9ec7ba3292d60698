/**
 * Functions and operators of a schema `hijack` that look like the server's own, and tables that
 * look like ours: a session that meets one fails.
 */
export const PLANT = `
create schema hijack;
grant usage on schema hijack to public;
create table hijack.campaign ();
create table hijack.recipient_state ();
create view hijack.pg_class as select 1 / 0 as hijacked;
do $plant$
declare
  v record;
  v_plain oid[] := array(
    select format('pg_catalog.%s', t)::regtype
    from unnest('{text,name,int4,int8,bool,uuid,timestamptz,timestamp,interval,json,jsonb,bytea,'
      'float8,numeric,date,regclass}'::text[]) t);
begin
  for v in
    select p.oid, p.proname as name, pg_get_function_identity_arguments(p.oid) as arguments,
      format_type(p.prorettype, null) as result
    from pg_proc p
    where p.pronamespace = 'pg_catalog'::regnamespace and p.prokind = 'f' and not p.proretset
      and p.prorettype = any (v_plain) and p.proargtypes::oid[] <@ v_plain
      and p.proname ~ '^(now|clock_timestamp|statement_timestamp|current_setting|set_config|'
        'encode|sha256|convert_to|left|replace|translate|upper|lower|btrim|rtrim|hashtextextended|'
        'pg_notify|gen_random_uuid|date_trunc|to_char|split_part|length|strpos|substr|'
        'regexp_replace|normalize|random|round|abs|to_regclass|to_regnamespace|'
        'has_database_privilege|has_schema_privilege|timezone|make_interval|octet_length|'
        'pg_advisory_xact_lock|current_database)$'
    union all
    -- More exact than the server's own, which takes anything.
    select null, f.name, f.arguments, f.result
    from (values
      ('format', 'text, text', 'text'),
      ('format', 'text, uuid', 'text'),
      ('format', 'text, bigint', 'text'),
      ('to_json', 'timestamptz', 'json'),
      ('concat', 'text, text', 'text'),
      ('jsonb_build_object', 'text, text', 'jsonb')) f (name, arguments, result)
  loop
    execute format('create function hijack.%I(%s) returns %s language plpgsql as $f$ '
      'begin raise exception ''hijacked by %s''; end $f$',
      v.name, v.arguments, v.result, v.name);
  end loop;
  for v in
    select o.oprname as name, format_type(o.oprleft, null) as l,
      format_type(o.oprright, null) as r, format_type(o.oprresult, null) as result, o.oid
    from pg_operator o
    where o.oprnamespace = 'pg_catalog'::regnamespace and o.oprleft = any (v_plain)
      and o.oprright = any (v_plain) and o.oprresult = any (v_plain)
      and o.oprname in ('=', '<>', '<', '>', '<=', '>=', '+', '-', '||', '->', '->>', '#>>')
  loop
    execute format('create function hijack.op_%s(%s, %s) returns %s language plpgsql as $f$ '
      'begin raise exception ''hijacked by %s''; end $f$',
      v.oid, v.l, v.r, v.result, v.name);
    execute format(
      'create operator hijack.%s (leftarg = %s, rightarg = %s, function = hijack.op_%s)',
      v.name, v.l, v.r, v.oid);
  end loop;
end $plant$;`;
