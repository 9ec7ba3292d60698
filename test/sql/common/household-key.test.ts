/**
 * The household key and the holdout bucket, against the auditor's own, which share no code with
 * these.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type postgres from 'postgres';
import { byColumn, readTable } from '../../audit/csv.ts';
import {
  holdoutBucket,
  householdKey,
  normalizeLine,
  type WrittenAddress,
} from '../../audit/household-key.ts';
import { anotherPart, madeOfParts, picker, spelled } from './made-address.ts';
import { sharedMachine } from '../rig.ts';
import { isLong } from '../../support/long.ts';

const rig = sharedMachine();

function at(line1: string, line2 = '', postalCode = '94607', country = 'US'): WrittenAddress {
  return {
    line1,
    line2,
    city: '',
    region: '',
    postalCode,
    country,
  };
}

/** The machine's keys of many addresses, in one statement. */
async function keysOf(
  sql: postgres.Sql,
  addresses: readonly WrittenAddress[],
): Promise<(string | null)[]> {
  return (
    await sql<{ key: string | null }[]>`
      select postrider.household_key(a.line1, a.line2, a."postalCode", a.country) as key
      from jsonb_array_elements(
        ${JSON.stringify(addresses)}::text::jsonb
      ) with ordinality as x (value, n),
        jsonb_to_record(x.value) as a (line1 text, line2 text, "postalCode" text, country text)
      order by x.n`
  ).map((row) => row.key);
}

function bakery(): WrittenAddress[] {
  const text = readFileSync(
    join(import.meta.dirname, '../../../examples/bakery/customers.csv'),
    'utf8',
  ).replaceAll('\0', '');
  const table = readTable(text, ['address1', 'address2', 'zip', 'country'], 'customers.csv');
  return table.records.map((record) => {
    const row = byColumn(table, record);
    return at(
      row['address1'] ?? '',
      row['address2'] ?? '',
      row['zip'] ?? '',
      row['country'] || 'US',
    );
  });
}

void test('every row of the bakery has the key and the bucket that the auditor works out', async () => {
  const addresses = bakery().filter(
    (address) => address.line1 !== '' && /^\s*\d{3,5}(-\d{4})?\s*$/.test(address.postalCode),
  );
  assert.ok(addresses.length > 3000, `${addresses.length} rows`);
  const keys = await keysOf(rig.sql, addresses);
  const wrong = addresses.flatMap((address, i) =>
    keys[i] === householdKey(address)
      ? []
      : [[address.line1, address.line2, keys[i], householdKey(address)]],
  );
  assert.deepEqual(wrong, []);
  const buckets = await rig.sql<{ bucket: number }[]>`
    select postrider.holdout_bucket('salt', k) as bucket
    from unnest(${keys as string[]}::text[]) with ordinality as x (k, n)
    order by n`;
  assert.deepEqual(
    buckets.map((row) => row.bucket),
    keys.map((key) => holdoutBucket('salt', key ?? '')),
  );
});

/** The lists of `test/cases`: households, each in all the spellings that are one. */
function cases(file: string): { household: string; address: WrittenAddress }[] {
  const text = readFileSync(join(import.meta.dirname, '../../cases', file), 'utf8');
  const table = readTable(text, ['household', 'line1', 'line2', 'postal_code', 'country'], file);
  return table.records.map((record) => {
    const row = byColumn(table, record);
    return {
      household: row['household'] ?? '',
      address: at(
        row['line1'] ?? '',
        row['line2'] ?? '',
        row['postal_code'] ?? '',
        row['country'] ?? '',
      ),
    };
  });
}

for (const file of ['households.csv', 'spellings.csv'])
  void test(`every pair of ${file} is one household, or two`, async () => {
    const rows = cases(file);
    assert.ok(rows.length >= 80);
    const keys = await keysOf(
      rig.sql,
      rows.map(({ address }) => address),
    );
    const wrong = [];
    for (const [i, one] of rows.entries())
      for (const [j, other] of rows.entries())
        if (i < j && (one.household === other.household) !== (keys[i] === keys[j]))
          wrong.push([one.address.line1, other.address.line1, keys[i], keys[j]]);
    assert.deepEqual(wrong, []);
  });

