/** Which printers are polled, and when. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCampaign, armPrinter } from '@postrider/core';
import {
  claimPrintersToPoll,
  noteCaughtUp,
  noteRefusedWebhook,
} from '../../../packages/core/src/machine/track.ts';
import { definition, people, type Place } from '../../support/machine.ts';
import { connected } from '../rig/connections.ts';
import { event, idOf, place, sent, sharedMachine, tell, turnClock } from '../rig.ts';

const rig = sharedMachine();
const MINUTE = 60_000;
const SILENCE = 5 * MINUTE;
const DAY = 24 * 60 * MINUTE;

/** The printers of an organization that are polled now. */
async function polled(at: Place): Promise<string[]> {
  return (await claimPrintersToPoll(rig.sql, SILENCE))
    .filter(({ organizationId }) => organizationId === at.organizationId)
    .map(({ printerName }) => printerName)
    .toSorted();
}

void test('a printer that its campaign has left is polled while cards of it are on their way', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const { pieces } = await sent(sql, at);
  await applyCampaign(sql, at.organizationId, definition({ printer_name: 'another' }));
  assert.deepEqual(await polled(at), ['press'], 'the other has no card yet');
  await turnClock(sql, SILENCE + 1000);
  await armPrinter(sql, at.organizationId, 'another');
  await sent(sql, at, people(1, 'q'));
  assert.deepEqual(await polled(at), ['another', 'press']);
  await turnClock(sql, SILENCE + 1000);
  await tell(
    sql,
    at,
    pieces.map((piece) => event({ providerId: idOf(piece), status: 'delivered' })),
  );
  assert.deepEqual(await polled(at), ['another']);
});

/** A printer with a card on its way, of which a webhook comes now. */
async function talking(): Promise<{ at: Place; hears: () => Promise<void> }> {
  const at = await place(rig.sql);
  await sent(rig.sql, at);
  const hears = async (): Promise<void> =>
    void (await rig.sql`
      select postrider.receive_webhook(
        ${at.organizationId}, 'press', ${crypto.randomUUID()}, '{}'::bytea)`);
  await hears();
  return { at, hears };
}

void test('a printer that tells of itself all the time is polled once a day all the same', async () => {
  const { sql } = rig;
  const { at, hears } = await talking();
  const key = { organizationId: at.organizationId, printerName: 'press' };
  assert.deepEqual(await polled(at), ['press'], 'it never was');
  // It fails, or has more to tell than fits in a round.
  await turnClock(sql, SILENCE + 1000);
  await hears();
  assert.deepEqual(await polled(at), ['press']);
  await noteCaughtUp(sql, key);
  for (const wait of [SILENCE + 1000, DAY - 2 * SILENCE]) {
    await turnClock(sql, wait);
    await hears();
    assert.deepEqual(await polled(at), []);
  }
  await turnClock(sql, SILENCE);
  await hears();
  assert.deepEqual(await polled(at), ['press']);
});

void test('a webhook that was refused for its age makes its printer be polled, once and within bounds', async () => {
  const { sql } = rig;
  const { at, hears } = await talking();
  const key = { organizationId: at.organizationId, printerName: 'press' };
  await polled(at);
  await noteCaughtUp(sql, key);
  await turnClock(sql, MINUTE);
  await noteRefusedWebhook(sql, key);
  assert.deepEqual(await polled(at), [], 'it was polled a minute ago');
  await turnClock(sql, SILENCE);
  await hears();
  assert.deepEqual(await polled(at), ['press']);
  await noteCaughtUp(sql, key);
  await turnClock(sql, SILENCE + 1000);
  await hears();
  assert.deepEqual(await polled(at), []);
});

void test('how far a printer was read is forgotten where its address or its account becomes another', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const { organizationId } = at;
  const feed = async () => {
    const [row] = await sql<{ cursor: string | null; caughtUp: Date | null }[]>`
      select poll_cursor as cursor, caught_up_at as "caughtUp"
      from postrider.printer_feed
      where organization_id = ${organizationId}`;
    return row;
  };
  for (const name of ['first', 'second']) await connected(sql, organizationId, { name });
  for (const printer of [
    { kind: 'print_shop', url: 'http://one.example' },
    { kind: 'print_shop', url: 'http://two.example' },
    { connection: 'first' },
    { connection: 'second' },
  ]) {
    await sql`
      insert into postrider.printer_feed (
        organization_id, printer_name, poll_cursor, polled_at, caught_up_at)
      values (${organizationId}, 'press', 'as far as this', now(), now())
      on conflict (organization_id, printer_name) do update
      set poll_cursor = excluded.poll_cursor, caught_up_at = excluded.caught_up_at`;
    const integrations = { ...definition().integrations, printer };
    await applyCampaign(sql, organizationId, definition({ integrations }));
    assert.deepEqual((await feed()) ?? { cursor: null, caughtUp: null }, {
      cursor: null,
      caughtUp: null,
    });
    await armPrinter(sql, organizationId, 'press');
  }
});
