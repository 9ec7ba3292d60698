/**
 * A printer that forgets keys, makes what it is asked for, and never answers in time: there is one
 * card for everybody, however long people wait in between.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoopPrinter } from '@postrider/adapters/noop';
import type { FindResult, Printer, SubmitResult } from '@postrider/core/ports';
import { states } from '../../support/machine.ts';
import { turnClock } from '../../sql/rig.ts';
import { open, until, type Opened } from '../rig.ts';

const HOUR = 3_600_000;

/**
 * Makes a card for each request with a key that it does not remember; it remembers them until it is
 * told to forget. Answers nothing while it is mute.
 */
function forgetful(over: Partial<Printer> = {}) {
  const known = new Set<string>();
  const made: string[] = [];
  let isMute = true;
  let look: FindResult['outcome'] = 'cannot_tell';
  const printer: Printer = {
    ...createNoopPrinter(),
    keyLifetimeMs: 24 * HOUR,
    submit: async (pieces, lease) => {
      lease.assertMaySend();
      return await Promise.resolve(
        pieces.map(({ idempotencyKey, reference }): SubmitResult => {
          const replayed = known.has(idempotencyKey);
          known.add(idempotencyKey);
          if (!replayed) made.push(reference.mailpieceId);
          return isMute
            ? { outcome: 'unknown', message: 'no answer came' }
            : {
                outcome: 'accepted',
                providerId: `id of ${reference.mailpieceId}`,
                replayed,
                expectedDelivery: null,
              };
        }),
      );
    },
    find: async (pieces) =>
      await Promise.resolve(
        pieces.map(({ reference }): FindResult =>
          look === 'found'
            ? { outcome: 'found', providerId: `id of ${reference.mailpieceId}` }
            : { outcome: 'cannot_tell', message: 'it lists nothing' },
        ),
      ),
    ...over,
  };
  return {
    printer,
    made,
    forget: () => known.clear(),
    speak: () => void (isMute = false),
    lookUp: () => void (look = 'found'),
  };
}

async function reconciled({ pipeline, place, sql }: Opened): Promise<void> {
  await sql`
    update postrider.mailpiece
    set available_at = postrider.now()
    where status = 'unknown'`;
  await pipeline.reconcile(place.organizationId);
}

void test('people who wait for longer than a key lives, to be sent again by it, are looked up and not printed twice', async () => {
  const press = forgetful();
  await using opened = await open({ people: 3, ports: { printer: press.printer } });
  const { sql, pipeline } = opened;
  await pipeline.start();
  await until(
    async () => (await sql`select from postrider.mailpiece where status = 'unknown'`).length === 3,
  );
  // Held for a day, so that nobody is sent again at once.
  await sql`select postrider.hold(organization_id, 'campaign', id::text) from postrider.campaign`;
  await reconciled(opened);
  await until(async () => (await states(sql))['proofed'] === 3);
  await turnClock(sql, 24 * HOUR);
  press.forget();
  press.speak();
  await sql`
    select postrider.release(organization_id, 'campaign', id::text) from postrider.campaign`;
  await until(
    async () => (await sql`select from postrider.mailpiece where status = 'unknown'`).length === 3,
  );
  assert.equal(press.made.length, 3, 'nobody was sent again');
  press.lookUp();
  await reconciled(opened);
  await until(async () => (await states(sql))['sent'] === 3);
  assert.equal(new Set(press.made).size, press.made.length);
});

void test('a key that dies while its card waits for its turn at the adapter is not used', async () => {
  let turns = 0;
  const press = forgetful();
  const slow: Printer = {
    ...press.printer,
    timeoutMs: 500,
    submit: async (pieces, lease, context) => {
      turns += 1;
      if (turns === 1) return await press.printer.submit(pieces, lease, context);
      // It waits for its turn, as for a rate limit, and gives signs of life.
      for (;;) {
        try {
          lease.assertMaySend();
        } catch {
          return pieces.map(() => ({ outcome: 'retry', afterMs: 60_000, message: 'not sent' }));
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  };
  await using opened = await open({
    people: 1,
    ports: { printer: slow },
    settings: { leaseMs: 1000 },
  });
  const { sql, pipeline } = opened;
  await pipeline.start();
  await until(
    async () => (await sql`select from postrider.mailpiece where status = 'unknown'`).length === 1,
  );
  await sql`select postrider.hold(organization_id, 'campaign', id::text) from postrider.campaign`;
  await reconciled(opened);
  // It is begun with a second of its key's life left beyond the lease.
  await sql`update postrider.mailpiece set repeat_until = postrider.now() + interval '3 seconds'`;
  await sql`
    select postrider.release(organization_id, 'campaign', id::text) from postrider.campaign`;
  await until(
    async () =>
      turns >= 2 &&
      (
        await sql`
        select from postrider.recipient_state
        where state = 'proofed' and reason = 'retry' and detail = 'not sent'`
      ).length === 1,
  );
  assert.equal(press.made.length, 1);
});
