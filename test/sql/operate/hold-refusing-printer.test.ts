/**
 * A printer that refuses to work for us is held, once, unless somebody has released it since the
 * cohort began: then the refusal is older than the repair.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clearAlarm, hold, release } from '@postrider/core';
import { holdRefusingPrinter } from '../../../packages/core/src/machine/mail.ts';
import {
  alarms,
  answered,
  mailBegun,
  onlyPiece,
  one,
  pidOf,
  place,
  refused,
  sending,
  settleAll,
  sharedMachine,
  turnClock,
  waitsForLock,
} from '../rig.ts';

const rig = sharedMachine();
const WHY = 'the printer refuses to work for us: bad_key: Your API key is not valid';

async function begun() {
  const { sql } = rig;
  const at = await place(sql);
  const { cohortId } = await sending(sql, at);
  const printer = { ...at, printerName: 'press' };
  return {
    ...at,
    held: async () => {
      const [row] = await sql<{ why: string | null }[]>`
        select held_why as why
        from postrider.printer
        where organization_id = ${at.organizationId} and held_at is not null`;
      return row?.why ?? null;
    },
    refuse: async (client = sql, alarm = true) =>
      await holdRefusingPrinter(client, printer, { cohortId, why: WHY, alarm }),
    open: async () => [
      ...(await sql<{ id: string; meaning: string; helps: string }[]>`
        select id, meaning, what_helps as helps
        from postrider.alarms
        where organization_id = ${at.organizationId} and kind = 'connection_refused'`),
    ],
  };
}

void test('the printer is held once, with one alarm, and the release clears it', async () => {
  const at = await begun();
  assert.deepEqual([await at.refuse(), await at.refuse()], ['held', 'waits']);
  assert.equal(await at.held(), WHY);
  const [alarm, ...further] = await at.open();
  assert.deepEqual(further, []);
  assert.match(
    alarm?.meaning ?? '',
    /^printer press is held, and no card was lost: the printer refuses.*bad_key/,
  );
  assert.match(alarm?.helps ?? '', /postrider\.release\('[^']+', 'printer', 'press'\)/);
  await release(rig.sql, { ...at, kind: 'printer', id: 'press' }, 'the key was rotated');
  assert.deepEqual(await at.open(), []);
  assert.equal(await at.held(), null);
});

void test('an alarm that somebody has cleared while the printer is held comes again with its next refusal', async () => {
  const at = await begun();
  await at.refuse();
  await clearAlarm(rig.sql, (await at.open())[0]?.id ?? '', 'seen');
  assert.equal(await at.refuse(), 'waits');
  assert.deepEqual(await at.open(), []);
  await release(rig.sql, { ...at, kind: 'printer', id: 'press' });
  await rig.sql`
    update postrider.cohort
    set begun_at = postrider.now()
    where organization_id = ${at.organizationId}`;
  assert.equal(await at.refuse(), 'held');
  assert.equal((await at.open()).length, 1);
});

void test('a hold of somebody else stays theirs, and raises no alarm', async () => {
  const at = await begun();
  await hold(rig.sql, { ...at, kind: 'printer', id: 'press' }, 'the ink is wrong');
  assert.equal(await at.refuse(), 'waits');
  assert.equal(await at.held(), 'the ink is wrong');
  assert.deepEqual(await alarms(rig.sql, at), []);
});

void test('a refusal that is older than the release does not hold the mended printer again', async () => {
  const at = await begun();
  await at.refuse();
  await release(rig.sql, { ...at, kind: 'printer', id: 'press' }, 'mended');
  assert.equal(await at.refuse(), 'waits');
  assert.equal(await at.held(), null);
});

void test('a printer that is being released is not held for what it was', async () => {
  const at = await begun();
  await at.refuse();
  const operator = rig.machine.connect(1);
  const runner = rig.machine.connect(1);
  const pid = await pidOf(runner);
  await operator`begin`;
  await release(operator, { ...at, kind: 'printer', id: 'press' }, 'mended');
  const asked = at.refuse(runner);
  await waitsForLock(rig.sql, pid);
  await operator`commit`;
  assert.equal(await asked, 'waits');
  assert.equal(await at.held(), null);
});

void test('without an alarm it is held all the same', async () => {
  const at = await begun();
  assert.equal(await at.refuse(rig.sql, false), 'held');
  assert.equal(await at.held(), WHY);
  assert.deepEqual(await alarms(rig.sql, at), []);
});

void test('a printer that is not there cannot be held', async () => {
  const at = await begun();
  const nobody = { ...at, printerName: 'nobody' };
  await refused(
    'PR010',
    holdRefusingPrinter(rig.sql, nobody, { cohortId: at.campaignId, why: WHY, alarm: true }),
    /there is no printer nobody/,
  );
});

void test('who was refused goes back as held: the same piece and key, no attempt, no pause that grows', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  const before = await onlyPiece(sql, at);
  for (let round = 0; round < 3; round += 1) {
    const again = round === 0 ? batch : await mailBegun(sql, at);
    await settleAll(sql, at, again, (piece) => answered(piece, 'refused'));
    const person = await one(sql, at);
    assert.deepEqual(
      [person.state, person.reason, person.detail, person.attempt],
      ['proofed', 'held', 'it was refused', 0],
    );
    assert.deepEqual(
      (
        await sql`select from postrider.recipient_state where recipient_id = ${person.id}
        and available_at <= postrider.now()`
      ).length,
      1,
      'as soon as they are let',
    );
    const piece = await onlyPiece(sql, at);
    assert.deepEqual([piece.id, piece.key, piece.status], [before.id, before.key, 'submitting']);
  }
});

void test('who was refused and is to be cancelled is cancelled: nothing was made', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  await sql`select postrider.cancel(recipient_id) from postrider.recipient_state
    where organization_id = ${at.organizationId}`;
  await settleAll(sql, at, batch, (piece) => answered(piece, 'refused'));
  const { state, reason } = await one(sql, at);
  assert.deepEqual([state, reason], ['skipped', 'cancelled']);
  assert.equal((await onlyPiece(sql, at)).status, 'cancelled');
});

void test('a refusal of a cohort that was given up decides nothing', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  await turnClock(sql, 120_000);
  await sql`select postrider.reap('20 seconds', '30 seconds')`;
  await settleAll(sql, at, batch, (piece) => answered(piece, 'refused'));
  assert.deepEqual(
    [(await one(sql, at)).state, (await onlyPiece(sql, at)).status],
    ['sending', 'unknown'],
  );
});
