/** Events: what is taken, what is refused, and what counts once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ADA, KEY, eventBody, klaviyoHere } from './helpers.ts';

function profile(given: object): object {
  return { data: { type: 'profile', ...given } };
}

test('an event is taken with an empty answer, and counts once for its profile, metric and id', async (t) => {
  const { event, twin } = await klaviyoHere(t);
  const first = await event();
  assert.deepEqual([first.status, first.text], [202, '']);
  assert.equal((await event({ properties: { campaign: 'another' } })).status, 202);
  const [line, ...others] = await twin.ledger();
  assert.deepEqual(others, []);
  assert.deepEqual(
    { ...line, at: '' },
    {
      uniqueId: 'm-1:sent',
      profile: ADA,
      metric: 'Direct Mail Sent',
      time: '2026-11-24T10:00:00Z',
      backfill: false,
      properties: { campaign: 'spring' },
      via: 'single',
      changed: [],
      at: '',
    },
  );
  await event({ metric: { data: { type: 'metric', attributes: { name: 'Another' } } } });
  await event({ profile: profile({ id: '01GDDKASAP8TKDDA2GRZDSVP4J', attributes: {} }) });
  await event({ unique_id: 'm-2:sent' });
  assert.equal((await twin.ledger()).length, 4);
});

test('without an id two events of one profile and metric in a second are one', async (t) => {
  const { event, twin } = await klaviyoHere(t);
  await event({ unique_id: undefined });
  await event({ unique_id: undefined, time: '2026-11-24T10:00:00.900Z' });
  await event({ unique_id: undefined, time: '2026-11-24T10:00:01.000Z' });
  assert.equal((await twin.ledger()).length, 2);
});

test('attributes of a profile change it, and its id alone does not', async (t) => {
  const { event, twin } = await klaviyoHere(t);
  await event({ profile: profile({ id: ADA, attributes: { email: 'ada@example.com' } }) });
  await event({ profile: profile({ attributes: { email: 'ada@example.com', title: 'Ms' } }) });
  assert.deepEqual(
    (await twin.ledger()).map(({ changed }) => changed),
    [['email'], ['title']],
  );
});

test('what the spec and its prose forbid is refused, with a pointer, and nothing is counted', async (t) => {
  const { event, bulk, ask, twin } = await klaviyoHere(t, { bulkBurst: 0 });
  const metric = (name: string): object => ({
    metric: { data: { type: 'metric', attributes: { name } } },
  });
  const many = Object.fromEntries(Array.from({ length: 401 }, (_, n) => [`p${n}`, n]));
  for (const [changes, pointer] of [
    [{ properties: undefined }, '/data/attributes/properties'],
    [{ metric: undefined }, '/data/attributes/metric'],
    [{ profile: undefined }, '/data/attributes/profile'],
    [{ profile: profile({ attributes: {} }) }, '/data/attributes/profile'],
    [{ profile: profile({ id: ADA }) }, '/data/attributes/profile/data/attributes'],
    [{ time: 'yesterday' }, '/data/attributes/time'],
    [{ time: '1989-01-01T00:00:00Z' }, '/data/attributes/time'],
    [{ time: '2996-01-01T00:00:00Z' }, '/data/attributes/time'],
    [{ backfill: 'yes' }, '/data/attributes/backfill'],
    [metric('x'.repeat(128)), '/data/attributes/metric'],
    [{ properties: many }, '/data/attributes/properties'],
    [{ properties: { long: 'x'.repeat(100_001) } }, '/data/attributes/properties'],
  ] as const) {
    const { status, error } = await event(changes);
    assert.deepEqual([status, error?.code], [400, 'invalid'], JSON.stringify(changes).slice(0, 80));
    assert.equal(error?.source.pointer, pointer);
  }
  const body = eventBody();
  const refused = async (headers: Record<string, string | null>) =>
    (await ask('POST', '/events', { body, headers })).status;
  assert.equal(await refused({ revision: null }), 400);
  assert.equal(await refused({ revision: 'latest' }), 400);
  assert.equal(await refused({ 'content-type': 'text/plain' }), 415);
  assert.equal(await refused({ 'content-type': null }), 415);
  assert.equal((await ask('POST', '/events', { body: '{' })).status, 400);
  assert.equal((await ask('GET', '/events')).status, 405);
  assert.equal((await ask('GET', '/nothing')).status, 404);
  const thousand = Array.from({ length: 1001 }, (_, n) => ({ unique_id: `m-${n}:sent` }));
  assert.equal((await bulk(thousand)).status, 400);
  assert.deepEqual(await twin.ledger(), []);
});

const two = [{ unique_id: 'a:sent' }, { unique_id: 'b:sent' }];
const three = [...two, { unique_id: 'c:sent' }];

for (const [bulkRepeat, status, counted] of [
  ['invalid_400', 400, 2],
  ['conflict_409', 409, 2],
  ['silent', 202, 2],
  ['ignored', 202, 3],
] as const)
  test(`in bulk a known id fails the whole request: ${bulkRepeat}`, async (t) => {
    const { bulk, event, twin } = await klaviyoHere(t, { bulkRepeat });
    assert.equal((await bulk(two)).status, 202);
    assert.equal((await bulk(three)).status, status);
    assert.equal((await twin.ledger()).length, counted);
    // Singly it is taken, and not counted.
    const [first] = await twin.ledger();
    const own = profile({ id: first?.profile, attributes: {} });
    assert.equal((await event({ unique_id: 'a:sent', profile: own })).status, 202);
    assert.equal((await twin.ledger()).length, counted);
  });

test('an id that comes twice in one bulk request fails it, too', async (t) => {
  const { bulk, twin } = await klaviyoHere(t);
  const twice = { unique_id: 'a:sent', profile: ADA };
  assert.equal((await bulk([twice, twice])).status, 400);
  assert.deepEqual(await twin.ledger(), []);
});

test('a wrong key is told as 401 or as 400, a missing scope as 403', async (t) => {
  for (const [wrongKey, status] of [
    ['unauthorized_401', 401],
    ['invalid_400', 400],
  ] as const) {
    const { event, twin } = await klaviyoHere(t, { wrongKey });
    const wrong = await event({}, { key: 'pk_other' });
    assert.deepEqual([wrong.status, wrong.error?.code], [status, 'authentication_failed']);
    const none = await event({}, { key: null });
    assert.deepEqual([none.status, none.error?.code], [status, 'not_authenticated']);
    assert.deepEqual(await twin.ledger(), []);
  }
  const { event, ask } = await klaviyoHere(t, { scopes: 'accounts' });
  assert.equal((await event()).error?.code, 'permission_denied');
  assert.equal((await ask('GET', '/accounts')).status, 200);
});

test('the account says whose it is, and what the spec does not know of it is refused', async (t) => {
  const { ask } = await klaviyoHere(t, { testAccount: true, accountBurst: 0 });
  const { status, text } = await ask('GET', '/accounts?fields[account]=test_account');
  assert.equal(status, 200);
  const { data } = JSON.parse(text) as { data: { attributes: { test_account: boolean } }[] };
  assert.equal(data[0]?.attributes.test_account, true);
  assert.equal((await ask('GET', '/accounts?fields[account]=shoe_size')).status, 400);
});

test('a profile that is not there: its event is taken, or refused', async (t) => {
  for (const [goneProfile, status] of [
    ['accepted', 202],
    ['not_found_404', 404],
    ['invalid_400', 400],
  ] as const) {
    const { event, twin } = await klaviyoHere(t, { goneProfile });
    await twin.gone(ADA);
    assert.equal((await event()).status, status);
  }
});

test('an id is known for ever, or for so many days', async (t) => {
  for (const [uniqueIdDays, counted] of [
    [0, 1],
    [30, 2],
  ] as const) {
    const { event, twin } = await klaviyoHere(t, { uniqueIdDays });
    await event();
    await twin.advance({ days: 31 });
    await event();
    assert.equal((await twin.ledger()).length, counted);
  }
});

test('faults hit a route, so often, and whom they are meant for', async (t) => {
  const { event, bulk, twin } = await klaviyoHere(t);
  await twin.fault(
    { kind: 'error_after_effect', endpoint: 'event', status: 503 },
    { kind: 'rate_limited', endpoint: 'event', ms: 7000 },
    { kind: 'refusal', endpoint: 'event', code: 'invalid', subject: 'm-9:sent' },
    { kind: 'reset_before_effect', endpoint: 'bulk' },
  );
  assert.equal((await event()).status, 503);
  const limited = await event();
  assert.deepEqual([limited.status, limited.headers.get('retry-after')], [429, '7']);
  assert.equal((await event()).status, 202);
  assert.equal((await event({ unique_id: 'm-9:sent' })).status, 400);
  await assert.rejects(bulk(two));
  assert.equal((await twin.ledger()).length, 1, 'done before the error, and once');
  const requests = await twin.requests('event');
  assert.equal(requests.length, 4);
  assert.ok(!JSON.stringify(requests).includes(KEY));
});