void test('however an address is spelt it has one key, and with another part it has another', async () => {
  const rounds = isLong ? 100 : 1;
  for (let round = 0; round < rounds; round++) {
    const made = Array.from({ length: 1000 }, (_, i) => {
      const seed = Date.now() + round * 1000 + i;
      const pick = picker(seed);
      const parts = madeOfParts(pick);
      return {
        seed,
        written: spelled(parts, pick),
        again: spelled(parts, pick),
        other: spelled(anotherPart(parts, pick), pick),
      };
    });
    const keys = await keysOf(
      rig.sql,
      made.flatMap(({ written, again, other }) => [written, again, other]),
    );
    const wrong = made.flatMap(({ seed, written, again, other }, i) => {
      const [key, same, apart] = keys.slice(i * 3);
      if (key !== same) return [[seed, 'two keys', written, again, key, same]];
      if (key === apart) return [[seed, 'one key', written, other, key]];
      const audited = householdKey(written);
      return key === audited ? [] : [[seed, 'the auditor differs', written, key, audited]];
    });
    assert.deepEqual(wrong.slice(0, 5), []);
  }
});

void test('spelling does not split a household, and the unit does', async () => {
  const { sql } = rig;
  const same = [
    at('12 Elm Street, Apt 4'),
    at('12 ELM ST #4'),
    at('12 elm st.', 'Apartment 4'),
    at('12 Elm Street', 'Unit No. 4'),
    at('12  Élm   Street', '# 4', '94607-0001'),
  ];
  assert.equal(new Set(await keysOf(sql, same)).size, 1);
  const apart = [
    at('12 Elm St'),
    at('12 Elm St', 'Apt 4'),
    at('12 Elm St', 'Apt 5'),
    at('12 Elm Ave'),
    at('12 Elm St', '', '94608'),
    at('12 N Elm St'),
  ];
  assert.equal(new Set(await keysOf(sql, apart)).size, apart.length);
});

void test('in Britain the numbers of an address make it, in whatever order they are written', async () => {
  const { sql } = rig;
  const gb = (line1: string, line2 = '', postalCode = 'SW1A 1AA') =>
    at(line1, line2, postalCode, 'GB');
  const same = [
    gb('Flat 2, 10 Elm Road'),
    gb('10 Elm Road', 'Flat 2'),
    gb('10 ELM RD FLAT 2', '', 'sw1a1aa'),
    gb('2/10 Elm Rd'),
  ];
  assert.equal(new Set(await keysOf(sql, same)).size, 1);
  const apart = [
    gb('10 Elm Road'),
    gb('10 Elm Road', 'Flat 2'),
    gb('10A Elm Road'),
    gb('10 Elm Road', '', 'SW1A 1AB'),
    gb('Rose Cottage'),
    gb('Ivy Cottage'),
  ];
  assert.equal(new Set(await keysOf(sql, apart)).size, apart.length);
});

void test('an address that is not whole has no key', async () => {
  const { sql } = rig;
  const [row] = await sql`
    select postrider.household_key(null, null, '94607', 'US') as a,
      postrider.household_key('1 Elm St', null, null, 'US') as b,
      postrider.household_key('1 Elm St', null, '94607', null) as c,
      postrider.household_key('1 Elm St', null, '94607', 'US') as d`;
  assert.deepEqual({ ...row }, { a: null, b: null, c: null, d: '2|US|94607|1|ELM|ST||||' });
});

