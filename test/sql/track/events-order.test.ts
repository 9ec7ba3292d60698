/** Events of printers in any order and grouping, and as often as they like, end the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { people } from '../../support/machine.ts';
import {
  accepted,
  event,
  pieces,
  place,
  reasonsOf,
  sending,
  sent,
  settle,
  sharedMachine,
  standing,
  tell,
  turnClock,
  tellAll,
} from '../rig.ts';
import { isLong } from '../../support/long.ts';

const rig = sharedMachine();
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
    { numRuns: isLong ? 300 : 8 },
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
