/**
 * Somebody who is to be sent again for the sake of a key may have a card already: nobody knows what
 * became of the first request. Whatever stops them just then must not take them for somebody
 * without a card: the printer is asked first, and a card that it has is called back.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cancel,
  cancelPeople,
  erase,
  retry,
  retryAll,
  suppress,
  type CampaignDefinition,
} from '@postrider/core';
import { claimCallBacks, settleCallBacks } from '../../../packages/core/src/machine/call-back.ts';
import { people, syncPeople, type Place } from '../../support/machine.ts';
import {
  alarms,
  answered,
  begin,
  claimDue,
  DAY,
  idOf,
  mailBegun,
  one,
  onlyPiece,
  openCohorts,
  place,
  reap,
  reasonsOf,
  settleAll,
  sharedMachine,
  stageOne,
  turnClock,
  unknownDue,
} from '../rig.ts';
import { claimOne, conclude, toBeRepeated, verdict } from '../rig/reconcile.ts';

const rig = sharedMachine();

/** One person in `proofed`, to be sent again since the printer honours the key. */
async function inDoubt(over: Partial<CampaignDefinition> = {}): Promise<Place> {
  // Only a campaign with a cap counts what it opens.
  const at = await place(rig.sql, { total_cap: 9, ...over });
  await toBeRepeated(rig.sql, at);
  return at;
}

/** Nobody is said to have no card: the printer is asked, and nothing else is done meanwhile. */
async function assertIsAskedFor(at: Place, reason: string): Promise<void> {
  const { sql } = rig;
  const person = await one(sql, at);
  assert.deepEqual([person.state, person.reason], ['sending', reason]);
  assert.notEqual(person.cancelRequestedAt, null);
  assert.equal((await onlyPiece(sql, at)).status, 'unknown');
  const [counts] = await sql`
    select opened::int, reserved::int, not_made::int
    from postrider.spending
    where organization_id = ${at.organizationId}`;
  assert.deepEqual({ ...counts }, { opened: 1, reserved: 1, not_made: 0 }, 'it stays counted');
}

/** The printer has made it: it is called back as any other card that is cancelled. */
async function assertIsCalledBack(at: Place): Promise<void> {
  const { sql } = rig;
  const piece = await claimOne(sql, at);
  await conclude(sql, at, verdict(piece, 'found', { providerId: idOf(piece) }));
  const person = await one(sql, at);
  assert.equal(person.state, 'sent');
  assert.notEqual(person.cancelRequestedAt, null);
  const [asked] = await claimCallBacks(sql, at.organizationId, 10);
  assert.equal(asked?.providerId, idOf(piece));
  await settleCallBacks(sql, at.organizationId, [
    { ...asked, outcome: 'cancelled', message: 'done' },
  ]);
  assert.equal((await one(sql, at)).state, 'skipped');
  assert.equal((await onlyPiece(sql, at)).status, 'cancelled');
  assert.deepEqual(await alarms(sql, at), []);
}

/** The printer has not made it: they are skipped, as everybody with a cancel mark. */
async function assertIsSkipped(at: Place): Promise<void> {
  const { sql } = rig;
  await conclude(sql, at, verdict(await claimOne(sql, at), 'absent'));
  const person = await one(sql, at);
  assert.deepEqual(
    [person.state, person.reason, person.cancelRequestedAt],
    ['skipped', 'cancelled', null],
  );
  assert.equal((await onlyPiece(sql, at)).status, 'cancelled');
  assert.deepEqual([await claimDue(sql, at), await alarms(sql, at)], [[], []]);
}

type Stop = (at: Place) => Promise<unknown>;

