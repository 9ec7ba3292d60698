/**
 * Tracking: a mailpiece's status is a function of the set of its events; not of their order, nor of
 * how often or how early they are told.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyCampaign, retry } from '@postrider/core';
import { definition, people, syncPeople, type Place } from '../support/machine.ts';
import {
  accepted,
  alarms,
  answered,
  event,
  mailBegun,
  one,
  onlyPiece,
  pieces,
  place,
  proofAll,
  reasonsOf,
  sending,
  sent,
  settle,
  sharedMachine,
  standing,
  statesOf,
  tell,
  turnClock,
  settleAll,
  tellAll,
} from './rig.ts';

const rig = sharedMachine();
const LONG = process.env['POSTRIDER_TEST_LONG'] === '1';
const STATUSES = [
  'accepted',
  'in_production',
  'in_transit',
  'in_local_area',
  'processed_for_delivery',
  'delivered',
  'returned',
  'failed',
  'cancelled',
  'rerouted',
  'rejected',
  null,
];
const RANK = [
  'accepted',
  'in_production',
  'failed',
  'cancelled',
  'in_transit',
  'in_local_area',
  'processed_for_delivery',
  'delivered',
  'returned',
];
const SURE = ['scan', 'assumed', 'logical', 'estimated'];

interface Told {
  readonly status: string | null;
  readonly confidence: string;
}

/** What must come of a set of events, whatever their order. */
function expected(events: readonly Told[]): { status: string; state: string; rerouted: boolean } {
  const ranks = events.map((e) =>
    RANK.indexOf(e.status === 'rejected' ? 'failed' : (e.status ?? '')),
  );
  const status = RANK[Math.max(0, ...ranks)] ?? '';
  const surest =
    SURE.find((c) => events.some((e) => e.status === 'delivered' && e.confidence === c)) ?? '';
  const states: Record<string, string> = {
    delivered: `received (${surest})`,
    returned: 'returned (returned)',
    failed: 'error (failed_at_printer)',
    cancelled: 'skipped (cancelled)',
  };
  return {
    status,
    state: states[status] ?? 'sent',
    rerouted: events.some((e) => e.status === 'rerouted'),
  };
}

void test('any order, repetition and grouping of any events ends the same, also before the answer that names the piece', async () => {
  const { sql } = rig;
  const told = fc.record({
    status: fc.constantFrom(...STATUSES),
    confidence: fc.constantFrom(...SURE),
  });
  const plan = fc.array(told, { minLength: 1, maxLength: 6 }).chain((events) =>
    fc.record({
      events: fc.constant(events),
      // Every event at least once, some twice, in any order; split into calls; the printer's answer
      // somewhere in between; with or without our reference.
      order: fc
        .shuffledSubarray([...events.keys(), ...events.keys()], { minLength: events.length })
        .map((order) => [...order, ...events.keys()]),
      answerAt: fc.nat({ max: events.length + 1 }),
      together: fc.boolean(),
      reference: fc.boolean(),
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(plan, { minLength: 12, maxLength: 12 }), async (plans) => {
      const at = await place(sql);
      const batch = await sending(sql, at, people(plans.length));
      const cases = plans.map((p, i) => ({ ...p, piece: batch.pieces[i] ?? assert.fail() }));
      const steps = Math.max(...cases.map((c) => c.order.length)) + 1;
      for (let step = 0; step < steps; step += 1) {
        const answers = cases.filter((c) => c.answerAt === step).map((c) => accepted(c.piece));
        const now = cases.flatMap((c) => {
          const numbers = c.together ? (step === 1 ? c.order : []) : c.order.slice(step, step + 1);
          return numbers.map((n) => {
            const what = c.events[n];
            const mailpieceId = c.reference ? c.piece.mailpieceId : null;
            return event(
              {
                providerId: `id of ${c.piece.mailpieceId}`,
                mailpieceId,
                status: what?.status ?? null,
              },
              {
                eventId: `${c.piece.mailpieceId} ${n}`,
                confidence: what?.confidence ?? 'scan',
                providerStatus: 'as the printer says',
              },
            );
          });
        });
        if (step % 2 === 0 && answers.length > 0) await settle(sql, at, batch, answers, false);
        if (now.length > 0) await tell(sql, at, now);
        if (step % 2 === 1 && answers.length > 0) await settle(sql, at, batch, answers, false);
        if (step % 3 === 0) await sql`select postrider.match_events(${at.organizationId})`;
      }
      await settle(
        sql,
        at,
        batch,
        cases.map((c) => accepted(c.piece)),
        false,
      );
      await sql`select postrider.match_events(${at.organizationId})`;
      const there = new Map((await pieces(sql, at)).map((piece) => [piece.id, piece]));
      const persons = new Map((await standing(sql, at)).map((person) => [person.id, person]));
      for (const c of cases) {
        const piece = there.get(c.piece.mailpieceId);
        const person = persons.get(c.piece.recipientId);
        const state = person?.state === 'sent' ? 'sent' : `${person?.state} (${person?.reason})`;
        assert.deepEqual(
          { status: piece?.status, state, rerouted: piece?.rerouted },
          expected(c.events),
        );
      }
    }),
    { numRuns: LONG ? 300 : 8 },
  );
});

void test('a webhook that comes before the answer is kept, and counts when the id lands', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  await tell(sql, at, [event({ providerId: 'psc_1', status: 'in_transit' })]);
  assert.equal((await one(sql, at)).state, 'sending');
  await settleAll(sql, at, batch, (piece) => accepted(piece, 'psc_1'));
  assert.deepEqual(
    [(await one(sql, at)).state, (await onlyPiece(sql, at)).status],
    ['sent', 'in_transit'],
  );
});

