/**
 * What only the machine calls is named so that it is refused to runners: a name that no function
 * has refuses nothing.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { freshMachine } from '../../support/machine.ts';

void test('every name in the lists of roles is that of a function', async () => {
  const text = readFileSync(new URL('../../../sql/privileges.sql', import.meta.url), 'utf8');
  await using machine = await freshMachine();
  const unknown: string[] = [];
  for (const [, list] of text.matchAll(/constant text\[\] := '(\{[^']*\})'/g)) {
    const rows = await machine.sql<{ name: string }[]>`
      select n as name
      from unnest(${list ?? ''}::text::text[]) as n
      where not exists (
        select from pg_proc p where p.pronamespace = 'postrider'::regnamespace and p.proname = n
      )`;
    unknown.push(...rows.map(({ name }) => name));
  }
  assert.deepEqual(unknown, []);
});