void test('an address without letters and digits has no key, in any country', async () => {
  const none = ['-', '---', '.', '#', ' , ', '/', '…', '—', '★ ★', '🏠', '', '\u200b'];
  const places = ['US', 'CA', 'GB', 'FR', 'DE'].flatMap((country) =>
    none.map((line) => at(line, '', '94607', country)),
  );
  assert.deepEqual(new Set(await keysOf(rig.sql, places)), new Set([null]));
  const some = [at('-', 'Apt 4'), at('4'), at('Ж', '', '94607', 'FR'), at('京', '', '94607', 'JP')];
  assert.ok((await keysOf(rig.sql, some)).every((key) => key !== null));
});

void test('a postal code in figures of any script is the same code', async () => {
  for (const [country, plain, written] of [
    ['JP', '104-0061', '１０４－００６１'],
    ['EG', '11511', '١١٥١١'],
    ['US', '94607', '９４６０７'],
    ['CA', 'M5V 2T6', 'Ｍ５Ｖ\u00a0２Ｔ６'],
  ] as const) {
    const keys = await keysOf(rig.sql, [
      at('7 Elm St', '', plain, country),
      at('7 Elm St', '', written, country),
    ]);
    assert.equal(keys[1], keys[0], written);
  }
});

void test('folding twice is folding once, and leaves nothing but letters, digits, slashes and number signs', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
        { minLength: 1, maxLength: 50 },
      ),
      async (texts) => {
        const rows = await rig.sql<{ once: string; twice: string }[]>`
          select postrider.fold(t) as once, postrider.fold(postrider.fold(t)) as twice
          from jsonb_array_elements_text(
            ${JSON.stringify(texts)}::text::jsonb
          ) with ordinality as x (t, n)
          order by n`;
        for (const [i, row] of rows.entries()) {
          assert.equal(row.twice, row.once);
          assert.match(row.once, /^([A-Z0-9/#]+( [A-Z0-9/#]+)*)?$/);
          assert.equal(row.once, normalizeLine(texts[i] ?? ''));
        }
      },
    ),
    { numRuns: isLong ? 500 : 30 },
  );
});

void test('the key does not depend on the collation of the database', async () => {
  const { sql } = rig;
  // Capital letters of these differ: ß is SS in ICU and in Unicode, ı is I in most, and neither in
  // C.
  const collations = await sql<{ name: string }[]>`
    select quote_ident(collname) as name
    from pg_collation
    where collname in ('C', 'und-x-icu', 'tr-x-icu', 'en_US.utf8', 'pg_unicode_fast', 'pg_c_utf8')
    order by 1`;
  const keys = await Promise.all(
    collations.map(async ({ name }) => {
      const [row] = await sql.unsafe<{ key: string }[]>(
        `
          select postrider.household_key(
            '1 Straße ıi' collate ${name}, null, 'ı1', 'fr' collate ${name}
          ) as key`,
      );
      return row?.key;
    }),
  );
  assert.ok(collations.length >= 2, 'C and another one');
  assert.deepEqual(new Set(keys), new Set(['2|FR|I1|1|STRASSEII||||||STRASSE II']));
});

void test('the holdout is deterministic, even, and another one with another salt', async () => {
  const { sql } = rig;
  const [share] = await sql`
    select avg((b < 1000)::int)::float as tenth, avg((b < 5000)::int)::float as half,
      min(b) as least, max(b) as most
    from (
      select postrider.holdout_bucket('a', '2|US|94607|' || n || '|ELM|ST||||') as b
      from generate_series(1, 4000) n
    ) x`;
  assert.ok(
    Math.abs(share?.['tenth'] - 0.1) < 0.02 && Math.abs(share?.['half'] - 0.5) < 0.03,
    JSON.stringify(share),
  );
  assert.ok(share?.['least'] >= 0 && share?.['most'] <= 9999);
  const [differ] = await sql`
    select count(*)::int as differ
    from generate_series(1, 500) n
    where postrider.holdout_bucket('a', n::text) <> postrider.holdout_bucket('b', n::text)`;
  assert.ok(differ?.['differ'] > 450);
});