void test('an event and the answer that do not see each other meet at the next beat', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  const slow = machine.connect(1);
  await slow.begin(async (tx) => {
    await tell(tx, at, [event({ providerId: 'psc_2', status: 'delivered' })]);
    await settleAll(sql, at, batch, (piece) => accepted(piece, 'psc_2'));
  });
  assert.equal((await one(sql, at)).state, 'sent');
  await sql`select postrider.match_events(${at.organizationId})`;
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'received (scan)' });
});

void test('our reference in an event resolves a piece of which nobody knew', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  await settleAll(sql, at, batch, (piece) => answered(piece, 'unknown'));
  await tell(sql, at, [
    event({
      providerId: 'psc_3',
      mailpieceId: batch.pieces[0]?.mailpieceId ?? null,
      status: 'accepted',
    }),
  ]);
  assert.deepEqual(
    [(await one(sql, at)).state, (await onlyPiece(sql, at)).providerId],
    ['sent', 'psc_3'],
  );
});

void test("a reference that is another organization's or another printer's is not believed", async () => {
  const { sql } = rig;
  const mine = await place(sql);
  const theirs = await place(sql);
  const batch = await sending(sql, mine);
  const stray = event({
    providerId: 'psc_4',
    mailpieceId: batch.pieces[0]?.mailpieceId ?? null,
    status: 'delivered',
  });
  await tell(sql, theirs, [stray]);
  await tell(sql, mine, [stray], 'another printer');
  assert.deepEqual(
    [(await one(sql, mine)).state, (await onlyPiece(sql, mine)).status],
    ['sending', 'submitting'],
  );
});

void test('a status that we do not know is kept and reported once, and moves nobody', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sent(sql, at);
  const id = `id of ${batch.pieces[0]?.mailpieceId}`;
  for (const eventId of ['a', 'b'])
    await tell(sql, at, [
      event(
        { providerId: id, status: null },
        { eventId: eventId + at.organizationId, providerStatus: 'teleported' },
      ),
    ]);
  assert.equal((await one(sql, at)).state, 'sent');
  assert.deepEqual(await alarms(sql, at), ['unknown_status']);
  const kept =
    await sql`select status, provider_status from postrider.mailpiece_event where organization_id = ${at.organizationId}`;
  assert.deepEqual(
    kept.map((row) => ({ ...row })),
    [
      { status: null, provider_status: 'teleported' },
      { status: null, provider_status: 'teleported' },
    ],
  );
});

