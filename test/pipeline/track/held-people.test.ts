/**
 * People whose rows an open psql session holds: what webhooks tell of them waits, and of everybody
 * else it is applied.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storeWebhooks } from '../../../packages/core/src/machine/track.ts';
import { applyInbox } from '../../../packages/core/src/stages/track/inbox.ts';
import { heldPeople } from '../../sql/rig/held.ts';
import { sent, statesOf, turnClock, type Sending } from '../../sql/rig.ts';
import type { Place } from '../../support/machine.ts';
import { bakery, watched, type Watched } from '../house/watched.ts';
import { delivered, reading } from './webhooks.ts';

/** A webhook for each piece; it was read when it came, or is still to be read. */
async function store(
  { sql }: Watched,
  { organizationId }: Place,
  { pieces }: Sending,
  isRead: boolean,
): Promise<void> {
  const webhooks = pieces.map(({ mailpieceId }) => ({
    deliveryId: mailpieceId,
    body: Buffer.from(mailpieceId),
    events: isRead ? [delivered(mailpieceId)] : null,
  }));
  await storeWebhooks(sql, { organizationId, printerName: 'press' }, webhooks);
}

async function waiting({ sql }: Watched): Promise<number> {
  return (await sql`select from postrider.waiting_webhook`).length;
}

const printer = reading({ with: (id) => [delivered(id)] });
const integrations = { printer: async () => await Promise.resolve(printer) };

void test('webhooks that were read when they came wait only for whom somebody holds, and are applied when they are let go', async () => {
  await using at = await watched({ integrations });
  const { sql } = at;
  const held = await bakery(sql, 'Held');
  const free = await bakery(sql, 'Free');
  const batch = await sent(sql, held, 3);
  await store(at, held, batch, true);
  await store(at, free, await sent(sql, free, 2), true);
  const lunch = await heldPeople(at.machine, [batch.pieces[0]?.recipientId ?? '']);
  assert.equal(await applyInbox(at.context), 4);
  assert.deepEqual(await statesOf(sql, free), { p0: 'received', p1: 'received' });
  const told = Object.values(await statesOf(sql, held)).toSorted();
  assert.deepEqual(told, ['received', 'received', 'sent']);
  assert.equal(await waiting(at), 1);
  // Nobody waits for them again at once.
  assert.equal(await applyInbox(at.context), 0);
  await lunch[Symbol.asyncDispose]();
  await turnClock(sql, 11_000);
  assert.equal(await applyInbox(at.context), 1);
  assert.deepEqual([await waiting(at), (await statesOf(sql, held))['p0']], [0, 'received']);
});

void test('webhooks that are still to be read wait with those of their printer, and cost no other', async () => {
  await using at = await watched({ integrations });
  const { sql } = at;
  const held = await bakery(sql, 'Held');
  const free = await bakery(sql, 'Free');
  const batch = await sent(sql, held, 2);
  await store(at, held, batch, false);
  await store(at, free, await sent(sql, free, 2), false);
  const lunch = await heldPeople(at.machine, [batch.pieces[0]?.recipientId ?? '']);
  assert.equal(await applyInbox(at.context), 2);
  assert.deepEqual(await statesOf(sql, free), { p0: 'received', p1: 'received' });
  assert.equal(await waiting(at), 2);
  await lunch[Symbol.asyncDispose]();
  await turnClock(sql, 11_000);
  assert.equal(await applyInbox(at.context), 2);
  assert.deepEqual(await statesOf(sql, held), { p0: 'received', p1: 'received' });
});

void test('more webhooks of held people than are applied at a time keep those behind them from nothing', async () => {
  await using at = await watched({ integrations });
  const { sql } = at;
  const held = await bakery(sql, 'Held');
  const free = await bakery(sql, 'Free');
  const batch = await sent(sql, held, 1);
  const [piece] = batch.pieces;
  await storeWebhooks(
    sql,
    { organizationId: held.organizationId, printerName: 'press' },
    Array.from({ length: 2000 }, (_, n) => ({
      deliveryId: String(n),
      body: Buffer.from('{}'),
      events: [delivered(piece?.mailpieceId ?? '', { eventId: String(n) })],
    })),
  );
  await store(at, free, await sent(sql, free, 2), true);
  await using _lunch = await heldPeople(at.machine, [piece?.recipientId ?? '']);
  assert.equal(await applyInbox(at.context), 2);
  assert.equal(await waiting(at), 2000);
});
