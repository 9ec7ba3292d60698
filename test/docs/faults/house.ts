/** A month without a partition, and a transaction that nobody ends. */
import assert from 'node:assert/strict';
import { beginProof } from '../../../packages/core/src/machine/proof.ts';
import {
  LEASE_MS,
  pidOf,
  proofed,
  RUNNER,
  stageOne,
  turnClock,
  waitsForLock,
} from '../../sql/rig.ts';
import { states, syncPeople } from '../../support/machine.ts';
import { neighbours, type OperatedPlace, type Statements } from '../operated-place.ts';

const MINUTES = 60_000;

export async function defaultPartition({ sql, at }: OperatedPlace, run: Statements): Promise<void> {
  await syncPeople(sql, at, neighbours(2));
  await turnClock(sql, 150 * 24 * 60 * MINUTES);
  await proofed(sql, at, neighbours(5));
  const stray = async (): Promise<number> =>
    Number((await sql`select count(*) as n from postrider.recipient_event_default`)[0]?.['n']);
  assert.ok((await stray()) > 0);

  const checks = await run.rows('find');
  assert.deepEqual(
    checks.map((row) => [row['check_name'], row['verdict'], row['what_helps']]),
    [
      ['event partitions', 'bad', 'select postrider.event_partitions()'],
      ['default partition', 'warn', 'select postrider.event_partitions()'],
    ],
  );
  await run.rows('mend');
  assert.equal(await stray(), 0);
  const [ok] = await sql`
    select bool_and(verdict = 'ok') as ok
    from postrider.doctor()
    where check_name like '%partition%'`;
  assert.equal(ok?.['ok'], true);
}

export async function oldTransaction(
  { sql, at, machine }: OperatedPlace,
  run: Statements,
): Promise<void> {
  await syncPeople(sql, at, neighbours(3));
  const cohortId = await stageOne(sql, at, 'proof');
  const forgotten = await machine.connect(1).reserve();
  await forgotten`set application_name = 'psql'`;
  await forgotten`begin`;
  await forgotten`select * from postrider.recipient_state for update`;
  // A begin waits for two seconds at a time, and on a slow machine psql is not there by then.
  // Somebody's statement waits on.
  const waiter = machine.connect(1);
  const pid = await pidOf(waiter);
  const waits = waiter`select * from postrider.recipient_state for update`.execute();
  await waitsForLock(sql, pid);

  const checks = await run.rows('find');
  const blocked = checks.find((row) => row['check_name'] === 'blocked sessions');
  const culprit =
    /behind pid (\d+) \(role postrider, psql, idle in transaction/.exec(
      blocked?.['message'] ?? '',
    )?.[1] ?? '';
  assert.ok(
    blocked?.['what_helps']?.includes(`pg_terminate_backend(${culprit})`),
    JSON.stringify(checks),
  );
  const [look] = await run.rows('look', { pid: culprit });
  assert.match(look?.['query'] ?? '', /recipient_state for update/);
  assert.deepEqual(await states(sql), { proofing_staged: 3 });

  assert.deepEqual(await run.rows('mend', { pid: culprit }), [{ pg_terminate_backend: 't' }]);
  assert.equal((await waits).length, 3);
  assert.equal(
    (await beginProof(sql, { ...at, cohortId, runnerId: RUNNER, leaseMs: LEASE_MS }))?.cards.length,
    3,
  );
  assert.deepEqual(await states(sql), { proofing: 3 });
}
