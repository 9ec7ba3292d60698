/** `postrider twin`: the stand-in for a provider, started by its name. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ended, projectHome, startCli, type CliPlace, type CliRun } from './cli.ts';

function placeOf(t: TestContext): CliPlace {
  const home = projectHome();
  t.after(home.remove);
  return { url: null, home: home.path, env: { LOB_TWIN_KEYS: 'test_mine' } };
}

/** In a process of its own, because a twin ends its process. */
async function run(place: CliPlace, args: readonly string[]): Promise<CliRun> {
  return await ended(startCli(place, args));
}

test('it runs until it is stopped, and what stands behind its name is the twin’s own', async (t) => {
  const place = placeOf(t);
  const help = await run(place, ['twin', 'lob', '--help']);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /--same-key-other-body/);
  const folder = join(place.home, 'lob');
  const child = startCli(place, ['twin', 'lob', '--folder', folder, '--limit', '5']);
  t.after(() => child.kill('SIGKILL'));
  assert.ok(child.stdout !== null);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { url } = JSON.parse(line) as { url: string };
  const answer = await fetch(`${url}/v1/postcards`, {
    headers: { authorization: `Basic ${Buffer.from('test_mine:').toString('base64')}` },
  });
  assert.deepEqual([answer.status, answer.headers.get('ratelimit-limit')], [200, '5']);
  const stopped = once(child, 'close');
  child.kill('SIGTERM');
  assert.deepEqual(await stopped, [0, null]);
});

test('a twin that there is not, and options that it does not have, are wrong usage', async (t) => {
  const place = placeOf(t);
  const odd = await run(place, ['twin', 'stannp']);
  assert.deepEqual([odd.code, odd.stdout], [2, '']);
  assert.match(odd.stderr, /there is no twin of stannp\nthere are: klaviyo, lob, print-shop/);
  const option = await run(place, ['twin', 'lob', '--folder', 'x', '--speed', '1']);
  assert.equal(option.code, 2);
  assert.match(option.stderr, /^lob twin: .*--speed/);
  const none = await run(place, ['twin', '--help']);
  assert.equal(none.code, 0);
  assert.match(none.stdout, /Providers: klaviyo, lob, print-shop/);
});
