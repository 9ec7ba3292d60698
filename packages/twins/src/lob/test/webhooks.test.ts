/** Events: what happens to a piece, and how it is told. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { eventually, lobHere, SECRET, TEST } from './helpers.ts';
import { receiver } from './receiver.ts';

const SCANS = ['in_transit', 'in_local_area', 'processed_for_delivery', 'delivered'];

test('a live piece is rendered, scanned and delivered, and each is told once, signed', async (t) => {
  const { url, told } = await receiver(t);
  const { create, ask, twin } = await lobHere(t, { webhook: url });
  const { id } = (await create()).body;
  assert.equal((await ask('GET', `/postcards/${id}`)).body.status, 'processed');
  await twin.advance({ seconds: 120 });
  const rendered = (await ask('GET', `/postcards/${id}`)).body;
  assert.deepEqual([rendered.status, rendered.thumbnails?.length], ['rendered', 2]);
  await twin.advance({ days: 20 });
  await eventually('all webhooks', async () => (await twin.waitingWebhooks()) === 0);
  assert.deepEqual(
    told.map(({ type }) => type).toSorted(),
    ['created', 'rendered_pdf', 'rendered_thumbnails', ...SCANS]
      .map((type) => `postcard.${type}`)
      .toSorted(),
  );
  assert.ok(told.every(({ signed, piece }) => signed && piece === id));
  assert.ok(told.every(({ timestamp }) => Math.abs(Number(timestamp) - Date.now()) < 60_000));
  assert.equal(new Set(told.map(({ id: event }) => event)).size, told.length);
  const delivered = told.find(({ type }) => type === 'postcard.delivered');
  assert.equal(delivered?.body.tracking_events?.length, 4);
  // An oddity of Lob's own table: no test piece is ever delivered.
  assert.equal(delivered?.enabledForTest, true);
  const first = told.find(({ type }) => type === 'postcard.in_transit');
  assert.equal(first?.enabledForTest, false);
  assert.deepEqual(
    first?.body.tracking_events?.map(({ name }) => name),
    ['In Transit'],
  );
  const tracked = (await ask('GET', `/postcards/${id}`)).body.tracking_events;
  const times = tracked.map(({ time }) => time);
  assert.deepEqual(times, times.toSorted());
});

test('an event has the fields of the spec’s own example', async (t) => {
  const { url, told } = await receiver(t);
  const { create, twin } = await lobHere(t, { webhook: url });
  await create({}, { key: TEST });
  await eventually('a webhook', () => told.length > 0);
  const file = readFileSync(new URL('../openapi.json', import.meta.url), 'utf8');
  interface File {
    readonly 'x-events': {
      readonly content: Record<string, { readonly example: { readonly body: object } }>;
    };
  }
  const example = (JSON.parse(file) as File)['x-events'].content['application/json']?.example;
  const missing = Object.keys(example?.body ?? {}).filter(
    (name) => !(name in (told[0]?.body ?? {})) && name !== 'from' && name !== 'thumbnails',
  );
  assert.deepEqual(missing, []);
  assert.equal((await twin.events())[0]?.webhook, 'taken');
});

test('a test piece is rendered, and nothing more is ever heard of it', async (t) => {
  const { url, told } = await receiver(t);
  const { create, ask, twin } = await lobHere(t, { webhook: url, returned: 50 });
  const { id } = (await create({}, { key: TEST })).body;
  await twin.advance({ days: 60 });
  await eventually('all webhooks', async () => (await twin.waitingWebhooks()) === 0);
  assert.deepEqual(told.map(({ type, enabledForTest }) => `${type} ${enabledForTest}`).toSorted(), [
    'postcard.created true',
    'postcard.rendered_pdf true',
    'postcard.rendered_thumbnails true',
  ]);
  assert.deepEqual((await ask('GET', `/postcards/${id}`, { key: TEST })).body.tracking_events, []);
});

test('of a cancelled piece only that is told, with the body of the cancellation', async (t) => {
  const { url, told } = await receiver(t);
  const { create, ask, twin } = await lobHere(t, { webhook: url });
  const { id } = (await create()).body;
  await ask('DELETE', `/postcards/${id}`);
  await twin.advance({ days: 30 });
  await eventually('two webhooks', () => told.length === 2);
  assert.deepEqual(told.find(({ type }) => type === 'postcard.deleted')?.body, {
    id,
    deleted: true,
  });
});

test('what is not taken comes again by the ladder, by the twin’s clock, and is given up at its end', async (t) => {
  let refuse = true;
  const { url, told } = await receiver(t, () => (refuse ? 500 : 204));
  const { create, twin } = await lobHere(t, { webhook: url });
  await create({}, { key: TEST });
  await eventually('the first attempt', () => told.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(told.length, 1);
  for (const [seconds, attempts] of [
    [59, 1],
    [2, 2],
    [299, 2],
    [2, 3],
  ] as const) {
    await twin.advance({ seconds });
    const created = (): number => told.filter(({ type }) => type === 'postcard.created').length;
    await eventually(`${attempts} attempts`, () => created() >= attempts);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(created(), attempts, `${seconds} s`);
  }
  refuse = false;
  await twin.advance({ seconds: 901 });
  await eventually('all webhooks', async () => (await twin.waitingWebhooks()) === 0);
  const first = (await twin.events()).find(({ type }) => type === 'postcard.created');
  assert.deepEqual([first?.webhook, first?.attempts], ['taken', 4]);
  // The same event has the same id, and a signature of its own.
  const created = told.filter(({ type }) => type === 'postcard.created');
  assert.equal(new Set(created.map(({ id }) => id)).size, 1);
  assert.equal(new Set(created.map(({ timestamp }) => timestamp)).size, 4);
});

test('a retry has the time and signature of the first attempt, where the twin is told so', async (t) => {
  let refuse = true;
  const { url, told } = await receiver(t, () => (refuse ? 503 : 200));
  const { create, twin } = await lobHere(t, {
    webhook: url,
    retryLadder: '1,1',
    webhookRetrySignature: 'first',
  });
  await create({}, { key: TEST });
  await eventually('the first attempt', () => told.length === 1);
  refuse = false;
  await twin.advance({ seconds: 1.5 });
  await eventually('the second attempt', () => told.length === 2);
  assert.ok(told.every(({ signed }) => signed));
  assert.equal(told[0]?.timestamp, told[1]?.timestamp);
});

test('the ladder’s end gives an event up, and the ledger says so', async (t) => {
  const { url, told } = await receiver(t, () => 410);
  const { create, twin } = await lobHere(t, { webhook: url, retryLadder: '1,1' });
  await create({}, { key: TEST });
  for (const attempts of [1, 2, 3]) {
    await eventually(`attempt ${attempts}`, () => told.length === attempts);
    await twin.advance({ seconds: 1.5 });
  }
  await eventually('giving up', async () => (await twin.events())[0]?.webhook === 'given_up');
  assert.equal((await twin.events())[0]?.attempts, 3);
});

test('webhooks are doubled, put behind the next one and lost, by script', async (t) => {
  const { url, told } = await receiver(t);
  const { create, twin } = await lobHere(t, { webhook: url });
  await twin.fault(
    { kind: 'duplicate', endpoint: 'webhook', subject: 'm-double' },
    { kind: 'reorder', endpoint: 'webhook', subject: 'm-late' },
    { kind: 'lose', endpoint: 'webhook', subject: 'm-lost' },
  );
  const make = async (mailpiece: string): Promise<void> => {
    await create({ metadata: { mailpiece } }, { key: TEST });
    await eventually(mailpiece, async () => (await twin.waitingWebhooks()) <= 1);
  };
  for (const mailpiece of ['m-late', 'm-lost', 'm-next', 'm-double']) await make(mailpiece);
  await eventually('all webhooks', async () => (await twin.waitingWebhooks()) === 0);
  assert.deepEqual(
    told.map(({ body }) => (body.metadata as { mailpiece: string }).mailpiece),
    ['m-next', 'm-late', 'm-double', 'm-double'],
  );
  assert.equal(told[2]?.id, told[3]?.id);
  const events = await twin.events();
  assert.deepEqual(
    events.map(({ webhook }) => webhook),
    ['taken', 'given_up', 'taken', 'taken'],
  );
});

test('what happens while nobody is subscribed is never told', async (t) => {
  const { url, told } = await receiver(t);
  const { create, twin } = await lobHere(t, { webhookTimestamp: 's' });
  await create({}, { key: TEST });
  await twin.webhook(url, 'live');
  await create({}, { key: TEST });
  await create();
  await eventually('a webhook', () => told.length === 1);
  assert.match(told[0]?.timestamp ?? '', /^\d{10}$/);
  assert.equal(told[0]?.signed, true);
  const events = await twin.events();
  assert.deepEqual(
    events.map(({ webhook }) => webhook),
    ['nobody', 'nobody', 'taken'],
  );
});

test('an address without a secret, or that is none, is refused', async (t) => {
  const { twin } = await lobHere(t, { webhookSecret: '' });
  await assert.rejects(twin.webhook('http://127.0.0.1:1/'), /LOB_TWIN_WEBHOOK_SECRET/);
  const other = await lobHere(t, { webhookSecret: SECRET });
  await assert.rejects(other.twin.webhook('ftp://x'), /http: or https:/);
});
