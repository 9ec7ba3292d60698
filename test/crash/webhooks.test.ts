/** What printers tell can come before their answer is written down, twice, and in any order. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { states } from '../support/machine.ts';
import { converge, eventually, freePort } from './converge.ts';
import { openScenario, type Scenario } from './scenario.ts';
import { verdict } from './verdict.ts';
import { isLong } from '../support/long.ts';

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
