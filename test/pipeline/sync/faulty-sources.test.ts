/** What a source of people may do to a sync: end early, hang, tell rubbish. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AudiencePage, AudienceSource, Member } from '@postrider/core/ports';
import { people } from '../../support/machine.ts';
import { reasonsOf, statesOf } from '../../sql/rig.ts';
import { open, until, type Opened } from '../rig.ts';

function members(n: number): Member[] {
  return people(n).map(
    ({ row = null, externalId, email = null, firstName = null, lastName = null, line1 }) => ({
      row,
      externalId,
      email,
      firstName,
      lastName,
      address: {
        line1: line1 ?? '',
        line2: null,
        city: 'Oakland',
        region: 'CA',
        postalCode: '94607',
        country: 'US',
      },
      merge: {},
    }),
  );
}
function page(of: readonly unknown[]): AudiencePage {
  return { members: of as Member[], rejects: [], waitedMs: 0 };
}
function telling(tell: AudienceSource['members']): AudienceSource {
  return { members: tell };
}
async function sync(place: Opened) {
  return await place.pipeline.sync(place.place.organizationId, place.place.campaignId);
}

void test('a source that ends quietly when it is stopped has not told the whole segment: nobody has left', async () => {
  let stopping = false;
  const audience = telling(async function* (_segment, _options, { signal }) {
    yield await Promise.resolve(page(members(10)));
    if (!stopping) {
      yield page(members(30).slice(10));
      return;
    }
    void place.pipeline.stop();
    await until(() => signal.aborted);
  });
  await using place = await open({ people: 0, ports: { audience } });
  await sync(place);
  stopping = true;
  await assert.rejects(sync(place), /the pipeline stops/);
  assert.deepEqual(
    new Set(Object.values(await statesOf(place.sql, place.place))),
    new Set(['pending']),
  );
  const [run] = await place.sql`
    select complete, left_segment, error from postrider.sync_run order by started_at desc limit 1`;
  assert.deepEqual({ ...run }, { complete: false, left_segment: 0, error: 'the pipeline stops' });
});

void test('a source that hangs does not keep the campaign when the pipeline stops', async () => {
  let asked = false;
  const audience = telling(async function* () {
    asked = true;
    yield await new Promise<AudiencePage>(() => undefined);
  });
  await using place = await open({ people: 0, ports: { audience } });
  const hung = assert.rejects(sync(place), /the pipeline stops/);
  await until(() => asked);
  await place.pipeline.stop();
  await until(async () => (await place.sql`select from postrider.campaign_lock`).length === 0);
  await hung;
});

void test('a source that hangs is told to stop and given up: the lock is free, what was told stands, and nobody has left', async () => {
  let told = false;
  let hanging = false;
  const audience = telling(async function* (_segment, _options, { signal }) {
    yield await Promise.resolve(page(members(hanging ? 1 : 3)));
    if (!hanging) return;
    signal.addEventListener('abort', () => (told = true));
    yield await new Promise<AudiencePage>(() => undefined);
  });
  await using place = await open({
    people: 0,
    ports: { audience },
    settings: { adapterTimeoutMs: 100 },
  });
  await sync(place);
  hanging = true;
  await assert.rejects(sync(place), /nothing was heard of the audience source for 100 ms/);
  assert.equal(told, true);
  assert.equal((await place.sql`select from postrider.campaign_lock`).length, 0);
  assert.deepEqual(Object.values(await statesOf(place.sql, place.place)), [
    'pending',
    'pending',
    'pending',
  ]);
  const [run] = await place.sql`
    select complete, pages from postrider.sync_run order by started_at desc limit 1`;
  assert.deepEqual({ ...run }, { complete: false, pages: 1 });
});

void test('a source that cannot be made in time is given up as well', async () => {
  const audience = async (): Promise<never> => await new Promise(() => undefined);
  await using place = await open({
    people: 0,
    integrations: { audience },
    settings: { adapterTimeoutMs: 100 },
  });
  await assert.rejects(sync(place), /nothing was heard of the maker of the audience source/);
  assert.equal((await place.sql`select from postrider.campaign_lock`).length, 0);
});

void test('core checks what a source tells: what cannot be used is a reject with row, field and reason, and the others come through', async () => {
  const [good] = members(1);
  assert.ok(good);
  const at = (over: object): object => ({ ...good.address, ...over });
  const bad: readonly (readonly [unknown, string, string | null])[] = [
    [{ ...good, externalId: '' }, 'missing_external_id', 'externalId'],
    [{ ...good, externalId: 'a\u0000b' }, 'nul_byte', 'externalId'],
    [{ ...good, externalId: 7 }, 'missing_external_id', 'externalId'],
    [{ ...good, externalId: 'x'.repeat(3000) }, 'too_long', 'externalId'],
    [{ ...good, externalId: 'nul', firstName: 'A\u0000a' }, 'nul_byte', 'firstName'],
    [{ ...good, externalId: 'half', lastName: 'A\ud800' }, 'bad_encoding', 'lastName'],
    [{ ...good, externalId: 'lines', lastName: 'A\nB' }, 'control_character', 'lastName'],
    [
      { ...good, externalId: 'zip', address: at({ postalCode: '' }) },
      'bad_postal_code',
      'address.postalCode',
    ],
    [
      { ...good, externalId: 'zip4', address: at({ postalCode: '2138' }) },
      'bad_postal_code',
      'address.postalCode',
    ],
    [
      { ...good, externalId: 'line1', address: at({ line1: ' ' }) },
      'incomplete_address',
      'address.line1',
    ],
    [
      { ...good, externalId: 'city', address: at({ city: null }) },
      'incomplete_address',
      'address.city',
    ],
    [
      { ...good, externalId: 'utopia', address: at({ country: 'Utopia' }) },
      'bad_country',
      'address.country',
    ],
    [{ ...good, externalId: 'nobody', email: null, address: null }, 'no_email_no_address', null],
    [{ ...good, externalId: 'blank', email: ' ', address: null }, 'no_email_no_address', null],
    [{ ...good, externalId: 'mail', email: 'at home', address: null }, 'bad_email', 'email'],
    [{ ...good, externalId: 'merge', merge: { points: 7 } }, 'not_text', 'merge.points'],
    [{ ...good, externalId: 'deep', merge: { code: '\u0000' } }, 'nul_byte', 'merge.code'],
    [null, 'not_a_member', null],
  ];
  const audience = telling(async function* () {
    const rejects = [
      {
        row: 1.5,
        column: 'x\u0000',
        externalId: 'r\ud800',
        reason: 'odd\u0000',
        message: 'Odd\ud800.',
      },
    ] as unknown as AudiencePage['rejects'];
    yield await Promise.resolve({
      members: [...(bad.map(([member]) => member) as Member[]), good],
      rejects,
      waitedMs: Number.NaN,
    });
    yield page([
      {
        ...good,
        externalId: 'second',
        row: 1.5,
        email: 'SECOND',
        address: at({ line1: '2 p St', country: 'us', externalId: 'evil' }),
      },
    ]);
  });
  await using place = await open({ people: 0, ports: { audience } });
  const report = await sync(place);
  assert.deepEqual(
    [report.created, report.invalid, report.fetched, report.complete],
    [2, bad.length + 1, bad.length + 3, true],
  );
  assert.deepEqual(await reasonsOf(place.sql, place.place), {
    p0: 'pending (new)',
    second: 'pending (new)',
  });
  const told = await place.sql<
    { reason: string; column: string | null; row: number | null; message: string }[]
  >`
    select reason, source_column as column, source_row::int as row, message
    from postrider.sync_reject
    order by ordinal`;
  assert.deepEqual(
    told.slice(1).map(({ reason, column }) => [reason, column]),
    bad.map(([, reason, column]) => [reason, column]),
  );
  assert.ok(told.slice(1, -1).every(({ row, message }) => row === 2 && /\S.*\.$/.test(message)));
  const [second] =
    await place.sql`select email, country from postrider.recipient where external_id = 'second'`;
  assert.deepEqual(
    { ...second },
    { email: null, country: 'US' },
    'a card can be posted without an e-mail',
  );
  assert.equal((await sync(place)).unchanged, 2);
});

void test('what a source says of rows that it changed is kept with what core left out, whatever it says', async () => {
  const [good] = members(1);
  assert.ok(good);
  const mended = { column: 'zip', reason: 'unwrapped', message: 'Column "zip" was \'02138.' };
  const audience = telling(async function* () {
    yield await Promise.resolve(
      page([
        { ...good, notes: [mended] },
        { ...good, externalId: 'odd', row: 3, email: 'at home', notes: [7, { reason: 'x\u0000' }] },
        { ...good, externalId: 'none', row: 4, notes: 'no list' },
      ]),
    );
  });
  await using place = await open({ people: 0, ports: { audience } });
  const report = await sync(place);
  assert.deepEqual(report.noted, { unwrapped: 1, changed: 1, 'x\uFFFD': 1, email_not_used: 1 });
  const told = await place.sql`
    select source_row::int as row, source_column as column, external_id, reason
    from postrider.sync_notes
    order by source_row, reason`;
  assert.deepEqual(
    told.map((note) => Object.values(note)),
    [
      [2, 'zip', 'p0', 'unwrapped'],
      [3, null, 'odd', 'changed'],
      [3, 'email', 'odd', 'email_not_used'],
      [3, null, 'odd', 'x\uFFFD'],
    ],
  );
  await place.sql`
    select postrider.erase(id) from postrider.recipient where external_id = 'odd'`;
  await sync(place);
  const rows = await place.sql`select from postrider.sync_notes where external_id = 'odd'`;
  assert.equal(rows.length, 0, 'of an erased person nothing is kept');
});

void test('a source that says that it does not tell all takes nobody out, whatever it says about it', async () => {
  let incomplete: unknown = null;
  const audience = telling(async function* () {
    const told = { ...page(members(1)), incomplete };
    yield await Promise.resolve(told as AudiencePage);
  });
  await using place = await open({ people: 2, ports: { audience } });
  for (const [said, error] of [
    ['half of it is missing\u0000', 'half of it is missing\uFFFD'],
    [true, 'the source says that it does not tell the whole segment'],
    ['', 'the source says that it does not tell the whole segment'],
  ] as const) {
    incomplete = said;
    const report = await sync(place);
    assert.deepEqual([report.complete, report.leftSegment, report.error], [false, 0, error]);
  }
  incomplete = null;
  assert.deepEqual([(await sync(place)).complete, (await sync(place)).error], [true, null]);
});

void test('a page that is none ends the run with a sentence, and the lock is free', async () => {
  const audience = telling(async function* () {
    yield await Promise.resolve({ people: [] } as unknown as AudiencePage);
  });
  await using place = await open({ people: 2, ports: { audience } });
  await assert.rejects(sync(place), /the source told a page without/);
  assert.deepEqual(Object.values(await statesOf(place.sql, place.place)), ['pending', 'pending']);
  assert.equal((await place.sql`select from postrider.campaign_lock`).length, 0);
});
