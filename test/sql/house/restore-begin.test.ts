/**
 * What begins in a database that is an older state of itself, or that another server has taken over
 * from: nothing.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, test } from 'node:test';
import type postgres from 'postgres';
import { beginMail } from '../../../packages/core/src/machine/mail.ts';
import { checkWatermark, type Watermark } from '../../../packages/core/src/machine/restore.ts';
import { freshMachine, type Machine } from '../../support/machine.ts';
import { LEASE_MS, mailBegun, pidOf, place, proofed, RUNNER, stage, waitsForLock } from '../rig.ts';
import { dealtWith, held, releasePrinters, remembered } from '../rig/watermarks.ts';

// A database of its own for each: what is tried here is one row of it.
let machine: Machine;
let sql: postgres.Sql;
before(async () => {
  machine = await freshMachine();
  sql = machine.sql;
});
after(async () => await machine[Symbol.asyncDispose]());
afterEach(async () => await dealtWith(sql));

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
    { ...at, cohortId: cohort ?? '', runnerId: RUNNER, leaseMs: LEASE_MS, remembered: lost },
    (watermark) => said.push(watermark),
  );
  assert.equal(nothing, null);
  assert.match(said[0]?.noticed ?? '', /does not know/);
  const [person] = await sql`
    select state, reason
    from postrider.recipient_state
    where organization_id = ${at.organizationId}`;
  assert.deepEqual({ ...person }, { state: 'proofed', reason: 'held' });
  await dealtWith(sql);
  assert.equal((await mailBegun(sql, at)).pieces.length, 1);
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
    assert.match((await held(sql)).join(), /another server has taken over from this one/);
    await releasePrinters(sql);
  }
  // Somebody has decided that this is the one that counts.
  await dealtWith(sql);
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
  await sql`
    alter function postrider.notice_restore(text, boolean, jsonb, text, bigint)
      rename to notice_restore_at_once`;
  await sql.unsafe(`
    create function postrider.notice_restore(a text, b boolean, c jsonb, d text, e bigint)
    returns void language plpgsql as $$
    begin
      perform postrider.notice_restore_at_once(a, b, c, d, e);
      perform pg_advisory_xact_lock_shared(4712);
    end $$`);
  try {
    await gate`select pg_advisory_lock(4712)`;
    const begun = beginMail(slow, {
      ...at,
      cohortId: cohort ?? '',
      runnerId: RUNNER,
      leaseMs: LEASE_MS,
      remembered: later,
    }).catch((error: Error) => error.message);
    await waitsForLock(sql, pid);
    await releasePrinters(sql);
    await gate`select pg_advisory_unlock(4712)`;
    assert.match(JSON.stringify(await begun), /another server has taken over/);
    const [person] = await sql`
      select state from postrider.recipient_state where organization_id = ${at.organizationId}`;
    assert.equal(person?.['state'], 'sending_staged', 'it is tried again');
  } finally {
    await sql`drop function postrider.notice_restore(text, boolean, jsonb, text, bigint)`;
    await sql`
      alter function postrider.notice_restore_at_once(text, boolean, jsonb, text, bigint)
        rename to notice_restore`;
  }
});
