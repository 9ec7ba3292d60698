/** By what a database is told from an older state of itself, and what follows. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, test } from 'node:test';
import type postgres from 'postgres';
import { tick } from '../../../packages/core/src/machine/house.ts';
import {
  checkWatermark,
  type Marks,
  type Watermark,
  type Witness,
} from '../../../packages/core/src/machine/restore.ts';
import { freshMachine, type Machine } from '../../support/machine.ts';
import { LEASE_MS, pidOf, place, RUNNER, waitsForLock } from '../rig.ts';
import { begun, dealtWith, held, releasePrinters, remembered } from '../rig/watermarks.ts';

// A database of its own for each: what is tried here is one row of it.
let machine: Machine;
let sql: postgres.Sql;
before(async () => {
  machine = await freshMachine();
  sql = machine.sql;
});
after(async () => await machine[Symbol.asyncDispose]());
afterEach(async () => await dealtWith(sql));

void test('what it was is what it is: nothing is noticed, however often it is asked', async () => {
  const witness = await begun(sql);
  const first = await checkWatermark(sql, {});
  for (let round = 0; round < 3; round += 1)
    assert.deepEqual(await checkWatermark(sql, remembered(first, { witnesses: [witness] })), first);
  assert.deepEqual([first.noticed, first.superseded, await held(sql)], [null, false, []]);
  // What is remembered of another database says nothing of this one.
  const other = {
    [randomUUID()]: {
      restores: 9,
      system: first.system,
      timeline: 99,
      witnesses: [{ ...witness, mailpieceId: randomUUID() }],
    },
  };
  assert.deepEqual(await checkWatermark(sql, other), first);
});

void test('the timeline is the one that is written now', async () => {
  const [row] = await sql<{ file: string }[]>`select pg_walfile_name(pg_current_wal_lsn()) as file`;
  const { timeline, system } = await checkWatermark(sql, {});
  assert.equal(timeline, Number.parseInt(row?.file.slice(0, 8) ?? '', 16));
  assert.match(system ?? '', /^\d{15,}$/);
});

const older: readonly [
  string,
  (told: Watermark, witness: Witness) => Promise<Marks> | Marks,
  RegExp,
][] = [
  [
    'a promoted standby writes another timeline than its primary did',
    async (told) => {
      await sql`update postrider.installation set timeline = timeline + 1`;
      return remembered(told);
    },
    /timeline went from \d+ to \d+/,
  ],
  [
    'it lies on another server',
    async (told) => {
      await sql`update postrider.installation set system_identifier = '7'`;
      return remembered(told);
    },
    /restored on another server/,
  ],
  [
    'a runner remembers a later restore',
    (told) => remembered(told, { restores: told.restores + 1 }),
    /before its last restore/,
  ],
  [
    'a mailpiece is missing that a runner remembers',
    (told, witness) =>
      remembered(told, { witnesses: [witness, { ...witness, mailpieceId: randomUUID() }] }),
    /cards were begun that it does not know/,
  ],
  [
    'a recipient has moved less often than a runner remembers',
    (told, witness) =>
      remembered(told, { witnesses: [{ ...witness, moveNo: witness.moveNo + 1 }] }),
    /cards were begun that it does not know/,
  ],
];

for (const [what, forget, why] of older) {
  void test(`every printer is held, once, where ${what}`, async () => {
    const witness = await begun(sql);
    const marks = await forget(await checkWatermark(sql, {}), witness);
    const noticed = await checkWatermark(sql, marks);
    assert.match(noticed.noticed ?? '', why);
    assert.equal(noticed.superseded, false);
    const [reason, ...others] = await held(sql);
    assert.deepEqual(others, []);
    assert.match(reason ?? '', why);
    assert.match(reason ?? '', /postrider reconcile --since, then release$/);
    const [doctor] =
      await sql`select verdict, message from postrider.doctor() where check_name = 'restore'`;
    assert.equal(doctor?.['verdict'], 'bad');
    assert.match(String(doctor?.['message']), why);
    // A runner that comes with the same memory is not stopped a second time, nor is an operator
    // who releases without having asked.
    await releasePrinters(sql);
    await checkWatermark(sql, marks);
    assert.deepEqual(await held(sql), []);
    await dealtWith(sql);
    const now = await checkWatermark(sql, marks);
    assert.deepEqual([now.noticed, await held(sql)], [null, []]);
  });
}

void test('the beat that looks for lost work notices an older state as well, and tells of the begins of others', async () => {
  const witness = await begun(sql);
  const runner = {
    id: RUNNER,
    name: 'a test',
    proofSlots: 1,
    mailSlots: 1,
    version: '0',
    leaseMs: LEASE_MS,
  };
  const first = await tick(sql, runner, { graceMs: 600_000, quietMs: 600_000, remembered: {} });
  assert.ok(
    first.witnesses.some(
      (one) => one.recipientId === witness.recipientId && one.mailpieceId === witness.mailpieceId,
    ),
  );
  const second = await tick(sql, runner, {
    graceMs: 600_000,
    quietMs: 600_000,
    remembered: remembered(first.watermark, { restores: first.watermark.restores + 5 }),
  });
  assert.match(second.watermark.noticed ?? '', /before its last restore/);
  await dealtWith(sql);
});

void test('two that notice at once hold once, and do not wait for each other in a circle', async () => {
  await place(sql);
  const told = await checkWatermark(sql, {});
  const marks = remembered(told, { restores: told.restores + 1 });
  const all = await Promise.all(
    Array.from({ length: 6 }, async () => await checkWatermark(sql, marks)),
  );
  assert.deepEqual(new Set(all.map(({ restores }) => restores)), new Set([told.restores + 2]));
  await dealtWith(sql);
});

/**
 * The session `pid` stands still when it asks which server it is on, with what it has read before,
 * until the lock `gate` is free.
 */
