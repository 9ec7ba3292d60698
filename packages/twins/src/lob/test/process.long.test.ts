/** The twin as a process: what it acknowledged survives kill -9, and it is started by people. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loader } from '../../../../../test/support/loader.ts';
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
  const first = await lobProcess(t, { folder });
  const { id } = (await first.create()).body;
  await assert.rejects(lobProcess(t, { folder }), /Another twin of Lob .* works in this folder/);
  await first.child.kill();
  const path = join(folder, 'ledger.ndjson');
  await appendFile(path, '{"kind":"crea');
  const second = await lobProcess(t, { folder });
  assert.equal((await second.ask('GET', `/postcards/${id}`)).status, 200);
  await second.child.stop();
  assert.doesNotMatch(await readFile(path, 'utf8'), /"crea$/);
  await appendFile(path, '{"kind":"surprise","at":1,"travel":1}\n');
  await assert.rejects(
    lobProcess(t, { folder }),
    /Line 3 of the ledger .* "surprise" is not known/,
  );
});

async function run(argv: readonly string[], env: Record<string, string> = {}) {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url));
  const child = spawn(process.execPath, [...loader, main, ...argv], {
    env: { ...process.env, ...env },
  });
  let [out, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, errors };
}

test('its command line says what it takes, and what it does not', async (t) => {
  const help = await run(['--help']);
  assert.equal(help.code, 0);
  for (const flag of ['--same-key-other-body <which>', '--no-url-pattern', '--retry-ladder'])
    assert.ok(help.out.includes(flag), flag);
  assert.ok(help.out.split('\n').every((line) => line.length <= 130));
  const folder = await temporaryFolder(t);
  for (const [argv, env, words] of [
    [[], {}, /--folder is missing/],
    [['--folder', folder, '--limit', 'many'], {}, /--limit must be a number/],
    [['--folder', folder, '--strictness', 'odd'], {}, /must be one of strict, normal, relaxed/],
    [['--folder', folder, '--retry-ladder', '1,x'], {}, /--retry-ladder must be seconds/],
    [['--folder', folder, '--webhook', 'http://x'], {}, /LOB_TWIN_WEBHOOK_SECRET/],
    [['--folder', folder], { LOB_TWIN_KEYS: 'sk_x' }, /LOB_TWIN_KEYS must be keys/],
  ] as const) {
    const { code, errors } = await run(argv, env);
    assert.equal(code, 2, errors);
    assert.match(errors, words);
    assert.match(errors, /^lob twin: /);
  }
});
