/** From test to live on the same campaign: nothing of the test counts, nothing of it is lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { cancel, endCampaign, goLive, launch } from '@postrider/core';
import { people, syncPeople, type Place } from '../../support/machine.ts';
import {
  accepted,
  answered,
  event,
  firstOf,
  idOf,
  mailBegun,
  one,
  place,
  proofed,
  proofing,
  reasonsOf,
  refused,
  rendered,
  sending,
  sent,
  settle,
  settleAll,
  staged,
  statesOf,
  tell,
  sharedMachine,
} from '../rig.ts';
import { another, mailAll, pieces } from './tested.ts';

const rig = sharedMachine();

void test('everybody whom the test brought on begins again, and is mailed live', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  const batch = await sending(sql, at, 6);
  const [p0, p1, p2, p3, p4, p5] = batch.pieces;
  assert.ok(p0 && p1 && p2 && p3 && p4 && p5);
  await settle(sql, at, batch, [
    ...[p0, p1, p2].map((piece) => accepted(piece)),
    answered(p3, 'rejected'),
    answered(p4, 'rejected', { badAddress: true }),
    answered(p5, 'retry', { afterMs: 0 }),
  ]);
  await tell(sql, at, [
    event({ providerId: idOf(p1), status: 'delivered' }),
    event({ providerId: idOf(p2), status: 'returned' }),
  ]);
  assert.deepEqual(Object.values(await statesOf(sql, at)).toSorted(), [
    'error',
    'proofed',
    'received',
    'returned',
    'sent',
    'skipped',
  ]);
  assert.deepEqual(await goLive(sql, at, { why: 'the test looked well' }), {
    status: 'active',
    mode: 'live',
    voided: 6,
    begunAgain: 5,
    turnedAway: 0,
  });
  assert.deepEqual(Object.values(await statesOf(sql, at)).toSorted(), [
    ...Array.from({ length: 5 }, () => 'pending'),
    'proofed',
  ]);
  const live = await mailAll(sql, at);
  assert.deepEqual(
    live.pieces.map(({ mode }) => mode),
    Array.from({ length: 6 }, () => 'live'),
  );
  assert.deepEqual(
    Object.values(await statesOf(sql, at)),
    Array.from({ length: 6 }, () => 'sent'),
  );
  assert.deepEqual((await pieces(sql, at)).toSorted(), [
    ...Array.from({ length: 6 }, () => 'live accepted'),
    ...Array.from({ length: 6 }, () => 'test voided'),
  ]);
  // The story has both, and says which is which.
  const trace = await sql<{ what: string; detail: string | null }[]>`
    select what, detail from postrider.trace(${p1.recipientId}::text)`;
  const told = (what: string): (string | null)[] =>
    trace.filter((line) => line.what === what).map(({ detail }) => detail);
  assert.match(String(told('sent → received')), /test: nothing was printed/);
  assert.match(String(told('mailpiece delivered')), /test: nothing was printed/);
  assert.equal(
    told('sending → sent').filter((detail) => detail?.includes('test: nothing was printed')).length,
    1,
  );
  assert.match(String(told('received → pending')), /went live.* in the test: received/);
  assert.match(String(told('launch campaign')), /live mode, after a test: the test looked well/);
});

void test('going live again changes nothing, and goes only from a test', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  await sent(sql, at, 1);
  await goLive(sql, at);
  const live = await mailAll(sql, at);
  const nothing = { status: 'active', mode: 'live', voided: 0, begunAgain: 0, turnedAway: 0 };
  assert.deepEqual(await goLive(sql, at), nothing);
  assert.deepEqual(await statesOf(sql, at), { p0: 'sent' });
  assert.equal(live.pieces.length, 1);
  await refused('PR014', launch(sql, at, { mode: 'test' }), /launched in live mode/);
  const early = await place(sql, {}, null);
  await refused('PR012', goLive(sql, early), /was not launched yet/);
  const over = await place(sql, {}, 'test');
  await endCampaign(sql, over, { status: 'archived' });
  await refused('PR012', goLive(sql, over), /archived/);
});

void test('it needs an armed printer, or arms it; where it is refused nothing is changed', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  await sent(sql, at, 1);
  await sql`select postrider.disarm_printer(${at.organizationId}, 'press')`;
  const error = await refused('PR015', goLive(sql, at), /not armed/);
  assert.match(String(error.hint), /Nothing was changed/);
  assert.deepEqual(await pieces(sql, at), ['test accepted']);
  const other = await another(sql, at, 'test', 'other');
  const batch = await sending(sql, other, [
    {
      externalId: 'x',
      line1: '1 Elm St',
      city: 'Ware',
      region: 'MA',
      postalCode: '01082',
      country: 'US',
    },
  ]);
  await refused(
    'PR017',
    goLive(sql, other, { arm: true }),
    /not answered yet for 1 test card of campaign other/,
  );
  assert.equal(await armed(sql, at), false);
  await settleAll(sql, other, batch);
  await goLive(sql, other, { arm: true });
  assert.equal(await armed(sql, at), true);
});

async function armed(sql: postgres.Sql, at: Place): Promise<boolean> {
  const [row] = await sql<{ armed: boolean }[]>`
    select armed_at is not null as armed
    from postrider.printers
    where organization_id = ${at.organizationId}`;
  return row?.armed === true;
}

void test('whose live card may exist never begins again, whoever asks', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sent(sql, at, 3);
  const [, p1, p2] = batch.pieces;
  assert.ok(p1 && p2);
  await tell(sql, at, [
    event({ providerId: idOf(p1), status: 'delivered' }),
    event({ providerId: idOf(p2), status: 'returned' }),
  ]);
  const back = (state: string): PromiseLike<unknown> =>
    sql.begin(async (tx) => {
      await tx`select postrider.act_as('op')`;
      await tx`
        update postrider.recipient_state
        set state = 'pending', move_no = move_no + 1
        where organization_id = ${at.organizationId}
          and state = ${state}`;
    });
  for (const state of ['sent', 'received', 'returned'])
    await refused('PR017', back(state), /a mailpiece of theirs is open/);
  // A live piece cannot be voided, by whoever types it, nor be made a test.
  await assert.rejects(
    async () =>
      await sql`
      update postrider.mailpiece set status = 'voided'
      where organization_id = ${at.organizationId}`,
    /mailpiece_voided_is_a_test/,
  );
  await refused(
    'PR004',
    sql`
    update postrider.mailpiece set mode = 'test', status = 'voided'
    where organization_id = ${at.organizationId}`,
  );
  // Without an open piece, too, somebody who was turned away stays so.
  await syncPeople(sql, at, people(4), false);
  await cancel(sql, (await one(sql, at, 'p3')).id);
  await refused('PR017', back('skipped'), /without a test mailpiece/);
});

void test('people in cohorts of the test are taken out, and its runners move nobody', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  const render = await proofing(sql, at, 1);
  await goLive(sql, at);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'pending (went_live)' });
  assert.equal(await render.settle(render.cards.map((card) => rendered(card.recipientId))), 0);
  assert.deepEqual(await statesOf(sql, at), { p0: 'pending' });
  const second = await place(sql, {}, 'test');
  const cohort = await staged(sql, second, 'mail', 1);
  await goLive(sql, second);
  assert.deepEqual(await reasonsOf(sql, second), { p0: 'proofed (went_live)' });
  const live = await mailBegun(sql, second);
  assert.notEqual(live.cohortId, cohort);
  assert.equal(firstOf(live).mode, 'live');
  await settleAll(sql, second, live);
});

void test('a test says so in why, and in the views', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  const why = async (): Promise<string> =>
    String(
      (await sql`select postrider.why('p0@example.com', ${at.organizationId}) as why`)[0]?.['why'],
    );
  await proofed(sql, at, 1);
  assert.match(await why(), /The campaign is a test: nothing is printed\./);
  const batch = await mailBegun(sql, at);
  const [cohort] = await sql`
    select mode from postrider.queue where organization_id = ${at.organizationId}`;
  assert.equal(cohort?.['mode'], 'test');
  await settleAll(sql, at, batch);
  assert.match(await why(), /is sent .* This is a test: nothing was printed\. Next: delivery/);
  const modes = async (): Promise<unknown[]> => [
    (
      await sql`select mode from postrider.recipients where organization_id = ${at.organizationId}`
    )[0]?.['mode'],
    (
      await sql`select mode from postrider.funnel where organization_id = ${at.organizationId}`
    )[0]?.['mode'],
    (
      await sql`select mode from postrider.campaigns where organization_id = ${at.organizationId}`
    )[0]?.['mode'],
  ];
  assert.deepEqual(await modes(), ['test', 'test', 'test']);
  await tell(sql, at, [event({ providerId: idOf(firstOf(batch)), status: 'failed' })]);
  const [stuck] = await sql`
    select mode, state from postrider.stuck where organization_id = ${at.organizationId}`;
  assert.deepEqual({ ...stuck }, { mode: 'test', state: 'error' });
  await goLive(sql, at);
  assert.deepEqual(await modes(), ['live', 'live', 'live']);
  assert.doesNotMatch(await why(), /test: nothing/);
});