/** What stops somebody before the printer, and the reason that it gives. */
const stops: readonly (readonly [name: string, reason: string, stop: Stop])[] = [
  ['cancelled', 'cancelled', async (at) => await cancel(rig.sql, (await one(rig.sql, at)).id)],
  [
    'cancelled with the whole campaign',
    'cancelled',
    async (at) => {
      const { free, atPrinter, after } = await cancelPeople(rig.sql, at);
      assert.deepEqual([free, atPrinter, after], [0, 1, null]);
    },
  ],
  [
    'in a campaign that is ended',
    'campaign_closed',
    async ({ organizationId, campaignId }) =>
      await rig.sql`select postrider.end_campaign(${organizationId}, ${campaignId}, 'archived')`,
  ],
  [
    'suppressed by e-mail',
    'suppressed',
    async (at) =>
      await suppress(rig.sql, at.organizationId, { email: 'p0@example.com' }, 'opted out'),
  ],
  [
    'suppressed by id',
    'suppressed',
    async (at) => await suppress(rig.sql, at.organizationId, { externalId: 'p0' }, 'opted out'),
  ],
  [
    'suppressed by address',
    'suppressed',
    async (at) =>
      await suppress(
        rig.sql,
        at.organizationId,
        { line1: '1 p Street', postalCode: '94607', country: 'US' },
        'opted out',
      ),
  ],
  [
    'forbidden by the source',
    'do_not_mail',
    async (at) =>
      await syncPeople(
        rig.sql,
        at,
        people(1).map((person) => ({ ...person, doNotMail: true })),
      ),
  ],
  ['erased', 'erased', async (at) => await erase(rig.sql, (await one(rig.sql, at)).id)],
];

for (const [name, reason, stop] of stops) {
  for (const isStaged of [false, true])
    void test(`who is ${name} ${isStaged ? 'in a cohort' : 'while waiting'} to be sent again is asked for at the printer first, and called back if there is a card`, async () => {
      const at = await inDoubt();
      const cohort = isStaged ? await stageOne(rig.sql, at, 'mail') : null;
      await stop(at);
      await assertIsAskedFor(at, reason);
      // The cohort that they were in has nobody to send.
      if (cohort !== null) assert.equal(await begin(rig.sql, at, 'mail', cohort), null);
      assert.deepEqual(await openCohorts(rig.sql, at), []);
      await assertIsAskedFor(at, reason);
      await assertIsCalledBack(at);
    });
  void test(`who is ${name} while waiting to be sent again is skipped once the printer has told that there is no card`, async () => {
    const at = await inDoubt();
    await stop(at);
    await assertIsAskedFor(at, reason);
    await assertIsSkipped(at);
  });
}

void test('who turns out to be suppressed, or forbidden, when their cohort begins is asked for first', async () => {
  const { sql } = rig;
  for (const reason of ['suppressed', 'do_not_mail']) {
    const at = await inDoubt();
    const cohort = await stageOne(sql, at, 'mail');
    // Past suppress() and the sync, which would have stopped them at once.
    if (reason === 'suppressed')
      await sql`
        insert into postrider.suppression (
          organization_id, id, kind, digest, reason, source, added_by, created_at)
        values (
          ${at.organizationId}, postrider.new_id(), 'email',
          postrider.digest_of(${at.organizationId}, 'email', 'p0@example.com'),
          'opted out', 'test', 'test', postrider.now())`;
    else
      await sql`
        update postrider.recipient set do_not_mail = 'the list says so'
        where organization_id = ${at.organizationId}`;
    assert.equal(await begin(sql, at, 'mail', cohort), null);
    await assertIsAskedFor(at, reason);
    await assertIsCalledBack(at);
  }
});

void test('whose offer is over before they are sent again is asked for first', async () => {
  const { sql } = rig;
  const [row] =
    await sql`select ((postrider.now() at time zone 'America/New_York')::date + 5)::text as day`;
  const at = await inDoubt({ offer_ends_on: String(row?.['day']), transit_days: 5 });
  await turnClock(sql, DAY + 1000);
  assert.equal(await begin(sql, at, 'mail', await stageOne(sql, at, 'mail')), null);
  await assertIsAskedFor(at, 'offer_over');
  await assertIsCalledBack(at);
});

