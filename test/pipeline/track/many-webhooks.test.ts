/** Webhooks that come together: stored and applied together, each for itself all the same. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { MachineError } from '@postrider/core';
import type { Printer } from '@postrider/core/ports';
import { states } from '../../support/machine.ts';
import { connect } from '../../support/server.ts';
import type { Opened } from '../rig.ts';
import { accepted, delivered, events, hooks, looked, reading } from './webhooks.ts';

function request(body: string, headers: Record<string, string> = {}) {
  return { url: '/', headers, body: Buffer.from(body) };
}

/** Verifies by a header, and takes the id of a delivery from another. */
function verifying(read: { with: (body: string) => unknown }): Printer {
  return {
    ...reading(read),
    verifyWebhook: ({ headers, body }) => {
      if (headers['throws'] !== undefined) throw new Error('its secret cannot be read');
      if (headers['forged'] !== undefined) return { valid: false, message: 'it is forged' };
      const deliveryId = headers['id'] ?? createHash('sha256').update(body).digest('hex');
      return { valid: true, deliveryId };
    },
  };
}

void test('webhooks that come at once have each their own answer, and what is answered is stored', async () => {
  await using place = await accepted(1, verifying({ with: () => [] }));
  const { pipeline, sql } = place;
  const { organizationId } = place.place;
  const post = async (body: string, headers?: Record<string, string>): Promise<string> =>
    await pipeline.receiveWebhook(organizationId, 'press', request(body, headers)).then(
      ({ outcome }) => outcome,
      (error: unknown) =>
        error instanceof MachineError ? error.kind : error instanceof Error ? error.message : '?',
    );
  // The first keeps the others waiting, so that these come together.
  const answers = await Promise.all([
    post('first'),
    post('second'),
    post('a'),
    post('a'),
    post('b', { forged: '' }),
    post('c', { throws: '' }),
    post('d', { id: 'x'.repeat(1001) }),
    post('e', { id: 'nul\0' }),
    post('first'),
    post('\xe4\u{1f4ee}'),
    post('nobody', { id: 'a name' }),
    pipeline.receiveWebhook(organizationId, 'nobody', request('f')).then(({ outcome }) => outcome),
  ]);
  // Of the two that are one delivery either may be on the disk first.
  const alike = [...answers.splice(0, 1), ...answers.splice(7, 1)];
  assert.deepEqual(alike.toSorted(), ['repeated', 'stored']);
  assert.deepEqual(
    answers.map((answer) => (answer.startsWith('invalid byte') ? 'invalid byte' : answer)),
    [
      'stored',
      'stored',
      'repeated',
      'forged',
      'its secret cannot be read',
      'invalid_argument',
      'invalid byte',
      'stored',
      'stored',
      'unknown_printer',
    ],
  );
  const kept = await sql<{ body: Buffer }[]>`select body from postrider.provider_event`;
  assert.deepEqual(
    kept.map(({ body }) => body.toString()).toSorted(),
    ['a', 'first', 'nobody', 'second', '\xe4\u{1f4ee}'].toSorted(),
  );
  // Bytes that are no text, beside others that are: each as it came.
  const odd = [Buffer.from([0xc3]), Buffer.from([0xa4]), Buffer.from([0x61, 0]), Buffer.from('g')];
  const told = await Promise.all(
    [...odd, Buffer.from('g')].map(
      async (body) =>
        await pipeline.receiveWebhook(organizationId, 'press', { url: '/', headers: {}, body }),
    ),
  );
  assert.deepEqual(
    told.map(({ outcome }) => outcome),
    ['stored', 'stored', 'stored', 'stored', 'repeated'],
  );
  const bytes = await sql<{ body: Buffer }[]>`
    select body from postrider.provider_event order by received_at desc, delivery_id limit 4`;
  assert.deepEqual(
    bytes.map(({ body }) => body.toString('hex')).toSorted(),
    odd.map((body) => body.toString('hex')).toSorted(),
  );
});

/** Forty webhooks, stored in one statement: they are applied together. */
async function tellTogether({ sql, place }: Opened, bodies: readonly string[]): Promise<void> {
  await sql`
    select postrider.receive_webhooks(
      ${place.organizationId}, 'press', ${bodies.map((_, at) => `delivery ${at}`)}::text[],
      ${bodies.join('')}, ${bodies.map((body) => String(body.length))}::text[]::int[]
    ), pg_notify('postrider_moved', 'track')`;
}

void test('of many webhooks one that the database refuses, and one that tells something odd, cost no other', async () => {
  await using place = await accepted(40, reading({ with: (body) => JSON.parse(body) as unknown }));
  const { pieces, sql } = place;
  const admin = connect(place.machine.database.adminUrl);
  await admin.unsafe(
    `alter table postrider.mailpiece_event
      add constraint cursed check (event_id <> '${pieces[7]} delivered')`,
  );
  await tellTogether(
    place,
    pieces.map((id, at) =>
      JSON.stringify([delivered(id), ...(at === 23 ? [{ unusable: 'a new word', raw: id }] : [])]),
    ),
  );
  await looked(place);
  assert.deepEqual(await states(sql), { received: 39, sent: 1 });
  const kept = (await hooks(place)).flatMap(({ error }) => error ?? []).toSorted();
  assert.equal(kept.length, 2);
  assert.match(kept.join('\n'), /a new word\n.*cursed|cursed.*\n.*a new word/);
  await admin.unsafe('alter table postrider.mailpiece_event drop constraint cursed');
  await admin.end();
});

void test('events of one card in several webhooks count by rank and once, in whichever order they are applied together', async () => {
  await using place = await accepted(4, reading({ with: (body) => JSON.parse(body) as unknown }));
  const { pieces, sql } = place;
  const words = ['delivered', 'in_transit', 'processed_for_delivery', 'in_transit'] as const;
  const told = pieces.flatMap((id) =>
    words.map((status) => JSON.stringify([delivered(id, { status, eventId: `${id} ${status}` })])),
  );
  await tellTogether(place, [...told, ...told]);
  await looked(place);
  assert.deepEqual(await states(sql), { received: 4 });
  assert.equal(await events(place), 4 * 3);
  const [moves] = await sql`
    select count(*)::int as n from postrider.recipient_event where to_state = 'received'`;
  assert.equal(moves?.['n'], 4);
  const [webhooks] = await sql`
    select count(*)::int as n
    from postrider.mailpiece_event e
    join postrider.provider_event w on w.id = e.inbox_id and w.received_at = e.received_at`;
  assert.equal(webhooks?.['n'], 4 * 3);
});