async function slowToAsk(pid: number, gate: number): Promise<AsyncDisposable> {
  await sql`alter function postrider.server_identity() rename to server_identity_at_once`;
  await sql.unsafe(`
    create function postrider.server_identity(out system_identifier text, out timeline bigint)
    language plpgsql as $$
    begin
      if pg_backend_pid() = ${pid} then
        perform pg_advisory_xact_lock_shared(${gate});
      end if;
      select i.* into system_identifier, timeline from postrider.server_identity_at_once() i;
    end $$`);
  return {
    async [Symbol.asyncDispose]() {
      await sql`drop function postrider.server_identity()`;
      await sql`alter function postrider.server_identity_at_once() rename to server_identity`;
    },
  };
}

void test('who asks while somebody else notices is told what that one has found', async () => {
  await place(sql);
  const told = await checkWatermark(sql, {});
  const marks = remembered(told, { restores: told.restores + 1 });
  const [gate, slow] = [machine.connect(1), machine.connect(1)];
  const pid = await pidOf(slow);
  await using _ = await slowToAsk(pid, 4711);
  await gate`select pg_advisory_lock(4711)`;
  const asked = checkWatermark(slow, marks);
  await waitsForLock(sql, pid);
  const first = await checkWatermark(sql, marks);
  await gate`select pg_advisory_unlock(4711)`;
  assert.deepEqual(await asked, first);
  assert.deepEqual([first.restores, first.noticed !== null], [told.restores + 2, true]);
  await dealtWith(sql);
});

void test('printers are asked when no lease from before can be left', async () => {
  await place(sql);
  const left = async (): Promise<boolean> => {
    const [row] = await sql<
      { left: boolean }[]
    >`select postrider.longest_posting_time('1 minute') > '0' as left`;
    return row?.left === true;
  };
  assert.equal(await left(), false);
  const told = await checkWatermark(sql, {});
  await checkWatermark(sql, remembered(told, { restores: told.restores + 1 }));
  assert.equal(await left(), true);
  await sql`select postrider.turn_clock('61 seconds')`;
  assert.equal(await left(), false);
  await dealtWith(sql);
});

void test('what no runner remembers is refused in our words, and holds nothing', async () => {
  await place(sql);
  const { installation, restores, system } = await checkWatermark(sql, {});
  for (const told of [
    { restores: 'x' },
    { restores: 99_999_999_999 },
    { restores, system, timeline: 'x' },
    { restores, witnesses: {} },
    { restores, witnesses: [1] },
    { restores, witnesses: [{ organizationId: 'x' }] },
    { restores, witnesses: [{ moveNo: -1e300 }] },
  ]) {
    const remembers = JSON.stringify({ [installation]: told });
    await assert.rejects(
      sql`select postrider.check_watermark(${remembers}::text::jsonb)`,
      (error: { code: string; hint: string }) => {
        assert.equal(error.code, 'PR020', remembers);
        assert.match(error.hint, /nothing was changed/);
        return true;
      },
    );
  }
  assert.deepEqual(await held(sql), []);
});
