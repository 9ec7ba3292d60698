/**
 * A cohort that is taken away under the hands of its worker: a printer without keys gets each card
 * once all the same.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Printer } from '@postrider/core';
import { open, until } from '../rig.ts';

/** Makes a card of every request; knows no keys. */
function keyless(): Printer & { readonly cards: string[] } {
  const cards: string[] = [];
  return {
    cards,
    takes: ['application/x-noop'],
    keyLifetimeMs: null,
    readLagMs: 0,
    timeoutMs: 300,
    maxBatch: 1,
    async submit(pieces, lease) {
      return await Promise.resolve(
        pieces.map(({ reference }) => {
          lease.assertMaySend();
          cards.push(reference.mailpieceId);
          return {
            outcome: 'accepted',
            providerId: `card ${cards.length}`,
            replayed: false,
            expectedDelivery: null,
          };
        }),
      );
    },
    async find(pieces) {
      return await Promise.resolve(
        pieces.map(({ reference }) => {
          const at = cards.indexOf(reference.mailpieceId);
          return at < 0
            ? { outcome: 'absent' }
            : { outcome: 'found', providerId: `card ${at + 1}` };
        }),
      );
    },
    cancel: async (ids) =>
      await Promise.resolve(ids.map(() => ({ outcome: 'too_late', message: 'it is printed' }))),
    verifyWebhook: () => ({ valid: false, message: 'none' }),
    parseWebhook: () => [],
  };
}

void test('a cohort that is deleted in the middle of its work makes no second card, also where the old worker posts to the end of its lease', async () => {
  const printer = keyless();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let posts = 0;
  let isWaiting = false;
  const leaseMs = 60_000;
  await using opened = await open({
    people: 2,
    ports: { printer },
    settings: { leaseMs, graceMs: 100, quietMs: 0, reapMs: 100 },
    onPoint: async (point) => {
      if (point !== 'mail.before-post' || (posts += 1) !== 2) return;
      isWaiting = true;
      await released;
    },
  });
  const { sql, pipeline, place } = opened;
  try {
    await pipeline.start();
    await until(
      async () =>
        isWaiting &&
        (await sql`select from postrider.recipient_state where state = 'sent'`).length === 1,
    );
    // It has been at work for longer than a lease, and has just renewed it.
    await sql`
      update postrider.recipient_state
      set since = since - interval '1 hour'
      where state = 'sending'`;
    await sql`delete from postrider.cohort where stage = 'mail'`;
    await until(
      async () =>
        (await sql`select from postrider.mailpiece where status = 'unknown'`).length === 1,
    );
    // Its next renewal is due after a quarter of the lease at the latest, and may be lost.
    await sql`select postrider.turn_clock(${`${leaseMs / 2} milliseconds`}::interval)`;
    assert.equal(
      await pipeline.reconcile(place.organizationId),
      0,
      'nobody asks the printer while the old worker may post',
    );
    release();
    await until(
      async () =>
        (await sql`select from postrider.recipient_state where state = 'sent'`).length === 2,
    );
    assert.equal(printer.cards.length, 2);
    assert.equal(new Set(printer.cards).size, 2);
  } finally {
    release();
  }
});

void test('a runner with a short lease beside one with a long one gives back lost work all the same', async () => {
  await using opened = await open({
    people: 1,
    settings: { leaseMs: 10_000, graceMs: 100, reapMs: 100, proofSlots: 0 },
  });
  const { sql, pipeline } = opened;
  await sql`select postrider.heartbeat(gen_random_uuid(), 'slow', 0, 0, '1', '10 minutes')`;
  await sql`select postrider.stage_round('proof', 1, 1)`;
  await sql`delete from postrider.cohort`;
  await pipeline.start();
  await until(
    async () =>
      (await sql`select from postrider.recipient_state where reason = 'lease_lost' or losses > 0`)
        .length === 1,
  );
  assert.deepEqual(
    opened.log.filter((line) => /cannot be reached/.test(line)),
    [],
  );
});