/** In error after too many losses, with a piece that was to be sent again. */
async function failedInDoubt(): Promise<Place> {
  const { sql } = rig;
  const at = await inDoubt();
  await sql`
    update postrider.recipient_state set losses = 9
    where organization_id = ${at.organizationId}`;
  const cohort = await stageOne(sql, at, 'mail');
  await sql`delete from postrider_queue.job where id = ${cohort}`;
  await turnClock(sql, 3_600_000);
  await reap(sql);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'error (too_many_losses)' });
  return at;
}

void test('who is given up in error, while a card may exist, is asked for first', async () => {
  const { sql } = rig;
  const given = await failedInDoubt();
  await cancel(sql, (await one(sql, given)).id, 'no longer wanted');
  await assertIsAskedFor(given, 'cancelled');
  assert.equal((await one(sql, given)).detail, 'no longer wanted');
  await assertIsCalledBack(given);
  const all = await failedInDoubt();
  const { free, atPrinter, after } = await cancelPeople(sql, all);
  assert.deepEqual([free, atPrinter, after], [0, 1, null]);
  await assertIsAskedFor(all, 'cancelled');
  await assertIsSkipped(all);
});

void test('a retry sends them again with the same key, and who may not be mailed any more is asked for first', async () => {
  const { sql } = rig;
  const again = await failedInDoubt();
  const { key } = await onlyPiece(sql, again);
  assert.deepEqual(await retryAll(sql, again, 'too_many_losses'), {
    tried: { proofed: 1 },
    refused: 0,
    left: 0,
  });
  assert.equal((await mailBegun(sql, again)).pieces[0]?.idempotencyKey, key);
  const optedOut = await failedInDoubt();
  await suppress(sql, optedOut.organizationId, { email: 'p0@example.com' }, 'opted out');
  assert.equal(await retry(sql, (await one(sql, optedOut)).id), 'sending');
  await assertIsAskedFor(optedOut, 'suppressed');
  await assertIsCalledBack(optedOut);
});

for (const outcome of ['retry', 'refused'] as const)
  void test(`who is cancelled while they are sent again is asked for first where the answer is ${outcome}: it is about this request alone`, async () => {
    const { sql } = rig;
    const at = await inDoubt();
    const batch = await mailBegun(sql, at);
    assert.equal(batch.pieces.length, 1);
    await cancel(sql, (await one(sql, at)).id);
    await settleAll(sql, at, batch, (piece) => answered(piece, outcome));
    await assertIsAskedFor(at, 'begun');
    assert.deepEqual(await openCohorts(sql, at), []);
    assert.deepEqual(await claimDue(sql, at), [], 'an answer may be late: not at once');
    await turnClock(sql, 31_000);
    await assertIsCalledBack(at);
  });

void test('whose piece was proven not printed is stopped at once, as before', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await unknownDue(sql, at);
  await conclude(sql, at, verdict(await claimOne(sql, at), 'cannot_tell', { keyLifetimeMs: DAY }));
  await settleAll(sql, at, await mailBegun(sql, at), (piece) => answered(piece, 'unknown'));
  await turnClock(sql, 31_000);
  await conclude(sql, at, verdict(await claimOne(sql, at), 'absent'));
  await cancel(sql, (await one(sql, at)).id);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'skipped (cancelled)' });
  assert.equal((await onlyPiece(sql, at)).status, 'cancelled');
});

void test('of whom the printer cannot tell is a matter for a person, and the cancel is obeyed with the verdict', async () => {
  const { sql } = rig;
  const at = await inDoubt();
  await cancel(sql, (await one(sql, at)).id);
  for (let round = 0; round < 7; round += 1) {
    const piece = await claimOne(sql, at);
    await conclude(sql, at, verdict(piece, 'cannot_tell', { keyLifetimeMs: 30 * DAY }));
    await turnClock(sql, 900_000);
  }
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'error (outcome_unknown)' });
  const { id } = await onlyPiece(sql, at);
  await sql`select postrider.resolve(${id}, 'not_printed', 'Jo, on the phone')`;
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'skipped (cancelled)' });
});
