/**
 * Who left the segment: only who has waited since before the run began, and was on none of its
 * pages.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryAll } from '@postrider/core';
import { claimBatch } from '../../../packages/core/src/machine/enrich.ts';
import type { Reject } from '../../../packages/core/src/ports/index.ts';
import { beginProof, settleProof } from '../../../packages/core/src/machine/proof.ts';
import { people, syncPeople } from '../../support/machine.ts';
import {
  LEASE_MS,
  RUNNER,
  emailOnly,
  one,
  place,
  proofed,
  reap,
  reasonsOf,
  sent,
  sharedMachine,
  stage,
  statesOf,
  syncRun,
  tellAll,
  turnClock,
  type SyncRun,
} from '../rig.ts';

const rig = sharedMachine();

void test('who was met while sent, failed at the printer and is tried again has not left the segment', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const [stays, leaves] = people(2);
  assert.ok(stays && leaves);
  const batch = await sent(sql, at, [stays]);
  const run = await syncRun(sql, at);
  await run.page([stays]);
  await tellAll(sql, at, batch, 'failed');
  assert.deepEqual((await retryAll(sql, at, 'failed_at_printer')).tried, { pending: 1 });
  await run.close();
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'pending (retried)' });
  // The next run has not met them.
  await syncPeople(sql, at, [leaves]);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'skipped (left_segment)', p1: 'pending (new)' });
});

void test('a row that cannot be read keeps its person in the segment, whatever stands around its id', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(2));
  const again = await syncRun(sql, at);
  await again.page(
    [],
    [
      {
        row: 2,
        column: 'zip',
        externalId: '\u200bp0\u00a0',
        reason: 'postal_code',
        message: 'no ZIP',
      },
    ],
  );
  await again.close();
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'pending (new)', p1: 'skipped (left_segment)' });
});

void test('who is not in the segment any more is left out, but only after a run that saw all of it', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(3));
  const cut = await syncPeople(sql, at, people(1), false);
  assert.equal(cut['left_segment'], 0);
  assert.equal((await one(sql, at, 'p2')).state, 'pending');
  const whole = await syncPeople(sql, at, people(1));
  assert.equal(whole['left_segment'], 2);
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'pending (new)',
    p1: 'skipped (left_segment)',
    p2: 'skipped (left_segment)',
  });
});

void test('when more than half of those who wait would leave at once nobody does, until somebody says that it is meant', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const alarm = async () =>
    await sql<{ meaning: string; what_helps: string }[]>`
      select meaning, what_helps
      from postrider.alarms
      where organization_id = ${at.organizationId} and kind = 'mass_departure'`;
  const told = async (n: number, allowed = false): ReturnType<SyncRun['close']> => {
    const now = await syncRun(sql, at);
    await now.page(people(n));
    return await now.close(true, allowed);
  };
  await told(100);
  const report = await told(49);
  assert.deepEqual([report.complete, report.leftSegment], [false, 0]);
  assert.match(
    report.error ?? '',
    /51 of the 100 people who wait would leave the segment at once.*--allow-departures/,
  );
  assert.deepEqual(new Set(Object.values(await statesOf(sql, at))), new Set(['pending']));
  await told(0);
  assert.equal((await alarm()).length, 1, 'it is said once');
  assert.match((await alarm())[0]?.meaning ?? '', /51 of 100/);
  assert.equal((await told(50)).leftSegment, 50, 'half of them may leave');
  assert.equal((await alarm()).length, 0, 'the source is well again');
  assert.equal((await told(0)).complete, false);
  assert.deepEqual([(await told(0, true)).leftSegment, (await alarm()).length], [50, 0]);
});

void test('a row that can no longer be read has not left the segment: its person stays as they are, in whatever order its rows come', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const [a, b, c] = people(3);
  assert.ok(a && b && c);
  await syncPeople(sql, at, [a, b, c]);
  const odd = (externalId: string): Reject => ({
    row: 3,
    column: 'zip',
    externalId,
    reason: 'bad_postal_code',
    message: 'No ZIP.',
  });
  const again = await syncRun(sql, at);
  await again.page([], [odd('p0'), odd('p1')]);
  await again.page([{ ...b, firstName: 'Zoë' }]);
  const report = await again.close();
  assert.deepEqual(
    [report.invalid, report.changed, report.repeated, report.leftSegment],
    [2, 1, 0, 1],
  );
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'pending (new)',
    p1: 'pending (new)',
    p2: 'skipped (left_segment)',
  });
});

void test('who has been proofed stays, in the segment or not', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at, 2);
  const report = await syncPeople(sql, at, []);
  assert.equal(report['left_segment'], 0);
  assert.deepEqual(await statesOf(sql, at), { p0: 'proofed', p1: 'proofed' });
});

void test('who comes back to pending while a run is on its way was seen by it, and has not left', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(3));
  // One each: begun and to be tried again, staged and given back, failed and retried.
  const [a, b, c] = await stage(sql, at, 'proof', 3, 1);
  for (const id of [a, c])
    await beginProof(sql, { ...at, cohortId: id ?? '', runnerId: RUNNER, leaseMs: LEASE_MS });
  const of = async (cohortId: string | undefined): Promise<string> => {
    const [row] = await sql<
      { id: string }[]
    >`select recipient_id as id from postrider.recipient_state where cohort_id = ${cohortId ?? ''}`;
    return row?.id ?? '';
  };
  const [retried, failed] = [await of(a), await of(c)];
  await settleProof(sql, {
    ...at,
    cohortId: c ?? '',
    results: [{ recipientId: failed, outcome: 'failed', message: 'no' }],
    last: true,
  });
  const slow = await syncRun(sql, at);
  await slow.page(people(3));
  await settleProof(sql, {
    ...at,
    cohortId: a ?? '',
    results: [{ recipientId: retried, outcome: 'retry', message: 'wait', afterMs: 0 }],
    last: true,
  });
  await sql`delete from postrider_queue.job where id = ${b ?? ''}`;
  await turnClock(sql, 30_000);
  await reap(sql);
  await sql`select postrider.retry(${failed})`;
  const report = await slow.close();
  assert.equal(report.leftSegment, 0);
  assert.deepEqual(new Set(Object.values(await statesOf(sql, at))), new Set(['pending']));
});

void test('who comes back from a lost batch while a run is on its way has not left either', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, [emailOnly('mail')]);
  const batch = await claimBatch(
    sql,
    { ...at, enricher: 'faraday' },
    {
      limit: 10,
      deadlineMs: 3_600_000,
      restMs: 60_000,
    },
  );
  const slow = await syncRun(sql, at);
  await slow.page([emailOnly('mail')]);
  await sql`
    select postrider.give_back_batch(${at.organizationId}, ${batch?.batchId ?? ''}, 'lost')`;
  assert.equal((await slow.close()).leftSegment, 0);
});
