/**
 * Every key starts with the organization, so that least privilege stays cheap; and no function
 * looks a name up where its caller says.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedMachine } from '../rig.ts';

const rig = sharedMachine();

void test('the search_path of every function is pinned, by its body or by a setting', async () => {
  const loose = await rig.sql`
    select p.oid::regprocedure::text as name
    from pg_proc p
    where pronamespace = 'postrider'::regnamespace
      and p.prosqlbody is null
      and not exists (
        select from unnest(p.proconfig) c where c = 'search_path=postrider, pg_temp'
      )`;
  assert.deepEqual(
    loose.map((row) => row['name']),
    [],
  );
});

void test('every key and unique index of what belongs to an organization starts with it, and so does every reference', async () => {
  const wrong = await rig.sql<{ name: string }[]>`
    select x.relname as name
    from pg_index i
    join pg_class x on x.oid = i.indexrelid
    join pg_class t on t.oid = i.indrelid
    join pg_attribute a on a.attrelid = t.oid and a.attname = 'organization_id'
    where t.relnamespace = 'postrider'::regnamespace and i.indisunique and i.indkey[0] <> a.attnum
    union all
    select k.conname
    from pg_constraint k
    join pg_attribute a on a.attrelid = k.conrelid and a.attname = 'organization_id'
    where k.connamespace = 'postrider'::regnamespace
      and k.contype = 'f'
      and k.conkey[1] <> a.attnum
      and exists (
        select from pg_attribute f where f.attrelid = k.confrelid and f.attname = 'organization_id'
      )
    order by 1`;
  assert.deepEqual(
    wrong.map((row) => row.name),
    [],
  );
});

void test('every column of a function that takes an organization takes it first', async () => {
  const wrong = await rig.sql<{ name: string }[]>`
    select proname as name
    from pg_proc
    where pronamespace = 'postrider'::regnamespace
      and 'p_organization_id' = any (proargnames)
      and proargnames[1] <> 'p_organization_id'
    order by 1`;
  assert.deepEqual(
    wrong.map((row) => row.name),
    // The look-ups for people search across organizations, and may be narrowed to one.
    ['find_recipients', 'lock_key', 'rejects_of', 'suppressed', 'trace', 'why', 'why_unknown'],
  );
});
