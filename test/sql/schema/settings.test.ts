/**
 * How functions run is said in one place: sql/functions/99_settings.sql names every function of the
 * catalog once, and nothing else sets anything.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sqlFiles } from '../../../packages/core/src/machine/sql-files.ts';
import { freshMachine } from '../../support/machine.ts';

const settings = 'functions/99_settings.sql';

/** The names in the arrays of the profiles. */
function listed(): string[] {
  const text = sqlFiles().repeatables.find((file) => file.name === settings)?.text ?? '';
  return [...text.matchAll(/'\{([a-z0-9_,\s]+)\}'::text\[\]/g)].flatMap(([, names = '']) =>
    names.split(',').map((name) => name.trim()),
  );
}

void test('every function of the catalog stands in one profile', async () => {
  await using machine = await freshMachine();
  const rows = await machine.sql<{ name: string }[]>`
    select distinct proname as name from pg_proc where pronamespace = 'postrider'::regnamespace`;
  assert.deepEqual(listed().toSorted(), rows.map((row) => row.name).toSorted());
});

void test('a function written in plpgsql finds its names in our schema alone', async () => {
  await using machine = await freshMachine();
  const rows = await machine.sql<{ name: string }[]>`
    select p.oid::regprocedure::text as name
    from pg_proc p join pg_language l on l.oid = p.prolang
    where p.pronamespace = 'postrider'::regnamespace
      -- A body that is parsed when it is made has its names fixed.
      and p.prosqlbody is null
      and not 'search_path=postrider, pg_temp' = any (coalesce(p.proconfig, '{}'))
      and p.proname <> 'new_id'`;
  assert.deepEqual([...rows], []);
});

void test('no other file says how a function runs', () => {
  const others = sqlFiles().repeatables.filter((file) => file.name !== settings);
  const header = /create function [\s\S]*?(?=\bas \$|\breturn\s|\bbegin atomic)/g;
  const saying = others.filter((file) =>
    [...file.text.matchAll(header)].some(([text]) => /\sset\s+\w+\s*(=|to)\s/.test(text)),
  );
  assert.deepEqual(
    saying.map((file) => file.name),
    [],
  );
});
