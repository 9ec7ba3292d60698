/**
 * Lists as people bring them, from the file to the machine: whose address can be mailed, and why
 * not.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCsvAudience } from '../../../packages/adapters/src/csv/audience.ts';
import { longestLine } from '../../../packages/adapters/src/typst/formats.ts';
import { wiringAt } from '../../../packages/adapters/test/helpers.ts';
import { readAll } from '../../../packages/adapters/test/read.ts';
import { applySyncPage, closeSync } from '../../../packages/core/src/machine/sync.ts';
import { pageAnswer } from '../../../packages/core/src/stages/sync/audience-answers.ts';
import { place, runOpened, sharedMachine } from '../rig.ts';

const rig = sharedMachine();
const cases = join(import.meta.dirname, '../../cases/lists');

/** By id: where the person is and where the card goes, or what was told. */
async function told(file: string, longest: number | null = null): Promise<Record<string, string>> {
  const { sql } = rig;
  const at = await place(sql, { longest_address_line: longest });
  const read = await readAll(createCsvAudience({ path: file }, wiringAt(cases)));
  const page = pageAnswer({ ...read, waitedMs: 0 });
  const run = await runOpened(sql, at);
  await applySyncPage(sql, run, { members: page.members, rejects: page.rejects, waitedMs: 0 });
  await closeSync(sql, run, { complete: true, error: null });
  const rows = await sql<{ id: string; told: string }[]>`
    select
      r.external_id as id,
      case s.state
        when 'pending' then concat_ws(' ', r.region, nullif(r.postal_code, ''), r.country)
        else format(
          '%s (%s) %s', s.state, s.reason,
          regexp_replace(s.detail, '^(of recipient) .*', '\\1'))
      end as told
    from postrider.recipient r
    join postrider.recipient_state s
      on s.organization_id = r.organization_id and s.recipient_id = r.id
    where r.organization_id = ${at.organizationId}
    union all
    select j.external_id, 'rejected: ' || j.source_column || ' ' || j.reason
    from postrider.sync_reject j
    where j.organization_id = ${at.organizationId}`;
  return Object.fromEntries(rows.map((row) => [row.id, row.told]));
}

void test('c07-zip.csv: states and ZIPs that do not fit are told, and a usual abbreviation is its state', async () => {
  const c07 = await told('c07-zip.csv');
  assert.deepEqual(
    ['6', '8', '9', '11', '12', '13', '14'].map((id) => c07[id]),
    [
      'MA 02143 US',
      'MA 02145-1234 US',
      'MA 02145-1234 US',
      'MA 02138 US',
      'skipped (bad_address) postal_code: 99999 is not in Massachusetts',
      'skipped (bad_address) region: ZZ is no state of US',
      'skipped (bad_address) postal_code: 02138 is not in Texas',
    ],
  );
});

void test('d02-lines.csv: territories are US addresses, and two letters that are no country are refused', async () => {
  const d02 = await told('d02-lines.csv', longestLine('4x6', []));
  assert.equal(Object.keys(d02).length, 26);
  assert.deepEqual(
    ['1', '2', '3'].map((id) => d02[id]),
    ['line1: 107', 'line2: 94', 'city: 58'].map(
      (line) =>
        `skipped (bad_address) ${line} letters, and a card of this format prints 57 in a line`,
    ),
  );
  assert.deepEqual(Object.fromEntries(Object.entries(d02).filter(([id]) => Number(id) > 3)), {
    4: 'AE 09499-0074 US',
    5: 'AE 09114 US',
    6: 'PR 00926 US',
    7: 'PR 00926 US',
    8: 'skipped (duplicate) of recipient',
    9: 'NE 68066 US',
    10: 'NV 89301 US',
    11: 'QC H3Z 2Y7 CA',
    12: 'ON M5V 2T6 CA',
    13: 'Greater London SW1A 1AA GB',
    14: '75001 FR',
    15: 'skipped (duplicate) of recipient',
    16: 'rejected: country bad_country',
    17: 'rejected: country bad_country',
    18: '10005 NA',
    19: '1010 NZ',
    20: 'Northern Ireland BT1 5GS GB',
    21: '100-0001 JP',
    22: 'Co. Dublin D02 X285 IE',
    23: 'HK',
    24: 'AS 96799 US',
    25: 'BFPO 12 GB',
    26: 'GU 96910 US',
  });
});

void test('d03-hk.csv: Hong Kong and the Emirates need no postal code, and TX is no country', async () => {
  assert.deepEqual(await told('d03-hk.csv'), {
    1: 'HK',
    2: 'AE',
    3: 'rejected: country bad_country',
  });
});

void test('a02-klaviyo.csv: the full name of a state is the state', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const read = await readAll(
    createCsvAudience(
      {
        path: 'a02-klaviyo.csv',
        columns: { externalId: 'Klaviyo ID', line2: 'Address 2', region: 'State / Region' },
      },
      wiringAt(cases),
    ),
  );
  const run = await runOpened(sql, at);
  const page = pageAnswer({ ...read, waitedMs: 0 });
  await applySyncPage(sql, run, { members: page.members, rejects: page.rejects, waitedMs: 0 });
  const [row] = await sql`
    select r.line1, r.line2, r.region, r.postal_code, r.country, s.state
    from postrider.recipient r
    join postrider.recipient_state s
      on s.organization_id = r.organization_id and s.recipient_id = r.id
    where r.organization_id = ${at.organizationId}`;
  assert.deepEqual(
    { ...row },
    {
      line1: '12 Elm Street',
      line2: 'Apt 4',
      region: 'MA',
      postal_code: '02138',
      country: 'US',
      state: 'pending',
    },
  );
});

void test('b01-pobox.csv: two spellings of an address are one household', async () => {
  assert.deepEqual(await told('b01-pobox.csv'), {
    1: 'MA 02138 US',
    2: 'skipped (duplicate) of recipient',
    3: 'DC 20500 US',
    4: 'skipped (duplicate) of recipient',
    5: 'MA 02138 US',
    6: 'skipped (duplicate) of recipient',
  });
});

void test('b02-gbflats.csv: the flats of a house are households of their own', async () => {
  const flats = await told('b02-gbflats.csv');
  assert.deepEqual(
    Object.values(flats),
    Array.from({ length: 4 }, () => 'SW1A 1AA GB'),
  );
});

void test('b03-nonlatin.csv: streets in any script are told apart', async () => {
  assert.deepEqual(await told('b03-nonlatin.csv'), {
    1: '101000 RU',
    2: '101000 RU',
    3: '105 63 GR',
    4: '105 63 GR',
    5: '104-0061 JP',
    6: '104-0061 JP',
  });
});
