/**
 * A printer is asked about a card only when no worker can post it any more: or an honest "absent"
 * would print it twice, where a printer honours no keys.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formerRule, play, rule, schedules, type Rule, type Times } from './quiet-time-model.ts';
import {
  LEASE_MS,
  OTHER_RUNNER,
  QUIET_MS,
  RUNNER,
  onlyPiece,
  pieces,
  place,
  reap,
  refused,
  sending,
  sharedMachine,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine();

// In seconds: as they are by default, and with a request that takes nearly the whole lease.
const byDefault: Times = { lease: 60, renewal: 15, timeout: 10, readLag: 0, grace: 75 };
const slow: Times = { lease: 60, renewal: 15, timeout: 59, readLag: 30, grace: 60 };

function broken(times: Times, rests: Rule) {
  return [...schedules(times, 2.5)].filter((schedule) => {
    const { known, asked } = play(schedule, times, rests);
    return asked <= known;
  });
}

void test('in no schedule of renewals, losses, cut lines and hands a printer is asked before the last post of the old worker is known to it', () => {
  for (const times of [byDefault, slow]) {
    assert.ok([...schedules(times, 2.5)].length > 10_000);
    assert.deepEqual(broken(times, rule).slice(0, 1), []);
  }
});

void test('by the former rule it was, where a hand had taken the cohort away, and only there', () => {
  const found = broken(byDefault, formerRule);
  assert.ok(found.length > 0);
  assert.deepEqual(
    found.filter(({ taken }) => taken === null),
    [],
  );
});

/** Milliseconds from now until the printer is asked about the one piece. */
async function rest(at: { organizationId: string }): Promise<number> {
  const [now] = await rig.sql<{ at: Date }[]>`select postrider.now() as at`;
  const piece = await onlyPiece(rig.sql, at);
  assert.equal(piece.status, 'unknown');
  return (piece.availableAt?.getTime() ?? 0) - (now?.at.getTime() ?? 0);
}
const SLACK_MS = 15_000;

void test('the rest begins with the end of a lease that has passed', async () => {
  const at = await place(rig.sql);
  await sending(rig.sql, at);
  await turnClock(rig.sql, LEASE_MS + 1000);
  await reap(rig.sql, LEASE_MS);
  const ms = await rest(at);
  assert.ok(ms <= QUIET_MS && ms > QUIET_MS - SLACK_MS, `${ms} ms`);
});

for (const [how, statement] of [
  ['deleted', 'delete from postrider.cohort'],
  ['closed', `update postrider.cohort set closed_at = now(), closed_why = 'by hand'`],
] as const)
  void test(`the quiet time of people in a cohort that was ${how} by hand begins when its worker cannot post any more`, async () => {
    const { sql } = rig;
    const at = await place(sql);
    const { cohortId } = await sending(sql, at);
    // It was at work for long, and has renewed its lease just now.
    await turnClock(sql, LEASE_MS - 1000);
    await sql`
      select postrider.renew(
        ${RUNNER}, ${[at.organizationId]}::uuid[], ${[cohortId]}::uuid[], '1 minute'
      )`;
    await turnClock(sql, 2000);
    await sql.unsafe(`${statement} where id = '${cohortId}'`);
    await reap(sql, LEASE_MS);
    const ms = await rest(at);
    assert.ok(ms <= LEASE_MS + QUIET_MS && ms > LEASE_MS + QUIET_MS - SLACK_MS, `${ms} ms`);
  });

void test('reap refuses a grace that is shorter than the lease of a runner which may still be there, and gives nobody back', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const { cohortId } = await sending(sql, at);
  await sql`delete from postrider.cohort where id = ${cohortId}`;
  await turnClock(sql, 3_600_000);
  await sql`
    select postrider.heartbeat(${RUNNER}, 'slow', 1, 1, '1', '2 minutes'),
      postrider.heartbeat(${OTHER_RUNNER}, 'quick', 1, 1, '1', '10 seconds')`;
  const error = await refused(
    'PR020',
    sql`select postrider.reap('119 seconds', '1 second')`,
    /shorter than the lease/,
  );
  assert.match(error.hint ?? '', /reap\('00:02:00'\)/);
  assert.deepEqual(
    (await pieces(sql, at)).map((piece) => piece.status),
    ['submitting'],
  );
  await sql`select postrider.reap('2 minutes', '1 second')`;
  assert.ok((await rest(at)) > 120_000 - SLACK_MS);
  // Whose lease has ended long ago posts nothing.
  await sql`
    update postrider.runner
    set seen_at = clock_timestamp() - interval '4 minutes'
    where id = ${RUNNER}`;
  await refused('PR020', sql`select postrider.reap('9 seconds')`, /00:00:10/);
  await sql`select postrider.reap('10 seconds')`;
  await sql`delete from postrider.runner`;
});

void test('a runner that deregisters while a cohort of its is open is remembered until that is given back', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await sql`select postrider.heartbeat(${RUNNER}, 'late', 1, 1, '1', '2 minutes')`;
  await sending(sql, at);
  await sql`select postrider.deregister_runner(${RUNNER})`;
  await refused('PR020', sql`select postrider.reap('1 minute')`, /00:02:00/);
  await turnClock(sql, LEASE_MS + 1000);
  await sql`select postrider.reap('2 minutes')`;
  await sql`select postrider.deregister_runner(${RUNNER})`;
  assert.deepEqual([...(await sql`select from postrider.runner where id = ${RUNNER}`)], []);
});
