/** By what a database is told from an older state of itself, and what follows. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, test } from 'node:test';
import type postgres from 'postgres';
import { beginMail } from '../../packages/core/src/machine/mail.ts';
import { tick } from '../../packages/core/src/machine/house.ts';
import {
  checkWatermark,
  type Mark,
  type Marks,
  type Watermark,
  type Witness,
} from '../../packages/core/src/machine/restore.ts';
import { freshMachine, type Machine } from '../support/machine.ts';
import {
  LEASE_MS,
  mailBegun,
  pidOf,
  place,
  proofed,
  RUNNER,
  sending,
  stage,
  waitsForLock,
} from './rig.ts';

// A database of its own for each: what is tried here is one row of it.
let machine: Machine;
let sql: postgres.Sql;
before(async () => {
  machine = await freshMachine();
  sql = machine.sql;
});
after(async () => await machine[Symbol.asyncDispose]());
afterEach(async () => await dealtWith());

function remembered(
  { installation, restores, system, timeline }: Watermark,
  over: Partial<Mark> = {},
): Marks {
  return {
    [installation]: { restores, system, timeline, witnesses: [], ...over },
  };
}

async function held(): Promise<string[]> {
  const rows = await sql<
    { why: string }[]
  >`select held_why as why from postrider.printer where held_at is not null`;
  return [...new Set(rows.map(({ why }) => why))];
}

async function dealtWith(): Promise<void> {
  await sql`select postrider.restore_reconciled()`;
  await sql`update postrider.printer set held_at = null, held_why = null`;
}

/** A begin that the database has, as a runner remembers it. */
async function begun(): Promise<Witness> {
  const at = await place(sql);
  const { pieces } = await sending(sql, at, 1);
  const [piece] = pieces;
  assert.ok(piece !== undefined);
  const { recipientId, mailpieceId, moveNo } = piece;
  return { organizationId: at.organizationId, recipientId, mailpieceId, moveNo };
}

void test('what it was is what it is: nothing is noticed, however often it is asked', async () => {
  const witness = await begun();
  const first = await checkWatermark(sql, {});
  for (let round = 0; round < 3; round += 1)
    assert.deepEqual(await checkWatermark(sql, remembered(first, { witnesses: [witness] })), first);
  assert.deepEqual([first.noticed, first.superseded, await held()], [null, false, []]);
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
    const witness = await begun();
    const marks = await forget(await checkWatermark(sql, {}), witness);
    const noticed = await checkWatermark(sql, marks);
    assert.match(noticed.noticed ?? '', why);
    assert.equal(noticed.superseded, false);
    const [reason, ...others] = await held();
    assert.deepEqual(others, []);
    assert.match(reason ?? '', why);
    assert.match(reason ?? '', /postrider reconcile --since, then release$/);
    const [doctor] =
      await sql`select verdict, message from postrider.doctor() where check_name = 'restore'`;
    assert.equal(doctor?.['verdict'], 'bad');
    assert.match(String(doctor?.['message']), why);
    // Whoever comes with the same memory, or releases without having asked, is not stopped a second
    // time.
    await sql`update postrider.printer set held_at = null, held_why = null`;
    await checkWatermark(sql, marks);
    assert.deepEqual(await held(), []);
    await dealtWith();
    const now = await checkWatermark(sql, marks);
    assert.deepEqual([now.noticed, await held()], [null, []]);
  });
}

void test('a begin asks first: it begins nobody in a database that is an older state of itself', async () => {
  const at = await place(sql);
  await proofed(sql, at, 1);
  const [cohort] = await stage(sql, at, 'mail');
  const told = await checkWatermark(sql, {});
  const lost = remembered(told, {
    witnesses: [
      {
        organizationId: at.organizationId,
        recipientId: randomUUID(),
        moveNo: 1,
        mailpieceId: randomUUID(),
      },
    ],
  });
  const said: Watermark[] = [];
  const nothing = await beginMail(
    sql,
    at.organizationId,
    cohort ?? '',
    RUNNER,
    LEASE_MS,
    lost,
    (watermark) => said.push(watermark),
  );
  assert.equal(nothing, null);
  assert.match(said[0]?.noticed ?? '', /does not know/);
  const [person] =
    await sql`select state, reason from postrider.recipient_state where organization_id = ${at.organizationId}`;
  assert.deepEqual({ ...person }, { state: 'proofed', reason: 'held' });
  await dealtWith();
  assert.equal((await mailBegun(sql, at)).pieces.length, 1);
});

