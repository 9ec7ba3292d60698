/** What printers tell can come before their answer is written down, twice, and in any order. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import {
  parseWebhookSecrets,
  signStandardWebhook,
} from '../../packages/adapters/src/kit/webhooks.ts';
import { states } from '../support/machine.ts';
import { converge, eventually, freePort } from './converge.ts';
import { openScenario, type Scenario } from './scenario.ts';
import { SHOP_SECRET } from './runner-config.ts';
import { verdict } from './verdict.ts';
import { isLong } from '../support/long.ts';

/** Posts what the print shop would post of a card that was delivered. */
async function postDelivered(
  port: number,
  organizationId: string,
  mailpieceId: string,
): Promise<number> {
  const event = {
    eventId: `delivered ${mailpieceId}`,
    pieceId: null,
    mailpieceId,
    organizationId,
    status: 'delivered',
    occurredAt: new Date().toISOString(),
  };
  const body = JSON.stringify({ type: 'piece.events', data: { events: [event] } });
  const signed = signStandardWebhook(parseWebhookSecrets(SHOP_SECRET) ?? [], {
    id: mailpieceId,
    body,
    now: new Date(),
  });
  const url = `http://127.0.0.1:${port}/${organizationId}/press`;
  return (await fetch(url, { method: 'POST', headers: signed, body })).status;
}

async function sendWebhooks(scenario: Scenario): Promise<number> {
  const port = await freePort();
  await scenario.shop.sendWebhooksTo(
    `http://127.0.0.1:${port}/${scenario.place.organizationId}/press`,
  );
  return port;
}

void describe('webhooks', { concurrency: 3 }, () => {
  void test('a card is delivered before its settle', async () => {
    await using scenario = await openScenario({
      people: 30,
      shop: { daysPerSecond: 100, webhookShuffle: true, webhookDuplicates: 30 },
      // Nobody's lease is to pass while the settle waits: what is unknown then is another story.
      settings: { leaseMs: 60_000, graceMs: 15_000, quietMs: 11_000 },
      timeoutMs: 10_000,
    });
    const { sql } = scenario.machine;
    const webhookPort = await sendWebhooks(scenario);
    const runner = await scenario.start({
      webhookPort,
      snares: [{ point: 'mail.after-post', nth: 1, how: 'wait' }],
    });
    await runner.snared();
    await eventually('the first ten are received while their settle waits', async () => {
      const [row] = await sql`
        select count(*)::int as people
        from postrider.recipient_event e
        join postrider.recipient_event f
          on f.recipient_id = e.recipient_id and f.move_no = e.move_no - 1
        where e.to_state = 'received' and e.from_state = 'sent' and f.reason = 'late_evidence'`;
      return Number(row?.['people']) >= 10;
    });
    runner.go();
    await converge(scenario, { arrived: ['received'] });
    await verdict(scenario);

    // One that nobody can apply is kept with its reason, and stands in nobody's way.
    const event = {
      eventId: 'e1',
      pieceId: null,
      mailpieceId: 'no uuid',
      organizationId: null,
      status: 'delivered',
      occurredAt: new Date().toISOString(),
    };
    for (const events of [[event], []]) {
      const body = Buffer.from(JSON.stringify({ type: 'piece.events', data: { events } }));
      await sql`
        select postrider.receive_webhook(
          ${scenario.place.organizationId}, 'press', ${randomUUID()}, ${body}
        )`;
    }
    await eventually(
      'both are done with',
      async () => (await sql`select from postrider.waiting_webhook`).length === 0,
    );
    const kept = await sql<
      { error: string }[]
    >`select error from postrider.provider_event where error is not null`;
    assert.match(
      kept.map((row) => row.error).join(),
      /^1 of its events cannot be used: it names a piece by what is no id$/,
    );
  });

  void test('what was answered is applied once, though the runner dies between storing and applying it', async () => {
    const people = 20;
    await using scenario = await openScenario({ people });
    const { sql } = scenario.machine;
    const before = await scenario.start();
    await eventually('all are sent', async () => ((await states(sql))['sent'] ?? 0) === people);
    await before.kill();
    const pieces = await sql<{ id: string }[]>`select id from postrider.mailpiece`;
    const webhookPort = await freePort();
    const dies = await scenario.start({
      webhookPort,
      snares: [{ point: 'track.claimed', nth: 1, how: 'kill' }],
    });
    const post = async (id: string): Promise<number> =>
      await postDelivered(webhookPort, scenario.place.organizationId, id).catch(() => 0);
    const answers = await Promise.all(pieces.map(async ({ id }) => await post(id)));
    assert.equal(await dies.ended, 'SIGKILL');
    const answered = answers.filter((status) => status === 204).length;
    assert.ok(answered > 0, `answers: ${answers.join()}`);
    // On the disk, and nothing of it is applied.
    const [kept] = await sql<{ stored: number; waiting: number; told: number }[]>`
      select (select count(*)::int from postrider.provider_event) as stored,
        (select count(*)::int from postrider.waiting_webhook) as waiting,
        (select count(*)::int from postrider.mailpiece_event) as told`;
    assert.ok(kept && kept.stored >= answered, `${kept?.stored} stored of ${answered}`);
    assert.deepEqual([kept.waiting, kept.told], [kept.stored, 0]);

    await scenario.start({ webhookPort });
    // Whoever was not answered sends it again, and somebody who was does so too.
    for (const [at, { id }] of pieces.entries())
      if (answers[at] !== 204 || at < 3)
        await eventually('it is answered', async () => (await post(id)) === 204);
    await converge(scenario, { arrived: ['received'] });
    await verdict(scenario);
    const [once] = await sql`
      select count(*)::int as events, count(distinct mailpiece_id)::int as pieces
      from postrider.mailpiece_event`;
    assert.deepEqual({ ...once }, { events: people, pieces: people });
  });

  void test('webhooks of every kind while cards are being sent and a runner dies', async () => {
    const people = isLong ? 3000 : 80;
    await using scenario = await openScenario({
      people,
      keys: false,
      shop: {
        daysPerSecond: 60,
        webhookShuffle: true,
        webhookDuplicates: 50,
        loseScans: 20,
        returned: 20,
      },
      settings: { mailSlots: 4 },
    });
    const webhookPort = await sendWebhooks(scenario);
    const first = await scenario.start({ webhookPort });
    await scenario.start();
    await eventually(
      'some are received',
      async () => ((await states(scenario.machine.sql))['received'] ?? 0) > 0,
    );
    await first.kill();
    await scenario.start({ webhookPort });
    // Of cards whose delivery nobody scanned nothing more is heard: the window of their class ends
    // that, and its test is elsewhere.
    await converge(scenario, { arrived: ['sent', 'received', 'returned'] });
    await verdict(scenario);
    assert.ok(((await states(scenario.machine.sql))['returned'] ?? 0) > 0);
  });
});
