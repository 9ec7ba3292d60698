/**
 * How long cards take, learned from what was delivered: what teaches and what does not.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Place } from '../../support/machine.ts';
import { DAY, event, idOf, place, sharedMachine, tell, turnClock } from '../rig.ts';
import { learn, mailed, tellAt, windowsOf } from '../rig/deliveries.ts';

const rig = sharedMachine();

async function timesOf(at: Place) {
  return [
    ...(await rig.sql`
      select region, status, pieces::int, p50_days as p50, p90_days as p90
      from postrider.delivery_times
      where organization_id = ${at.organizationId}
      order by region, p50_days, status`),
  ].map((row) => ({ ...row }));
}

/** Of all months: a card that was accepted two days later may be of the next one. */
async function resultsOf(at: Place) {
  return [
    ...(await rig.sql`
      select sum(pieces)::int as pieces, sum(delivered)::int as delivered,
        sum(returned)::int as returned, sum(silent)::int as silent,
        max(delivered_share)::float8 as "deliveredShare"
      from postrider.delivery_results
      where organization_id = ${at.organizationId}
      having count(*) > 0`),
  ].map((row) => ({ ...row }));
}

void test('a window is learned from a hundred delivered cards, by rank: half a year late moves nothing', async () => {
  const at = await place(rig.sql);
  const batch = await mailed(rig.sql, at, 121);
  await turnClock(rig.sql, 9 * DAY);
  await tellAt(rig.sql, at, batch, { days: 2.5, status: 'in_transit', to: 100 });
  await tellAt(rig.sql, at, batch, { days: 3.2, to: 60 });
  await tellAt(rig.sql, at, batch, { days: 5.5, from: 60, to: 99 });
  await turnClock(rig.sql, 3 * DAY);
  await learn(rig.sql);
  assert.deepEqual(await windowsOf(rig.sql, at), [
    { country: 'US', basis: 'usual', days: 10, pieces: 99, p50: 4, p90: 6 },
  ]);
  await turnClock(rig.sql, 168 * DAY - 3 * DAY);
  await tellAt(rig.sql, at, batch, { days: 170, from: 99, to: 100 });
  await turnClock(rig.sql, 2 * DAY);
  await learn(rig.sql);
  assert.deepEqual(await windowsOf(rig.sql, at), [
    { country: 'US', basis: 'learned', days: 6, pieces: 100, p50: 4, p90: 6 },
  ]);
  assert.deepEqual(await timesOf(at), [
    { region: 'CA', status: 'in_transit', pieces: 100, p50: 3, p90: 3 },
    { region: 'CA', status: 'delivered', pieces: 100, p50: 4, p90: 6 },
  ]);
});

void test('the fast cards of a day do not teach before the slow ones had their time', async () => {
  const at = await place(rig.sql);
  const batch = await mailed(rig.sql, at, 120);
  await turnClock(rig.sql, 3 * DAY);
  await tellAt(rig.sql, at, batch, { days: 2.5, to: 110 });
  await turnClock(rig.sql, 2 * DAY);
  await learn(rig.sql);
  assert.deepEqual(await windowsOf(rig.sql, at), []);
  const late = await rig.sql`
    select 1 from postrider.overdue where organization_id = ${at.organizationId}`;
  assert.equal(late.length, 0);
  await turnClock(rig.sql, 4 * DAY);
  await tellAt(rig.sql, at, batch, { days: 8.5, from: 110 });
  await turnClock(rig.sql, 3 * DAY);
  await learn(rig.sql);
  assert.deepEqual(
    (await windowsOf(rig.sql, at)).map(({ pieces, p50, p90 }) => [pieces, p50, p90]),
    [[120, 3, 3]],
  );
});

void test('cards of a test, odd cards and times that cannot be never teach', async () => {
  const { sql, admin } = rig;
  const test = await place(sql, {}, 'test');
  const tested = await mailed(rig.sql, test, 3);
  const at = await place(sql);
  const batch = await mailed(rig.sql, at, 8);
  const [rerouted, otherwise, madeInTest, foundLate] = batch.pieces;
  await turnClock(sql, 6 * DAY);
  await tellAt(rig.sql, test, tested, { days: 4 });
  await tell(sql, at, [
    event({ providerId: rerouted ? idOf(rerouted) : null, status: 'rerouted' }),
  ]);
  await admin`
    update postrider.mailpiece
    set answered_otherwise = true
    where id = ${otherwise?.mailpieceId ?? ''}`;
  await admin`
    update postrider.mailpiece set made_mode = 'test' where id = ${madeInTest?.mailpieceId ?? ''}`;
  await admin`
    update postrider.mailpiece
    set accepted_at = accepted_at + interval '2 days'
    where id = ${foundLate?.mailpieceId ?? ''}`;
  await tellAt(rig.sql, at, batch, { days: 4, to: 4 });
  // Before it was accepted, and after we were told of it.
  await tellAt(rig.sql, at, batch, { days: -2, from: 4, to: 5 });
  await tellAt(rig.sql, at, batch, { days: 9, from: 5, to: 6 });
  await tellAt(rig.sql, at, batch, { days: 4, from: 6, to: 7, confidence: 'estimated' });
  await tellAt(rig.sql, at, batch, { days: 4, from: 7 });
  await turnClock(sql, 8 * DAY);
  await learn(rig.sql);
  assert.deepEqual(await windowsOf(rig.sql, test), []);
  assert.deepEqual(
    (await windowsOf(rig.sql, at)).map(({ pieces }) => pieces),
    [1],
  );
  assert.deepEqual(await resultsOf(test), []);
  assert.deepEqual(
    (await resultsOf(at)).map(({ pieces, delivered }) => [pieces, delivered]),
    [[8, 8]],
  );
});

void test('shares add up, and later news move a card from one to the other', async () => {
  const at = await place(rig.sql, { assumed_after: '12 days' });
  const batch = await mailed(rig.sql, at, 4);
  await turnClock(rig.sql, 5 * DAY);
  await tellAt(rig.sql, at, batch, { days: 4, to: 1 });
  await tellAt(rig.sql, at, batch, { days: 4, status: 'returned', from: 1, to: 2 });
  await turnClock(rig.sql, 8 * DAY);
  await learn(rig.sql);
  await turnClock(rig.sql, 2 * DAY);
  await learn(rig.sql);
  const shares = { pieces: 4, delivered: 1, returned: 1, silent: 2, deliveredShare: 0.25 };
  assert.deepEqual(await resultsOf(at), [shares]);
  await tellAt(rig.sql, at, batch, { days: 14, from: 2, to: 3 });
  await tellAt(rig.sql, at, batch, { days: 14, status: 'returned', to: 1 });
  await turnClock(rig.sql, 2 * DAY);
  await learn(rig.sql);
  await learn(rig.sql);
  assert.deepEqual(await resultsOf(at), [{ ...shares, returned: 2, silent: 1 }]);
  assert.deepEqual(
    (await windowsOf(rig.sql, at)).map(({ pieces }) => pieces),
    [2],
  );
});
