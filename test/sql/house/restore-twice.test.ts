/**
 * A second restore before the first was dealt with; printers that were held already, or are new.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type postgres from 'postgres';
import {
  checkWatermark,
  concludeRestore,
  longestPostingTime,
  restoreNoticedAt,
  type Mark,
  type Marks,
  type Watermark,
} from '../../../packages/core/src/machine/restore.ts';
import { freshMachine, type Machine } from '../../support/machine.ts';
import { place } from '../rig.ts';

let machine: Machine;
let sql: postgres.Sql;
before(async () => {
  machine = await freshMachine();
  sql = machine.sql;
});
after(async () => await machine[Symbol.asyncDispose]());

function remembered(
  { installation, restores, system, timeline }: Watermark,
  over: Partial<Mark> = {},
): Marks {
  return {
    [installation]: { restores, system, timeline, witnesses: [], ...over },
  };
}

async function dealtWith(): Promise<void> {
  await sql`select postrider.conclude_restore()`;
  await sql`update postrider.printer set held_at = null, held_why = null`;
}

async function left(): Promise<boolean> {
  const [row] = await sql<
    { left: boolean }[]
  >`select postrider.longest_posting_time('1 minute') > '0' as left`;
  return row?.left === true;
}

void test('after a second failover printers are asked when no lease from before that one can be left', async () => {
  await place(sql);
  await checkWatermark(sql, {});
  await sql`update postrider.installation set timeline = timeline + 1`;
  await checkWatermark(sql, {});
  assert.equal(await left(), true);
  await sql`select postrider.turn_clock('1 hour')`;
  assert.equal(await left(), false);
  // Nobody has dealt with the first one when the second comes.
  await sql`update postrider.installation set timeline = timeline + 1`;
  await checkWatermark(sql, {});
  assert.equal(await left(), true);
  await dealtWith();
});

void test('a server that was superseded does not begin the wait anew whenever it is asked', async () => {
  await place(sql);
  const told = await checkWatermark(sql, {});
  const later = remembered(told, { timeline: (told.timeline ?? 0) + 1 });
  await checkWatermark(sql, later);
  await sql`select postrider.turn_clock('61 seconds')`;
  await checkWatermark(sql, later);
  assert.equal(await left(), false);
  await dealtWith();
});

void test('a printer that is held for another reason is held for the restore as well', async () => {
  const { organizationId } = await place(sql);
  await checkWatermark(sql, {});
  const [printer] = await sql<
    { name: string }[]
  >`select name from postrider.printer where organization_id = ${organizationId}`;
  await sql`
    select postrider.hold(${organizationId}, 'printer', ${printer?.name ?? ''}, 'paper jam')`;
  await sql`update postrider.installation set timeline = timeline + 1`;
  await checkWatermark(sql, {});
  const [held] = await sql<
    { why: string }[]
  >`select held_why as why from postrider.printer where organization_id = ${organizationId}`;
  assert.match(held?.why ?? '', /reconcile --since/);
  await dealtWith();
});

void test('a printer that is named again before a restore was dealt with is held: its row was lost, and its cards are unknown', async () => {
  const { organizationId } = await place(sql);
  await checkWatermark(sql, {});
  await sql`update postrider.installation set timeline = timeline + 1`;
  await checkWatermark(sql, {});
  await sql`select postrider.define_printer(${organizationId}, 'lost', '{"kind": "noop"}', true)`;
  const [held] = await sql<{ why: string | null }[]>`
    select held_why as why
    from postrider.printer
    where organization_id = ${organizationId} and name = 'lost'`;
  assert.match(held?.why ?? '', /reconcile --since/);
  await dealtWith();
});

void test('a server that tells its timeline is remembered by it, although the one before did not tell', async () => {
  await place(sql);
  await checkWatermark(sql, {});
  await sql`update postrider.installation set timeline = null, system_identifier = null`;
  const told = await checkWatermark(sql, {});
  assert.equal(told.noticed, null);
  const [is] = await sql<{ timeline: number; system: string }[]>`
    select timeline::int, system_identifier as system from postrider.installation`;
  assert.deepEqual({ ...is }, { timeline: told.timeline, system: told.system });
  // It is promoted.
  await sql`update postrider.installation set timeline = timeline + 1`;
  assert.match((await checkWatermark(sql, {})).noticed ?? '', /timeline went/);
  await dealtWith();
});

void test('the last request of a runner with a longer lease has its answer, and can be found, before printers are asked', async () => {
  await place(sql);
  await checkWatermark(sql, {});
  await sql`select postrider.heartbeat(gen_random_uuid(), 'a patient one', 1, 1, '0', '5 minutes')`;
  await sql`update postrider.installation set timeline = timeline + 1`;
  await checkWatermark(sql, {});
  // It posts until its lease is over; a request takes up to eleven seconds, of which reconcile
  // --since knows.
  await sql`select postrider.turn_clock('301 seconds')`;
  assert.ok((await longestPostingTime(sql, 60_000, 11_000)) > 5000);
  await sql`select postrider.turn_clock('11 seconds')`;
  assert.equal(await longestPostingTime(sql, 60_000, 11_000), 0);
  await dealtWith();
});

async function promoted(): Promise<void> {
  await sql`update postrider.installation set timeline = timeline + 1`;
}

async function isNoticed(): Promise<boolean> {
  return (await restoreNoticedAt(sql)) !== null;
}

void test('who asked about one restore does not conclude another that was noticed meanwhile', async () => {
  await place(sql);
  await checkWatermark(sql, {});
  await promoted();
  await checkWatermark(sql, {});
  const asked = [{ noticedAt: await restoreNoticedAt(sql) }];
  await promoted();
  await checkWatermark(sql, {});
  assert.deepEqual([await concludeRestore(sql, asked), await isNoticed()], [false, true]);
  assert.match(
    String((await sql`select held_why from postrider.printer limit 1`)[0]?.['held_why']),
    /reconcile --since/,
  );
  // Of two printers one was asked before it.
  const both = [...asked, { noticedAt: await restoreNoticedAt(sql) }];
  assert.deepEqual([await concludeRestore(sql, both), await isNoticed()], [false, true]);
  assert.deepEqual([await concludeRestore(sql, both.slice(1)), await isNoticed()], [true, false]);
  await dealtWith();
});

void test('a restore that was noticed after the printers were asked is not concluded, although there was none when they were', async () => {
  await place(sql);
  await checkWatermark(sql, {});
  const asked = [{ noticedAt: await restoreNoticedAt(sql) }];
  assert.equal(await concludeRestore(sql, asked), true);
  await promoted();
  await checkWatermark(sql, {});
  assert.deepEqual([await concludeRestore(sql, asked), await isNoticed()], [false, true]);
  await dealtWith();
});

void test('that this server was superseded is not concluded by who asked before, although it counts no restore', async () => {
  await place(sql);
  const told = await checkWatermark(sql, {});
  await promoted();
  const { restores } = await checkWatermark(sql, {});
  const asked = [{ noticedAt: await restoreNoticedAt(sql) }];
  const later = remembered(told, { restores, timeline: (told.timeline ?? 0) + 1 });
  assert.deepEqual(
    [(await checkWatermark(sql, later)).superseded, (await checkWatermark(sql, {})).restores],
    [true, restores],
  );
  assert.deepEqual([await concludeRestore(sql, asked), await isNoticed()], [false, true]);
  await dealtWith();
});

void test('a failover that nobody has noticed yet is not concluded with the one before: it is noticed', async () => {
  await place(sql);
  await checkWatermark(sql, {});
  for (const asked of [(at: string | null) => [{ noticedAt: at }], () => []]) {
    await promoted();
    await checkWatermark(sql, {});
    const at = await restoreNoticedAt(sql);
    await promoted();
    assert.equal(await concludeRestore(sql, asked(at)), false);
    assert.ok((await isNoticed()) && (await restoreNoticedAt(sql)) !== at);
    await dealtWith();
  }
});

void test('of two who asked about the same restore the second finds it concluded', async () => {
  await place(sql);
  await checkWatermark(sql, {});
  await promoted();
  await checkWatermark(sql, {});
  const asked = [{ noticedAt: await restoreNoticedAt(sql) }];
  const done = await Promise.all([concludeRestore(sql, asked), concludeRestore(sql, asked)]);
  assert.deepEqual(
    [done, await isNoticed(), await concludeRestore(sql, asked)],
    [[true, true], false, true],
  );
  await dealtWith();
});
