/**
 * What a schema is, as sorted lines of text: tables, columns, constraints, indexes, functions,
 * views, triggers, policies, rights, and the machine's own data. Two databases are the same where
 * these are.
 */
import type postgres from 'postgres';

function ACL(acl: string, kind: string, owner: string): string {
  return `(
  select string_agg(
    coalesce(nullif(a.grantee, 0)::regrole::text, 'public') || '=' || a.privilege_type, ','
    order by 1
  )
  from aclexplode(coalesce(${acl}, acldefault('${kind}', ${owner}))) a)`;
}

// pg-boss makes a partition of its statistics a day: one of two databases may be of yesterday.
const CATALOG = `
  with t as (
    select c.*, c.oid as id
    from pg_class c
    where c.relnamespace = $1::regnamespace
      and c.relname !~ '^queue_stats_[0-9]{8}'
  )
  select line
  from (
    select format(
      'table %s %s options=%s rls=%s/%s partition=%s key=%s rights=%s', relkind, relname,
      reloptions, relrowsecurity, relforcerowsecurity, pg_get_expr(relpartbound, id),
      pg_get_partkeydef(id), ${ACL('relacl', 'r', 'relowner')}
    ) as line
    from t
    where relkind in ('r', 'p', 'v', 'm', 'S')
    union all
    select format(
      'column %s.%s %s %s %s default %s', relname,
      row_number() over (partition by id order by attnum), attname,
      format_type(atttypid, atttypmod), case when attnotnull then 'not null' end,
      pg_get_expr(d.adbin, d.adrelid)
    )
    from t
    join pg_attribute a on a.attrelid = id and attnum > 0 and not attisdropped
    left join pg_attrdef d on d.adrelid = id and d.adnum = attnum
    where relkind in ('r', 'p', 'v', 'm')
    union all
    select format('constraint %s.%s %s', relname, conname, pg_get_constraintdef(k.oid))
    from t
    join pg_constraint k on k.conrelid = id
    union all
    select format('index %s', pg_get_indexdef(id))
    from t
    where relkind in ('i', 'I')
    union all
    select format('view %s %s', relname, pg_get_viewdef(id))
    from t
    where relkind in ('v', 'm')
    union all
    select format('trigger %s', pg_get_triggerdef(g.oid))
    from t
    join pg_trigger g on g.tgrelid = id
    where not tgisinternal
    union all
    select format(
      'policy %s.%s %s %s using %s check %s', relname, polname, polcmd, polroles::regrole[],
      pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
    )
    from t
    join pg_policy on polrelid = id
    union all
    select format(
      'function %s rights=%s', pg_get_functiondef(oid), ${ACL('proacl', 'f', 'proowner')}
    )
    from pg_proc
    where pronamespace = $1::regnamespace and prokind in ('f', 'p')
    union all
    select format(
      'type %s %s', typname,
      array(select enumlabel from pg_enum where enumtypid = y.oid order by enumsortorder)
    )
    from pg_type y
    where typnamespace = $1::regnamespace and typtype in ('e', 'd')
    union all
    select format('schema rights=%s', ${ACL('nspacl', 'n', 'nspowner')})
    from pg_namespace
    where oid = $1::regnamespace
  ) lines
  order by line collate "C"`;

const DATA = `
  select 'state ' || s::text as line
  from postrider.state s
  union all
  select 'transition ' || t::text
  from postrider.transition t
  union all
  select 'reason ' || r::text
  from postrider.reason r
  union all
  select 'status ' || m::text
  from postrider.mailpiece_status m
  union all
  select 'migration ' || name || ' ' || checksum
  from postrider.migration
  order by 1`;

export async function catalog(
  sql: postgres.Sql,
  schema: 'postrider' | 'postrider_queue' = 'postrider',
): Promise<string[]> {
  const lines = await sql.unsafe<{ line: string }[]>(CATALOG, [schema]);
  const data = schema === 'postrider' ? await sql.unsafe<{ line: string }[]>(DATA) : [];
  return [...lines, ...data].map((row) => row.line);
}
