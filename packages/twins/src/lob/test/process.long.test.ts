/** The twin as a process: what it acknowledged survives kill -9, and it is started by people. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { keepsItsFolder, saysWhatItTakes } from '../../kit/test/as-process.ts';
import { spawnLob, type SpawnLobOptions } from '../index.ts';
import { eventually, LIVE, lobAt, quiet, SECRET, temporaryFolder, TEST } from './helpers.ts';
import { receiver } from './receiver.ts';

async function lobProcess(t: TestContext, options: Partial<SpawnLobOptions> & { folder: string }) {
  const child = await spawnLob({
    keys: [TEST, LIVE],
    webhookSecret: SECRET,
    daysPerSecond: 0,
    log: quiet,
    ...options,
  });
  t.after(() => child.kill());
  return { ...lobAt(child.url), child };
}

test('kill -9 at any time loses nothing that was answered', async (t) => {
  const folder = await temporaryFolder(t);
  const { url } = await receiver(t);
  const answered = new Map<string, string>();
  for (const round of [0, 1, 2]) {
    const { create, ask, child, twin } = await lobProcess(t, { folder, webhook: url, limit: 0 });
    const keys = Array.from({ length: 60 }, (_, number) => `${round}-${number}`);
    const one = async (idempotencyKey: string, number: number): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 5 * number));
      const { body } = await create(
        { metadata: { mailpiece: idempotencyKey } },
        { idempotencyKey },
      );
      answered.set(idempotencyKey, body.id);
      if (number % 10 === 0) await ask('DELETE', `/postcards/${body.id}`);
    };
    // A request that is not answered before the kill has an error.
    const sent = keys.map((key, number) => one(key, number).catch(() => undefined));
    await eventually('some answers', () => answered.size > 30 * round + 15);
    await twin.advance({ seconds: 90 });
    await child.kill();
    await Promise.all(sent);
  }
  const { create, twin, ask } = await lobProcess(t, { folder, limit: 0 });
  const ledger = await twin.ledger();
  const byKey = new Map(ledger.map(({ key, id }) => [key, id]));
  assert.equal(byKey.size, ledger.length, 'a key has two pieces');
  for (const [key, id] of answered) {
    assert.equal(byKey.get(key), id);
    assert.equal((await create({}, { idempotencyKey: key })).body.id, id);
    const list = await ask('GET', `/postcards?metadata[mailpiece]=${key}`);
    assert.deepEqual(
      list.body.data.map((one) => one.id),
      [id],
    );
  }
  assert.ok(ledger.some(({ events }) => events.includes('rendered_pdf')));
});

test('webhooks that were not taken before a kill come after it, under the same id', async (t) => {
  const folder = await temporaryFolder(t);
  let refuse = true;
  const { url, told } = await receiver(t, () => (refuse ? 503 : 204));
  const first = await lobProcess(t, { folder, webhook: url });
  await first.create({}, { key: TEST });
  await eventually('an attempt', () => told.length > 0);
  await first.child.kill();
  refuse = false;
  const second = await lobProcess(t, { folder });
  await eventually('it is taken', async () => (await second.twin.events())[0]?.webhook === 'taken');
  assert.equal(new Set(told.map(({ id }) => id)).size, 1);
});

test('a kill in the middle of a line, a damaged ledger, and a folder that is in use', async (t) => {
  const folder = await temporaryFolder(t);
  let id = '';
  await keepsItsFolder(folder, 'twin of Lob', {
    start: async () => await lobProcess(t, { folder }),
    make: async ({ create }) => ({ id } = (await create()).body),
    there: async ({ ask }) => assert.equal((await ask('GET', `/postcards/${id}`)).status, 200),
  });
});

test('its command line says what it takes, and what it does not', async (t) => {
  const folder = await temporaryFolder(t);
  await saysWhatItTakes({
    main: new URL('../main.ts', import.meta.url),
    name: 'lob twin',
    flags: ['--same-key-other-body <which>', '--no-url-pattern', '--retry-ladder'],
    refused: [
      [[], {}, /--folder is missing/],
      [['--folder', folder, '--limit', 'many'], {}, /--limit must be a number/],
      [['--folder', folder, '--strictness', 'odd'], {}, /must be one of strict, normal, relaxed/],
      [['--folder', folder, '--retry-ladder', '1,x'], {}, /--retry-ladder must be seconds/],
      [['--folder', folder, '--webhook', 'http://x'], {}, /LOB_TWIN_WEBHOOK_SECRET/],
      [['--folder', folder], { LOB_TWIN_KEYS: 'sk_x' }, /LOB_TWIN_KEYS must be keys/],
    ],
  });
});
