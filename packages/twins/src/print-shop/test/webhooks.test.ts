/**
 * Events as webhooks: signed, sent until they are taken, and each organization's to its address.
 */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { suite, test } from 'node:test';
import type { TrackingEvent, WebhookBody, WebhookState } from '../index.ts';
import { allEvents, idsOf } from './events.ts';
import { anOrder, eventually, SECRET, shopHere, shopProcess, temporaryFolder } from './helpers.ts';
import { webhookReceiver, type ReceivedWebhook } from './receiver.ts';

/** By the specification, and by no code of the shop. */
function isSigned({ headers, raw }: ReceivedWebhook): boolean {
  const id = String(headers['webhook-id']);
  const timestamp = String(headers['webhook-timestamp']);
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false;
  const expected = createHmac('sha256', Buffer.alloc(32, 7))
    .update(`${id}.${timestamp}.${raw}`)
    .digest('base64');
  return headers['webhook-signature'] === `v1,${expected}`;
}

function eventsOf(webhooks: readonly ReceivedWebhook[]): TrackingEvent[] {
  return webhooks.flatMap(({ raw }) => (JSON.parse(raw) as WebhookBody).data.events);
}

// Side by side, because each mostly waits for a process to start.
suite('webhooks', { concurrency: 4 }, () => {
  test('webhooks carry every event once, signed, in batches of at most 100', async (t) => {
    const receiver = await webhookReceiver(t);
    const shop = await shopHere(t, {
      daysPerSecond: 0,
      webhook: receiver.url,
      webhookSecret: SECRET,
    });
    for (let batch = 0; batch < 3; batch += 1)
      await shop.order(Array.from({ length: 100 }, () => anOrder()));
    await shop.post('/v1/print', {});
    await shop.post('/v1/clock', { advanceDays: 8 });
    await eventually('1,800 events', () => eventsOf(receiver.received).length >= 1_800);
    assert.ok(receiver.received.every(isSigned));
    assert.deepEqual(idsOf(eventsOf(receiver.received)), idsOf(await allEvents(shop)));
    for (const { raw, headers } of receiver.received) {
      const body = JSON.parse(raw) as WebhookBody;
      assert.equal(body.type, 'piece.events');
      assert.ok(Math.abs(Date.parse(body.timestamp) - Date.now()) < 60_000);
      assert.ok(body.data.events.length <= 100);
      assert.equal(headers['content-type'], 'application/json');
      assert.equal(headers['authorization'], undefined);
    }
    assert.equal(
      new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size,
      receiver.received.length,
    );
  });

  test('a webhook that is refused is sent again under its id, with the same bytes, until it is taken', async (t) => {
    let refusals = 2;
    const receiver = await webhookReceiver(t, () => (refusals-- > 0 ? [500, 302][refusals] : 200));
    const shop = await shopHere(t, { webhook: receiver.url, webhookSecret: SECRET });
    await shop.order([anOrder()]);
    await eventually('three attempts', () => receiver.received.length >= 3);
    const [first, ...others] = receiver.received;
    for (const other of others) {
      assert.equal(other.headers['webhook-id'], first?.headers['webhook-id']);
      assert.equal(other.raw, first?.raw);
    }
    assert.ok(receiver.received.every(isSigned));
    await shop.order([anOrder()]);
    await eventually('a fourth', () => receiver.received.length >= 4);
    assert.notEqual(receiver.received[3]?.headers['webhook-id'], first?.headers['webhook-id']);
  });

  test('events that a dead receiver missed go to the address that takes its place, and what was taken is not sent again', async (t) => {
    const folder = await temporaryFolder(t);
    const old = await webhookReceiver(t, () => (old.received.length <= 2 ? 204 : undefined));
    const options = { folder, daysPerSecond: 0, webhook: old.url, webhookSecret: SECRET };
    const first = await shopProcess(t, options);
    // "Delivered" is in the ledger only once the answer has come: the request after it proves it,
    // and the third has no answer.
    for (const which of [1, 2, 3]) {
      await first.order([anOrder()]);
      await eventually(`event ${which}`, () => old.received.length === which);
    }
    await old.close();
    await first.order([anOrder()]);

    const silent = await webhookReceiver(t, () => undefined);
    assert.equal((await first.post('/v1/webhook', { url: silent.url })).status, 200);
    await eventually('an attempt that is never answered', () => silent.received.length > 0);
    const next = await webhookReceiver(t);
    await first.post('/v1/webhook', { url: next.url });
    await eventually('the events missed', () => eventsOf(next.received).length === 2);
    await first.order([anOrder()]);
    await eventually('one more', () => eventsOf(next.received).length === 3);
    await first.shop.kill();

    // Started as before, with the address of old: what a request said since stays.
    const second = await shopProcess(t, options);
    await second.order([anOrder()]);
    const all = idsOf(await allEvents(second));
    assert.equal(all.length, 6);
    await eventually('every event at one of the two', () => {
      const sent = new Set(
        eventsOf([...old.received, ...next.received]).map(({ eventId }) => eventId),
      );
      return all.every((id) => sent.has(id));
    });
    // Only the last window before the kill may be sent again.
    assert.ok(eventsOf(next.received).length <= 5);

    await second.shop.stop();
    const other = await webhookReceiver(t);
    const third = await shopProcess(t, { ...options, webhook: other.url });
    await third.order([anOrder()]);
    await eventually(
      'the address of the new command line',
      () => eventsOf(other.received).length >= 1,
    );
  });

  test('each organization has its address: one that does not answer keeps nobody waiting, and what had no address waits for one', async (t) => {
    const dead = await webhookReceiver(t, () => 404);
    const alive = await webhookReceiver(t);
    const first = await shopHere(t, { daysPerSecond: 0, webhookSecret: SECRET });
    const of = (organizationId: string): Parameters<typeof anOrder>[0] => ({
      reference: { ...anOrder().reference, organizationId },
    });
    const heard = (receiver: typeof alive): string[] => idsOf(eventsOf(receiver.received));
    const ids = async (organization: string): Promise<string[]> =>
      idsOf(
        (await allEvents(first)).filter(({ organizationId }) => organizationId === organization),
      );
    await first.post('/v1/webhook', {
      url: null,
      organizations: { 'org-1': dead.url, 'org-2': alive.url },
    });
    await first.order([
      anOrder(of('org-1')),
      anOrder(of('org-2')),
      anOrder(of('org-3')),
      anOrder(of('org-2')),
    ]);
    await eventually('the second organization is told', () => heard(alive).length >= 2);
    assert.deepEqual(heard(alive), await ids('org-2'));

    const late = await webhookReceiver(t);
    await first.post('/v1/webhook', { url: late.url, organizations: { 'org-2': alive.url } });
    const missed = [...(await ids('org-1')), ...(await ids('org-3'))].toSorted();
    await eventually('the others are told', () => heard(late).length >= missed.length);
    assert.deepEqual(heard(late), missed);
    await first.shop.stop();

    const again = await shopHere(t, {
      folder: first.folder,
      daysPerSecond: 0,
      webhookSecret: SECRET,
    });
    await again.order([anOrder(of('org-2'))]);
    await eventually('the new one is told', () => heard(alive).length >= 3);
    assert.equal(heard(alive).length, 3, 'what was taken is not sent again');
    assert.deepEqual(heard(late), missed);
  });

  test('what is on its way to an address that stays is not given up, and so not sent again, when another one changes', async (t) => {
    const slow = await webhookReceiver(t, () => 200, 500);
    const { post, order } = await shopHere(t, { daysPerSecond: 0, webhookSecret: SECRET });
    await post('/v1/webhook', { url: null, organizations: { 'org-1': slow.url } });
    await order([anOrder()]);
    await eventually('it is on its way', () => slow.received.length === 1);
    await post('/v1/webhook', {
      url: 'http://127.0.0.1:9/elsewhere',
      organizations: { 'org-1': slow.url },
    });
    await order([anOrder()]);
    await eventually('the next one', () => slow.received.length >= 2);
    assert.equal(new Set(idsOf(eventsOf(slow.received))).size, 2);
    assert.equal(eventsOf(slow.received).length, 2);
  });

  test('what is on its way when the shop stops is noted where it is taken, and not sent again by the next one', async (t) => {
    const slow = await webhookReceiver(t, () => 200, 200);
    const options = { daysPerSecond: 0, webhook: slow.url, webhookSecret: SECRET };
    const first = await shopHere(t, options);
    await first.order([anOrder()]);
    await eventually('it is on its way', () => slow.received.length === 1);
    await first.shop.stop();
    const second = await shopHere(t, { ...options, folder: first.folder });
    await second.order([anOrder()]);
    await eventually('the next one', () => idsOf(eventsOf(slow.received)).length >= 2);
    assert.deepEqual(idsOf(eventsOf(slow.received)), idsOf(await allEvents(second)));
  });

  test('it says where webhooks go, and since when an address takes nothing', async (t) => {
    const dead = await webhookReceiver(t, () => 404);
    const alive = await webhookReceiver(t);
    const { post, get, order } = await shopHere(t, { webhookSecret: SECRET });
    const failing = async (): Promise<string[]> => {
      const { status, body } = await get<WebhookState>('/v1/webhook');
      assert.equal(status, 200);
      assert.ok(
        Object.values(body.failing).every(
          (since) => Math.abs(Date.parse(since) - Date.now()) < 3_600_000,
        ),
      );
      return Object.keys(body.failing);
    };
    const organizations = { 'org-1': dead.url, 'org-2': alive.url };
    await post('/v1/webhook', { url: null, organizations });
    assert.deepEqual((await get('/v1/webhook')).body, { url: null, organizations, failing: {} });
    for (const organizationId of ['org-1', 'org-2'])
      await order([anOrder({ reference: { ...anOrder().reference, organizationId } })]);
    await eventually('one fails', async () => (await failing()).length > 0);
    await eventually('the other is told', () => alive.received.length > 0);
    assert.deepEqual(await failing(), ['org-1']);
    // What failed elsewhere says nothing about a new address.
    const silent = await webhookReceiver(t, () => undefined);
    await post('/v1/webhook', { url: silent.url });
    await eventually('the new address is tried', () => silent.received.length > 0);
    assert.deepEqual(await failing(), []);
  });

  test('killed between delivery and note, the shop sends the events again, under their ids', async (t) => {
    const folder = await temporaryFolder(t);
    const receiver = await webhookReceiver(t);
    const options = { folder, daysPerSecond: 0, webhook: receiver.url, webhookSecret: SECRET };
    const first = await shopProcess(t, {
      ...options,
      env: { TWIN_CRASH_AT: 'after-webhook' },
    });
    await first.order([anOrder(), anOrder()]).catch(() => undefined);
    await first.shop.exited;
    await shopProcess(t, options);
    await eventually('the same webhook again', () => receiver.received.length >= 2);
    const [before, after] = receiver.received;
    assert.ok(before !== undefined && after !== undefined);
    assert.deepEqual(eventsOf([after]), eventsOf([before]));
    assert.equal(after.headers['webhook-id'], before.headers['webhook-id']);
  });

  test('duplicates and shuffled order are sent on request, and are still signed', async (t) => {
    const receiver = await webhookReceiver(t);
    const options = {
      daysPerSecond: 0,
      webhook: receiver.url,
      webhookSecret: SECRET,
      webhookDuplicates: 100,
      webhookShuffle: true,
    };
    const shop = await shopHere(t, options);
    await shop.order(Array.from({ length: 100 }, () => anOrder()));
    await eventually('the first', () => eventsOf(receiver.received).length >= 200);
    await shop.post('/v1/print', {});
    await shop.post('/v1/clock', { advanceDays: 8 });
    await eventually('all events twice', () => eventsOf(receiver.received).length >= 1_200);
    const counts = new Map<string, number>();
    for (const { eventId } of eventsOf(receiver.received))
      counts.set(eventId, (counts.get(eventId) ?? 0) + 1);
    const all = await allEvents(shop);
    assert.equal(counts.size, all.length);
    assert.ok([...counts.values()].every((count) => count >= 2));
    assert.ok(receiver.received.every(isSigned));
    const seen = [...new Set(eventsOf(receiver.received).map(({ eventId }) => eventId))];
    assert.notDeepEqual(
      seen,
      all.map(({ eventId }) => eventId),
      'the order is another',
    );
    // A request is repeated under its id or under a new one, never one id for other events.
    const byId = new Map<unknown, string>();
    for (const { headers, raw } of receiver.received) {
      const ids = idsOf((JSON.parse(raw) as WebhookBody).data.events).join();
      assert.equal(byId.get(headers['webhook-id']) ?? ids, ids);
      byId.set(headers['webhook-id'], ids);
    }
  });

  test('an address for webhooks needs a secret, and must be one', async (t) => {
    const bare = await shopHere(t);
    assert.equal(
      (await bare.post('/v1/webhook', { url: 'http://127.0.0.1:9/hook' })).body['code'],
      'no_webhook_secret',
    );
    const shop = await shopHere(t, { webhookSecret: SECRET });
    for (const url of ['nothing', 'ftp://127.0.0.1/x', 'http://user:secret@127.0.0.1/x'])
      assert.equal((await shop.post('/v1/webhook', { url })).status, 400, url);
    assert.equal((await shop.post('/v1/webhook', { url: null })).status, 200);
  });
});
