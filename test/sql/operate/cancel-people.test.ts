/**
 * Cards of a campaign that are called back by a filter: what is stopped for nothing, what the
 * printer is asked for, and what is too late, counted before and told after.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cancel,
  cancelPeople,
  cancelPreview,
  type CancelFilter,
  type CancelledSome,
} from '@postrider/core';
import { claimCallBacks, settleCallBacks } from '../../../packages/core/src/machine/call-back.ts';
import { people, syncPeople, type Place } from '../../support/machine.ts';
import {
  LEASE_MS,
  RUNNER,
  accepted,
  answered,
  claimDue,
  event,
  idOf,
  one,
  place,
  proofAll,
  reasonsOf,
  refused,
  sending,
  sent,
  settle,
  settleAll,
  sharedMachine,
  stage,
  statesOf,
  tell,
  turnClock,
  unknownDue,
} from '../rig.ts';
import { beginMail } from '../../../packages/core/src/machine/mail.ts';
import { conclude, givenUp, verdict } from '../rig/reconcile.ts';

const rig = sharedMachine();
const HOUR = 3_600_000;
const money = { budget_minor: 10_000, price_minor: 90, currency: 'USD' };

/** One person proofed, one at the printer's API, two sent, of which one is with the carrier. */
async function spread(over = {}): Promise<Place> {
  const { sql } = rig;
  const at = await place(sql, over);
  await syncPeople(sql, at, people(4));
  await proofAll(sql, at);
  const [first] = await stage(sql, at, 'mail', 1, 2);
  const begun = await beginMail(sql, {
    ...at,
    cohortId: first ?? '',
    runnerId: RUNNER,
    leaseMs: LEASE_MS,
  });
  const pieces = begun?.pieces ?? [];
  await settle(
    sql,
    at,
    { cohortId: first ?? '', pieces },
    pieces.map((piece) => accepted(piece)),
  );
  await tell(sql, at, [
    event({ providerId: idOf(pieces[1] ?? assert.fail()), status: 'in_transit' }),
  ]);
  const [second] = await stage(sql, at, 'mail', 1, 1);
  await beginMail(sql, { ...at, cohortId: second ?? '', runnerId: RUNNER, leaseMs: LEASE_MS });
  return at;
}

void test('a whole campaign: what a preview counts is what is done, and the money is told', async () => {
  const { sql } = rig;
  const at = await spread(money);
  const preview = await cancelPreview(sql, at);
  assert.deepEqual(preview, {
    free: 1,
    atPrinter: 1,
    asked: 1,
    tooLate: 1,
    unresolved: 0,
    counted: 1,
    countedMinor: 90,
    currency: 'USD',
    prices: [],
  });
  assert.deepEqual(Object.values(await statesOf(sql, at)).toSorted(), [
    'proofed',
    'sending',
    'sent',
    'sent',
  ]);
  assert.deepEqual(await cancelPeople(sql, at, {}, { why: 'wrong offer' }), {
    free: 1,
    atPrinter: 1,
    asked: 1,
    tooLate: 1,
    unresolved: 0,
    after: null,
  });
  assert.deepEqual(await cancelPeople(sql, at), {
    free: 0,
    atPrinter: 0,
    asked: 0,
    tooLate: 1,
    unresolved: 0,
    after: null,
  });
  const results = async () =>
    (
      await sql`
        select result, why, is_counted
        from postrider.cancellations
        where campaign_id = ${at.campaignId}
        order by result`
    ).map((row) => Object.values(row));
  assert.deepEqual(await results(), [
    ['asked', 'wrong offer', true],
    ['not_made', 'wrong offer', false],
    ['waits', 'wrong offer', true],
  ]);
  const [asked] = await claimCallBacks(sql, at.organizationId, 10);
  assert.ok(asked);
  await settleCallBacks(sql, at.organizationId, [{ ...asked, outcome: 'cancelled' }]);
  assert.equal((await results())[0]?.[0], 'called_back');
});

void test('some at a time, until nobody is left', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(5));
  const done: number[] = [];
  let after: string | null = null;
  do {
    const some: CancelledSome = await cancelPeople(sql, at, {}, { limit: 2, after });
    done.push(some.free);
    ({ after } = some);
  } while (after !== null);
  assert.deepEqual(done, [2, 2, 1]);
  assert.deepEqual(
    new Set(Object.values(await reasonsOf(sql, at))),
    new Set(['skipped (cancelled)']),
  );
});