void test('an event that is told again is not new', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sent(sql, at);
  const scan = event({ providerId: `id of ${batch.pieces[0]?.mailpieceId}`, status: 'in_transit' });
  assert.equal(await tell(sql, at, [scan, scan]), 1);
  assert.equal(await tell(sql, at, [scan]), 0);
});

void test('an address that mail came back from is suppressed for the whole organization, for good', async () => {
  const { sql } = rig;
  const at = await place(sql, { exclusion_window: '0' });
  // An earlier entry for the same household, which has run out since: it must not stand in the way.
  await sql`select postrider.suppress(${at.organizationId}, p_line1 => '1 p Street', p_postal_code => '94607', p_expires_at => postrider.now() + interval '1 second')`;
  await turnClock(sql, 2000);
  const batch = await sent(sql, at);
  await tellAll(sql, at, batch, 'delivered');
  await tellAll(sql, at, batch, 'returned');
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'returned (returned)' });
  const { campaignId } = await applyCampaign(
    sql,
    at.organizationId,
    definition({ name: 'another', exclusion_window: '0' }),
  );
  const next = { ...at, campaignId };
  await syncPeople(sql, next, [
    {
      ...(people(1)[0] ?? assert.fail()),
      externalId: 'new',
      email: 'new@example.com',
      line1: '1 P ST',
    },
  ]);
  assert.deepEqual(await reasonsOf(sql, next), { new: 'blacklisted (suppressed)' });
  const [entry] =
    await sql`select value, reason, expires_at from postrider.suppression where organization_id = ${at.organizationId}`;
  assert.deepEqual([entry?.['value'], entry?.['expires_at']], ['US|94607|1 P ST|', null]);
});

void test('a card that the printer could not make is a matter for a person; tried again it is a new piece with a new key', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const first = await sent(sql, at);
  await tellAll(sql, at, first, 'failed');
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'error (failed_at_printer)' });
  assert.equal(await retry(sql, (await one(sql, at)).id), 'pending');
  await proofAll(sql, at);
  const second = await mailBegun(sql, at);
  assert.notEqual(second.pieces[0]?.idempotencyKey, first.pieces[0]?.idempotencyKey);
  assert.deepEqual(
    (await pieces(sql, at)).map((piece) => piece.status),
    ['failed', 'submitting'],
  );
});

void test('a scan after it was assumed says how sure it is', async () => {
  const { sql } = rig;
  const at = await place(sql, { assumed_after: '1 day' });
  const batch = await sent(sql, at);
  await turnClock(sql, 86_401_000);
  await sql`select postrider.assume_received(${at.organizationId})`;
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'received (assumed)' });
  await tellAll(sql, at, batch, 'delivered');
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'received (scan)' });
});

void test('a webhook is stored once, and claimed by one', async () => {
  const { sql, machine } = rig;
  const at: Place = await place(sql);
  const store = async (id: string) =>
    (
      await sql`select postrider.receive_webhook(${at.organizationId}, 'press', ${id}, ${Buffer.from('{}')}) as stored`
    )[0]?.['stored'];
  assert.deepEqual([await store('d1'), await store('d1'), await store('d2')], [true, false, true]);
  const other = machine.connect(1);
  await other.begin(async (tx) => {
    const first = await tx`select id from postrider.track_claim(1)`;
    const second = await sql`select id from postrider.track_claim(10)`;
    assert.deepEqual([first.length, second.length], [1, 1]);
    assert.notEqual(first[0]?.['id'], second[0]?.['id']);
    await tx`select postrider.track_done(${at.organizationId}, ${first[0]?.['id'] as string})`;
    await tx`select postrider.track_done(${at.organizationId}, ${second[0]?.['id'] as string}, 'no JSON')`.catch(
      () => undefined,
    );
  });
  const [row] =
    await sql`select count(*) filter (where applied_at is not null)::int as applied, max(error) as error from postrider.provider_event
    where organization_id = ${at.organizationId}`;
  assert.deepEqual({ ...row }, { applied: 1, error: 'no JSON' });
  assert.deepEqual(await statesOf(sql, at), {});
});