void test('so does whoever looks for lost work, who also tells of the begins of others', async () => {
  const witness = await begun();
  const runner = {
    id: RUNNER,
    name: 'a test',
    proofSlots: 1,
    mailSlots: 1,
    version: '0',
    leaseMs: LEASE_MS,
  };
  const first = await tick(sql, runner, 600_000, 600_000, {});
  assert.ok(
    first.witnesses.some(
      (one) => one.recipientId === witness.recipientId && one.mailpieceId === witness.mailpieceId,
    ),
  );
  const second = await tick(
    sql,
    runner,
    600_000,
    600_000,
    remembered(first.watermark, { restores: first.watermark.restores + 5 }),
  );
  assert.match(second.watermark.noticed ?? '', /before its last restore/);
  await dealtWith();
});

void test('a server that another has taken over from is held whenever it is asked, and its word is not remembered', async () => {
  await place(sql);
  const told = await checkWatermark(sql, {});
  const later = remembered(told, { timeline: (told.timeline ?? 0) + 1 });
  for (let round = 0; round < 2; round += 1) {
    const noticed = await checkWatermark(sql, later);
    assert.equal(noticed.superseded, true);
    assert.equal(
      noticed.restores,
      told.restores,
      'the server that took over would look older than this one',
    );
    assert.match((await held()).join(), /another server has taken over from this one/);
    await sql`update postrider.printer set held_at = null, held_why = null`;
  }
  // Somebody has decided that this is the one that counts.
  await dealtWith();
  const now = await checkWatermark(sql, later);
  assert.deepEqual(
    [now.superseded, now.noticed, now.restores > told.restores],
    [false, null, true],
  );
});

void test('a server that another has taken over from begins nobody, also where its printer is released at that very moment', async () => {
  const at = await place(sql);
  await proofed(sql, at, 1);
  const told = await checkWatermark(sql, {});
  const later = remembered(told, { timeline: (told.timeline ?? 0) + 1 });
  const [cohort] = await stage(sql, at, 'mail');
  await checkWatermark(sql, later);
  const [gate, slow] = [machine.connect(1), machine.connect(1)];
  const pid = await pidOf(slow);
  await sql`alter function postrider.notice_restore(text, boolean, jsonb, text, bigint) rename to notice_restore_at_once`;
  await sql.unsafe(`create function postrider.notice_restore(a text, b boolean, c jsonb, d text, e bigint) returns void language plpgsql as $$
    begin
      perform postrider.notice_restore_at_once(a, b, c, d, e);
      perform pg_advisory_xact_lock_shared(4712);
    end $$`);
  try {
    await gate`select pg_advisory_lock(4712)`;
    const begun = beginMail(slow, at.organizationId, cohort ?? '', RUNNER, LEASE_MS, later).catch(
      (error: Error) => error.message,
    );
    await waitsForLock(sql, pid);
    await sql`update postrider.printer set held_at = null, held_why = null`;
    await gate`select pg_advisory_unlock(4712)`;
    assert.match(JSON.stringify(await begun), /another server has taken over/);
    const [person] =
      await sql`select state from postrider.recipient_state where organization_id = ${at.organizationId}`;
    assert.equal(person?.['state'], 'sending_staged', 'it is tried again');
  } finally {
    await sql`drop function postrider.notice_restore(text, boolean, jsonb, text, bigint)`;
    await sql`alter function postrider.notice_restore_at_once(text, boolean, jsonb, text, bigint) rename to notice_restore`;
  }
});

void test('two that notice at once hold once, and do not wait for each other in a circle', async () => {
  await place(sql);
  const told = await checkWatermark(sql, {});
  const marks = remembered(told, { restores: told.restores + 1 });
  const all = await Promise.all(
    Array.from({ length: 6 }, async () => await checkWatermark(sql, marks)),
  );
  assert.deepEqual(new Set(all.map(({ restores }) => restores)), new Set([told.restores + 2]));
  await dealtWith();
});

/**
 * The session `pid` stands still when it asks which server it is on, with what it has read before,
 * until the lock `gate` is free.
 */
async function slowToAsk(pid: number, gate: number): Promise<AsyncDisposable> {
  await sql`alter function postrider.server_identity() rename to server_identity_at_once`;
  await sql.unsafe(`create function postrider.server_identity(out system_identifier text, out timeline bigint) language plpgsql as $$
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
  await dealtWith();
});

void test('printers are asked when no lease from before can be left', async () => {
  await place(sql);
  const left = async (): Promise<boolean> => {
    const [row] = await sql<
      { left: boolean }[]
    >`select postrider.posting_may_last('1 minute') > '0' as left`;
    return row?.left === true;
  };
  assert.equal(await left(), false);
  const told = await checkWatermark(sql, {});
  await checkWatermark(sql, remembered(told, { restores: told.restores + 1 }));
  assert.equal(await left(), true);
  await sql`select postrider.turn_clock('61 seconds')`;
  assert.equal(await left(), false);
  await dealtWith();
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
  assert.deepEqual(await held(), []);
});