for (const [what, filter, names] of [
  ['state', { states: ['pending'] }, ['p0', 'p1', 'p2']],
  ['region', { regions: ['OR'] }, ['p1']],
  ['country', { countries: ['CA'] }, ['p2']],
  ['printer', { printers: ['another'] }, []],
  ['ids', { externalIds: ['p0', 'p2', 'nobody'] }, ['p0', 'p2']],
  ['several', { regions: ['CA', 'OR'], externalIds: ['p1', 'p2'] }, ['p1']],
  ['since', { since: new Date(Date.now() + 400 * 24 * HOUR) }, []],
] as readonly (readonly [string, CancelFilter, readonly string[]])[])
  void test(`by ${what}`, async () => {
    const { sql } = rig;
    const at = await place(sql);
    const [first, second, third] = people(3);
    assert.ok(first && second && third);
    await syncPeople(sql, at, [
      first,
      { ...second, city: 'Portland', region: 'OR', postalCode: '97201' },
      { ...third, city: 'Toronto', region: 'ON', postalCode: 'M5V 2T6', country: 'CA' },
    ]);
    assert.equal((await cancelPreview(sql, at, filter)).free, names.length);
    await cancelPeople(sql, at, filter);
    const now = await statesOf(sql, at);
    assert.deepEqual(
      Object.keys(now)
        .filter((name) => now[name] === 'skipped')
        .toSorted(),
      names,
    );
  });

void test('of a card that the printer told until when to call back, it is said before that it is too late, and the printer is asked within a margin', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  const until = new Date(Date.now() + 24 * HOUR).toISOString();
  const [clock] = await sql<{ now: Date }[]>`select postrider.now() as now`;
  assert.ok(clock && new Date(until) > new Date(0));
  await settleAll(sql, at, batch, (piece) => ({
    ...accepted(piece),
    details: {
      price: { amount: '75', scale: 2, currency: 'USD', tax: null },
      mode: null,
      links: null,
      cancellableUntil: new Date(clock.now.getTime() + 2 * HOUR).toISOString(),
    },
  }));
  const preview = await cancelPreview(sql, at);
  assert.deepEqual([preview.asked, preview.tooLate], [1, 0]);
  assert.deepEqual(preview.prices, [{ currency: 'USD', cards: 1, amount: 0.75 }]);
  // Within the margin it is asked for all the same.
  await turnClock(sql, 2.5 * HOUR);
  assert.equal((await cancelPreview(sql, at)).asked, 1);
  await turnClock(sql, HOUR);
  const late = await cancelPreview(sql, at);
  assert.deepEqual([late.asked, late.tooLate], [0, 1]);
  // Asked for by name it is answered without asking the printer.
  const person = await one(sql, at);
  await cancel(sql, person.id);
  assert.deepEqual(await claimCallBacks(sql, at.organizationId, 10), []);
  const now = await one(sql, at);
  assert.deepEqual([now.state, now.cancelRequestedAt], ['sent', null]);
  assert.match(now.detail ?? '', /cannot be called back: the printer told that .* until/);
  const [row] = await sql`
    select result, price::text as price from postrider.cancellations
    where campaign_id = ${at.campaignId}`;
  assert.deepEqual([row?.['result'], row?.['price']], ['too_late', '0.75']);
});

void test('who is in error is given up, and of whom nobody knows is left to be resolved', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await settleAll(sql, at, await sending(sql, at), (piece) => answered(piece, 'rejected'));
  assert.deepEqual((await cancelPeople(sql, at)).free, 1);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'skipped (given_up)' });
  const open = await place(sql);
  await givenUp(sql, open);
  const told = await cancelPeople(sql, open);
  assert.deepEqual([told.free, told.unresolved, told.after], [0, 1, null]);
  assert.deepEqual(await reasonsOf(sql, open), { p0: 'error (outcome_unknown)' });
});

void test('who is to be sent again for the sake of a key may have a card: they are not cancelled for nothing', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await unknownDue(sql, at);
  await conclude(
    sql,
    at,
    verdict((await claimDue(sql, at))[0] ?? assert.fail(), 'cannot_tell', {
      keyLifetimeMs: 24 * HOUR,
    }),
  );
  const preview = await cancelPreview(sql, at);
  assert.deepEqual([preview.free, preview.atPrinter, preview.unresolved], [0, 1, 0]);
  const done = await cancelPeople(sql, at);
  assert.deepEqual([done.free, done.atPrinter, done.after], [0, 1, null]);
  const person = await one(sql, at);
  assert.deepEqual([person.state, person.cancelRequestedAt === null], ['sending', false]);
  const [row] = await sql`
    select result from postrider.cancellations where campaign_id = ${at.campaignId}`;
  assert.equal(row?.['result'], 'waits');
});

void test('a filter that is none is refused, with what it has', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const call = (filter: string) =>
    sql`
      select postrider.cancel_people(
        ${at.organizationId}, ${at.campaignId}, ${filter}::text::jsonb)`;
  for (const wrong of [
    '[]',
    '"all"',
    '{"state": ["sent"]}',
    '{"states": ["sended"]}',
    '{"states": "sent"}',
    '{"since": "yesterdayish"}',
    '{"since": 7}',
  ])
    await refused('PR020', call(wrong));
  await refused('PR010', cancelPreview(sql, { ...at, campaignId: at.organizationId }));
  await sent(sql, at);
});
