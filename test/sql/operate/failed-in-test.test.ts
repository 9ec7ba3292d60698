/** Who failed in a test, or is on the way to its printer, while the list changes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amend, goLive } from '@postrider/core';
import { people, syncPeople } from '../../support/machine.ts';
import {
  accepted,
  answered,
  event,
  firstOf,
  idOf,
  mailBegun,
  place,
  proofAll,
  proofing,
  QUIET_MS,
  reasonsOf,
  resident,
  sending,
  settleAll,
  sharedMachine,
  stageOne,
  statesOf,
  tell,
  turnClock,
} from '../rig.ts';
import { mailAll } from './tested.ts';

const rig = sharedMachine();
const list = [1, 2, 3].map((n) => resident(`t${n}`, {}, n));

void test('who is in error in a test follows the list until it goes live, and leaves with it', async () => {
  const { sql } = rig;
  for (const outcome of ['rejected', 'failed', 'unknown'] as const) {
    const at = await place(sql, {}, 'test');
    await syncPeople(sql, at, list);
    await proofAll(sql, at);
    const batch = await mailBegun(sql, at);
    await settleAll(sql, at, batch, (piece) =>
      outcome === 'failed' ? accepted(piece) : answered(piece, outcome),
    );
    if (outcome === 'failed')
      for (const piece of batch.pieces)
        await tell(sql, at, [event({ providerId: idOf(piece), status: 'failed' })]);
    if (outcome === 'unknown') {
      await turnClock(sql, QUIET_MS + 1000);
      await sql`
        select postrider.settle_reconciled(${at.organizationId}, ${JSON.stringify(
          batch.pieces.map(({ mailpieceId }) => ({
            mailpieceId,
            attempt: 0,
            outcome: 'cannot_tell',
          })),
        )}::text::json, 1)`;
    }
    assert.deepEqual(await statesOf(sql, at), { t1: 'error', t2: 'error', t3: 'error' });
    const report = await syncPeople(sql, at, [
      resident('t1', { line1: '9 Oak Street' }, 1),
      resident('t2', { lastName: 'Nightingale' }, 2),
    ]);
    assert.deepEqual([report['changed'], report['left_segment']], [2, 1], outcome);
    assert.match((await reasonsOf(sql, at))['t3'] ?? '', /^skipped \(left_segment\)/);
    await goLive(sql, at);
    await proofAll(sql, at);
    const live = await mailBegun(sql, at);
    assert.deepEqual(
      live.pieces.map(({ request: { to } }) => `${to.name}, ${to.address.line1}`).toSorted(),
      ['t1 Byron, 9 Oak Street', 't2 Nightingale, 1 t2 Street'],
    );
    // In a live mailing a list does not bring back who is in error.
    await settleAll(sql, at, live, (piece) => answered(piece, 'rejected'));
    await syncPeople(sql, at, [resident('t1', { line1: '7 Elm Street' }, 1)]);
    const { t1, t2 } = await statesOf(sql, at);
    assert.deepEqual([t1, t2], ['error', 'error']);
  }
});

void test('who could not be rendered in a test or before it is made of the row of today', async () => {
  const { sql } = rig;
  for (const mode of ['test', null] as const) {
    const at = await place(sql, {}, mode);
    const batch = await proofing(sql, at, 1);
    await batch.settle(
      batch.cards.map(({ recipientId }) => ({
        recipientId,
        outcome: 'failed',
        message: 'a letter is missing',
      })),
    );
    assert.deepEqual(await statesOf(sql, at), { p0: 'error' });
    await syncPeople(sql, at, people(1));
    assert.deepEqual(await statesOf(sql, at), { p0: 'error' });
    await syncPeople(
      sql,
      at,
      people(1).map((person) => ({ ...person, lastName: 'Nightingale' })),
    );
    assert.deepEqual(await reasonsOf(sql, at), { p0: 'pending (source_changed)' });
  }
});

void test('who is in error in a test is amended, and meets the rules once', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  await syncPeople(sql, at, list.slice(0, 2));
  await proofAll(sql, at);
  const batch = await mailBegun(sql, at);
  await settleAll(sql, at, batch, (piece) => answered(piece, 'rejected'));
  const ids = await sql<{ id: string }[]>`
    select id from postrider.recipient
    where organization_id = ${at.organizationId} order by external_id`;
  const [first, second] = ids.map(({ id }) => id);
  assert.ok(first !== undefined && second !== undefined);
  assert.equal((await amend(sql, first, { line2: 'Apt 4' })).state, 'pending');
  assert.equal(
    (await amend(sql, second, { line1: '1 t1 Street', line2: 'Apt 4' })).reason,
    'duplicate',
  );
  assert.equal(firstOf(await mailAll(sql, at)).request.to.address.line2, 'Apt 4');
});

void test('who is staged for the printer of a test follows the list, and who is at it is told', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  const batch = await sending(sql, at, list.slice(0, 1));
  await syncPeople(sql, at, list);
  await proofAll(sql, at);
  await stageOne(sql, at, 'mail');
  assert.deepEqual(await statesOf(sql, at), {
    t1: 'sending',
    t2: 'sending_staged',
    t3: 'sending_staged',
  });
  const amended = [
    resident('t1', { line1: '9 Oak Street' }, 1),
    resident('t2', { lastName: 'Nightingale' }, 2),
  ];
  const report = await syncPeople(sql, at, amended);
  assert.deepEqual(
    [report['changed'], report['unchanged'], report['left_segment'], report['noted']],
    [1, 1, 1, { at_printer: 1 }],
  );
  assert.deepEqual(await statesOf(sql, at), { t1: 'sending', t2: 'pending', t3: 'skipped' });
  const [note] = await sql`
    select source_row::int as row, external_id, message from postrider.sync_notes
    where organization_id = ${at.organizationId}`;
  assert.deepEqual([note?.['row'], note?.['external_id']], [1, 't1']);
  assert.match(
    String(note?.['message']),
    /another line1, .* is sending: the card of the test is at the printer.*next sync takes the row/,
  );
  await settleAll(sql, at, batch);
  assert.equal((await syncPeople(sql, at, amended))['changed'], 1);
  assert.equal((await statesOf(sql, at))['t1'], 'pending');
});
