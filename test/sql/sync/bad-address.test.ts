/** An address that cannot be mailed is told at the sync, by field and value. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { settleBatch } from '../../../packages/core/src/machine/enrich.ts';
import { syncPeople, type Place } from '../../support/machine.ts';
import {
  answered,
  emailOnly,
  one,
  place,
  reasonsOf,
  sending,
  settleAll,
  sharedMachine,
} from '../rig.ts';
import { at, faults } from '../rig/addresses.ts';
import { claimed } from '../rig/enricher.ts';

const rig = sharedMachine();

async function addressOf(sql: postgres.Sql, where: Place): Promise<unknown> {
  const [row] = await sql`
    select region, postal_code, country
    from postrider.recipient
    where organization_id = ${where.organizationId}`;
  return { ...row };
}

void test('a state that does not exist or does not fit its ZIP is told by field and value, and nobody is lost', async () => {
  const { sql } = rig;
  const where = await place(sql);
  const report = await syncPeople(sql, where, [
    at({ externalId: 'whole', region: 'MA', postalCode: '02138' }, 1),
    at({ externalId: 'name', line1: '2 Elm St', region: 'Massachusetts', postalCode: '02138' }, 2),
    at({ externalId: 'no-zip', line1: '3 Elm St', region: 'MA', postalCode: '99999' }, 3),
    at({ externalId: 'no-state', line1: '4 Elm St', region: 'ZZ', postalCode: '02138' }, 4),
    at({ externalId: 'other', line1: '5 Elm St', region: 'TX', postalCode: '02138' }, 5),
    at({ externalId: 'none', line1: '6 Elm St', region: null, postalCode: '02138' }, 6),
    at({ externalId: 'town', line1: '7 Elm St', city: ' ', region: 'MA', postalCode: '02138' }, 7),
    at({ externalId: 'land', line1: '8 Elm St', postalCode: '02138', country: 'QZ' }, 8),
    at({ externalId: 'de', line1: 'Weg 1', region: null, postalCode: '1011', country: 'DE' }, 9),
    at(
      { externalId: 'ch', line1: 'Weg 2', region: null, postalCode: 'CH-8001', country: 'CH' },
      10,
    ),
    at(
      { externalId: 'hk', line1: '1 Nathan Road', region: null, postalCode: '', country: 'HK' },
      11,
    ),
    at(
      {
        externalId: 'qc',
        line1: '1 Rue X',
        region: 'Québec',
        postalCode: 'H3Z 2Y7',
        country: 'CA',
      },
      12,
    ),
    at(
      { externalId: 'on', line1: '2 Rue X', region: 'Ont.', postalCode: 'H3Z 2Y7', country: 'CA' },
      13,
    ),
  ]);
  assert.deepEqual(await faults(sql, where), {
    whole: 'pending',
    name: 'pending',
    'no-zip': 'skipped: postal_code: 99999 is not in Massachusetts',
    'no-state': 'skipped: region: ZZ is no state of US',
    other: 'skipped: postal_code: 02138 is not in Texas',
    none: 'skipped: region: it is blank, and mail to US needs the state',
    town: 'skipped: city: it is blank',
    land: 'skipped: country: QZ is no country (ISO 3166)',
    de: 'skipped: postal_code: 1011 is no postal code of DE',
    ch: 'pending',
    hk: 'pending',
    qc: 'pending',
    on: 'skipped: postal_code: H3Z 2Y7 is not in Ontario',
  });
  assert.deepEqual(report['turned_away'], { bad_address: 8 });
});

for (const [region, postalCode, country, expected] of [
  ['Massachusetts', '02138', 'US', ['MA', '02138', 'US']],
  ['Mass.', '02138', 'us', ['MA', '02138', 'US']],
  ['n.y.', '00501', 'US', ['NY', '00501', 'US']],
  [null, '00926', 'PR', ['PR', '00926', 'US']],
  ['Guam', '96910', 'GU', ['GU', '96910', 'US']],
  ['British Columbia', 'V8X 3X4', 'CA', ['BC', 'V8X 3X4', 'CA']],
  ['Queensland', '4000', 'AU', ['QLD', '4000', 'AU']],
  ['Bayern', '80331', 'DE', ['Bayern', '80331', 'DE']],
] as const) {
  void test(`${region ?? 'no region'}, ${postalCode}, ${country} is kept as ${expected.join(' ')}`, async () => {
    const { sql } = rig;
    const where = await place(sql);
    await syncPeople(sql, where, [at({ region, postalCode, country })]);
    assert.deepEqual(await reasonsOf(sql, where), { p0: 'pending (new)' });
    const [state, code, land] = expected;
    assert.deepEqual(await addressOf(sql, where), {
      region: state,
      postal_code: code,
      country: land,
    });
    const again = await syncPeople(sql, where, [at({ region, postalCode, country })]);
    assert.equal(again['unchanged'], 1);
  });
}

void test('a bad address keeps nobody of the household out, in the same page and in the next', async () => {
  const { sql } = rig;
  const where = await place(sql);
  const home = { region: 'CA', postalCode: '94607' };
  await syncPeople(sql, where, [
    at({ ...home, region: 'ZZ', externalId: 'bad' }, 1),
    at({ ...home, externalId: 'good' }, 2),
  ]);
  assert.deepEqual(await reasonsOf(sql, where), {
    bad: 'skipped (bad_address)',
    good: 'pending (new)',
  });
  const later = await place(sql);
  await syncPeople(sql, later, [at({ ...home, region: 'ZZ', externalId: 'bad' }, 1)]);
  await syncPeople(sql, later, [
    at({ ...home, region: 'ZZ', externalId: 'bad' }, 1),
    at({ ...home, externalId: 'good' }, 2),
  ]);
  assert.deepEqual(await reasonsOf(sql, later), {
    bad: 'skipped (bad_address)',
    good: 'pending (new)',
  });
  // Corrected now: the household has its card.
  await syncPeople(sql, later, [
    at({ ...home, externalId: 'bad' }, 1),
    at({ ...home, externalId: 'good' }, 2),
  ]);
  assert.deepEqual(await reasonsOf(sql, later), {
    bad: 'skipped (duplicate)',
    good: 'pending (new)',
  });
});

void test('an address that an enricher found meets the same rule, and its state becomes the code', async () => {
  const { sql } = rig;
  const where = await place(sql);
  await syncPeople(sql, where, [emailOnly('a'), emailOnly('b', 2)]);
  const batch = await claimed(sql, where);
  const found = (email: string | null, region: string): object => ({
    line1: `1 ${email} St`,
    line2: null,
    city: 'Oakland',
    region,
    postalCode: '94607',
    country: 'US',
  });
  const { organizationId } = where;
  await settleBatch(sql, {
    organizationId,
    batchId: batch.batchId,
    enricher: 'faraday',
    results: batch.people.map(({ recipientId, email }) => ({
      recipientId,
      address: found(email, email?.startsWith('a') === true ? 'Calif.' : 'TX') as never,
    })),
    last: true,
  });
  assert.deepEqual(await faults(sql, where), {
    a: 'pending',
    b: 'skipped: postal_code: 94607 is not in Texas',
  });
  // The source itself learns the address: b comes back.
  await syncPeople(sql, where, [emailOnly('a'), at({ ...emailOnly('b', 2), region: 'CA' }, 3)]);
  assert.deepEqual(await reasonsOf(sql, where), {
    a: 'pending (address_found)',
    b: 'pending (address_came)',
  });
});

void test('a line that is longer than the format prints is told by field, and counted in letters', async () => {
  const { sql } = rig;
  const where = await place(sql, { longest_address_line: 20 });
  await syncPeople(sql, where, [
    at({ externalId: 'fits', line1: 'é'.repeat(20) }, 1),
    at({ externalId: 'line1', line1: 'x'.repeat(21), line2: 'y'.repeat(30) }, 2),
    at({ externalId: 'line2', line1: '3 Elm St', line2: 'y'.repeat(30) }, 3),
    at({ externalId: 'city', line1: '4 Elm St', city: 'Llanfairpwllgwyngyllgo' }, 4),
  ]);
  assert.deepEqual(await faults(sql, where), {
    fits: 'pending',
    line1: 'skipped: line1: 21 letters, and a card of this format prints 20 in a line',
    line2: 'skipped: line2: 30 letters, and a card of this format prints 20 in a line',
    city: 'skipped: city: 22 letters, and a card of this format prints 20 in a line',
  });
  await syncPeople(sql, where, [at({ externalId: 'line1', line1: '2 Elm St' }, 2)]);
  assert.equal((await faults(sql, where))['line1'], 'pending');
});

void test('a retry of somebody whose address is bad by now ends there, with the field', async () => {
  const { sql } = rig;
  const where = await place(sql);
  const batch = await sending(sql, where, 1);
  await settleAll(sql, where, batch, (piece) => answered(piece, 'rejected', { message: 'no' }));
  const { id } = await one(sql, where, 'p0');
  await sql`update postrider.recipient set region = 'Nowhere' where id = ${id}`;
  await sql`select postrider.retry(${id})`;
  assert.deepEqual(await faults(sql, where), { p0: 'skipped: region: Nowhere is no state of US' });
});
