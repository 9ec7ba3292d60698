/**
 * What changes of people who are sent in a test, before it goes live: nothing was printed, and the
 * live card is made of what is known then.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amend, cancel, goLive, launch, suppress } from '@postrider/core';
import { applyAmendedPage } from '../../../packages/core/src/machine/amend.ts';
import { closeSync } from '../../../packages/core/src/machine/sync.ts';
import { people, syncPeople } from '../../support/machine.ts';
import {
  event,
  firstOf,
  idOf,
  membersOf,
  one,
  place,
  proofAll,
  proofing,
  reasonsOf,
  refused,
  rendered,
  resident,
  runOpened,
  sending,
  settleAll,
  sharedMachine,
  statesOf,
  tell,
} from '../rig.ts';
import { mailAll, pieces } from './tested.ts';

const rig = sharedMachine();
const list = [1, 2, 3].map((n) => resident(`t${n}`, {}, n));

void test('a row that changed after its test card is what the live card is made of', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  await syncPeople(sql, at, list);
  const batch = await mailAll(sql, at);
  const report = await syncPeople(sql, at, [
    resident('t1', { line1: '9 Oak Street' }, 1),
    resident('t2', { lastName: 'Nightingale' }, 2),
    resident('t3', {}, 3),
  ]);
  assert.equal(report['changed'], 2);
  // Another name is taken as it is; another household meets the rules, and the test again.
  assert.deepEqual(await statesOf(sql, at), { t1: 'pending', t2: 'sent', t3: 'sent' });
  assert.deepEqual((await pieces(sql, at)).toSorted(), [
    'test accepted',
    'test accepted',
    'test voided',
  ]);
  for (const piece of batch.pieces)
    await tell(sql, at, [event({ providerId: idOf(piece), status: 'delivered' })]);
  assert.deepEqual(await statesOf(sql, at), { t1: 'pending', t2: 'received', t3: 'received' });
  await goLive(sql, at);
  const live = await mailAll(sql, at);
  assert.deepEqual(
    live.pieces
      .map(({ mode, request: { to } }) => `${mode}: ${to.name}, ${to.address.line1}`)
      .toSorted(),
    [
      'live: t1 Byron, 9 Oak Street',
      'live: t2 Nightingale, 1 t2 Street',
      'live: t3 Byron, 1 t3 Street',
    ],
  );
});

void test('who moves to the household of another one gets no live card', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  await syncPeople(sql, at, list);
  await mailAll(sql, at);
  await syncPeople(sql, at, [resident('t1', { line1: '1 t2 Street' }, 1), ...list.slice(1)]);
  assert.match((await reasonsOf(sql, at))['t1'] ?? '', /^skipped \(duplicate\)/);
  await goLive(sql, at);
  assert.equal((await mailAll(sql, at)).pieces.length, 2);
});

void test('who left the list after their test card gets no live card', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  await syncPeople(sql, at, list);
  await mailAll(sql, at);
  const partly = await syncPeople(sql, at, list.slice(0, 1), false);
  assert.equal(partly['left_segment'], 0);
  const report = await syncPeople(sql, at, list.slice(0, 1));
  assert.equal(report['left_segment'], 2);
  assert.deepEqual(await reasonsOf(sql, at), {
    t1: 'sent (accepted)',
    t2: 'skipped (left_segment)',
    t3: 'skipped (left_segment)',
  });
  await goLive(sql, at);
  assert.equal((await mailAll(sql, at)).pieces.length, 1);
  // A live card is not called back by a list.
  await syncPeople(sql, at, [resident('t1', { line1: '9 Oak Street' }, 1)]);
  await syncPeople(sql, at, []);
  assert.equal((await statesOf(sql, at))['t1'], 'sent');
});

void test('a mass departure is asked about also where everybody is sent in a test', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  const many = Array.from({ length: 30 }, (_, n) => resident(`m${n}`, {}, n));
  await syncPeople(sql, at, many);
  await mailAll(sql, at);
  const report = await syncPeople(sql, at, many.slice(0, 2));
  assert.deepEqual([report['complete'], report['left_segment']], [false, 0]);
  assert.match(String(report['error']), /28 of the 30 people/);
});

void test('a person who is sent in a test is amended, and meets the test again', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  await syncPeople(sql, at, list.slice(0, 1));
  await mailAll(sql, at);
  const { id } = await one(sql, at);
  const dry = await amend(sql, id, { line2: 'Apt 4' }, { dryRun: true });
  assert.deepEqual([dry.was, dry.state], ['sent', 'pending']);
  assert.deepEqual(await pieces(sql, at), ['test accepted']);
  const told = await amend(sql, id, { line2: 'Apt 4' });
  assert.deepEqual([told.outcome, told.was, told.state], ['amended', 'sent', 'pending']);
  assert.deepEqual(await reasonsOf(sql, at), { t1: 'pending (amended)' });
  const again = await mailAll(sql, at);
  assert.equal(firstOf(again).request.to.address.line2, 'Apt 4');
  assert.deepEqual(await pieces(sql, at), ['test voided', 'test accepted']);
  await goLive(sql, at);
  const live = await mailAll(sql, at);
  assert.equal(firstOf(live).request.to.address.line2, 'Apt 4');
  await refused('PR017', amend(sql, id, { line2: 'Apt 5' }));
  assert.deepEqual(await pieces(sql, at), ['test voided', 'test voided', 'live accepted']);
});

void test('rules and cancels hold for who is amended in a test', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  await syncPeople(sql, at, list);
  await mailAll(sql, at);
  const ids = await sql<{ id: string }[]>`
    select id from postrider.recipient
    where organization_id = ${at.organizationId} order by external_id`;
  const [first, second, third] = ids.map(({ id }) => id);
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  await suppress(sql, at.organizationId, { line1: '9 Quiet Lane', postalCode: '94607' }, 'test');
  assert.equal((await amend(sql, first, { line1: '9 Quiet Lane' })).state, 'blacklisted');
  assert.equal((await amend(sql, second, { line1: '1 t3 Street' })).reason, 'duplicate');
  await cancel(sql, third);
  await refused('PR017', amend(sql, third, { line1: '7 Elm Street' }), /cancel/);
  await goLive(sql, at);
  assert.deepEqual(await reasonsOf(sql, at), {
    t1: 'blacklisted (suppressed)',
    t2: 'skipped (duplicate)',
    t3: 'skipped (cancelled)',
  });
});

void test('while the printer is asked for the test card it is too late, as ever', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  const batch = await sending(sql, at, 1);
  await refused('PR017', amend(sql, (await one(sql, at)).id, { line2: 'Apt 4' }));
  await settleAll(sql, at, batch);
  assert.equal((await amend(sql, (await one(sql, at)).id, { line2: 'Apt 4' })).state, 'pending');
});

void test('a one-off takes amended rows of people who are sent in its test', async () => {
  const { sql } = rig;
  const at = await place(sql, { campaign_mode: 'one_off' }, null);
  await syncPeople(sql, at, list);
  await launch(sql, at, { mode: 'test' });
  await mailAll(sql, at);
  const run = await runOpened(sql, at, 'amend');
  await applyAmendedPage(sql, run, {
    members: membersOf([resident('t1', { line1: '9 Oak Street' }, 1), ...list.slice(1)]),
    rejects: [],
    waitedMs: 0,
    told: 20,
  });
  const report = await closeSync(sql, run, { complete: true, error: null });
  assert.deepEqual([report.changed, report.tooLate, report.leftSegment], [1, 0, 0]);
  assert.deepEqual(await statesOf(sql, at), { t1: 'pending', t2: 'sent', t3: 'sent' });
  await goLive(sql, at);
  const live = await mailBegunAll();
  assert.ok(live.includes('9 Oak Street'));

  async function mailBegunAll(): Promise<(string | undefined)[]> {
    const batch = await mailAll(sql, at);
    return batch.pieces.map(({ request }) => request.to.address.line1);
  }
});

void test('a row that changed before the launch is what the card is made of, also after its proof', async () => {
  const { sql } = rig;
  for (const campaign_mode of ['one_off', 'automated'] as const) {
    const at = await place(sql, { campaign_mode }, null);
    await syncPeople(sql, at, list);
    await proofAll(sql, at);
    const report = await syncPeople(sql, at, [
      resident('t1', { lastName: 'Nightingale' }, 1),
      resident('t2', {}, 2),
    ]);
    assert.deepEqual([report['changed'], report['left_segment']], [1, 1]);
    assert.deepEqual(await reasonsOf(sql, at), {
      t1: 'pending (source_changed)',
      t2: 'proofed (rendered)',
      t3: 'skipped (left_segment)',
    });
    await launch(sql, at, { mode: 'live', arm: true });
    const live = await mailAll(sql, at);
    assert.deepEqual(live.pieces.map(({ request }) => request.to.name).toSorted(), [
      't1 Nightingale',
      't2 Byron',
    ]);
  }
});

void test('a proof that is being made while its row changes is not the one that is printed', async () => {
  const { sql } = rig;
  const at = await place(sql, { campaign_mode: 'one_off' }, null);
  const batch = await proofing(sql, at, 1);
  await syncPeople(
    sql,
    at,
    people(1).map((person) => ({ ...person, line1: '9 Oak Street' })),
  );
  await batch.settle(batch.cards.map(({ recipientId }) => rendered(recipientId)));
  assert.deepEqual(await statesOf(sql, at), { p0: 'pending' });
  await launch(sql, at, { mode: 'live', arm: true });
  const live = await mailAll(sql, at);
  assert.equal(firstOf(live).request.to.address.line1, '9 Oak Street');
});
