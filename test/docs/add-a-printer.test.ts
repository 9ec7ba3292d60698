/**
 * docs/how-to/add-a-printer.md, done: its files are put into a copy of the checkout and its lines
 * into the registry; then they are checked, the contract is run, and cards are mailed by its
 * commands to the letterbox.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { shortBakery } from '../../packages/cli/test/cli.ts';
import { loader } from '../support/loader.ts';
import { isLong } from '../support/long.ts';
import { broken, freshMachine, states, type Machine } from '../support/machine.ts';
import { projectHome } from '../support/project-home.ts';
import { checkoutCopy, type CheckoutCopy } from './checkout-copy.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/how-to/add-a-printer.md'), 'utf8');

/** The blocks behind a marker, for example `<!-- file: a/b.ts -->`. */
function blocks(marker: string): { readonly name: string; readonly text: string }[] {
  const found = page.matchAll(
    new RegExp(`^<!-- ${marker}(?:: (\\S+))? -->\\n\`\`\`\\w+\\n([\\s\\S]*?\\n)\`\`\`$`, 'gm'),
  );
  return [...found].map(([, name = '', text = '']) => ({ name, text }));
}

function block(marker: string): string {
  const [only, ...more] = blocks(marker);
  assert.ok(only !== undefined && more.length === 0, `one block is marked ${marker}`);
  return only.text;
}

/** Lines with a plus go behind the line before them, which the file has once. */
function edited(text: string, diff: string): string {
  const lines = diff.split('\n').filter((line) => line !== '');
  const was = lines.filter((line) => !line.startsWith('+')).map((line) => `${line.slice(1)}\n`);
  const is = lines.map((line) => `${line.slice(1)}\n`);
  assert.equal(text.split(was.join('')).length, 2, `the file has once: ${was.join('')}`);
  return text.replace(was.join(''), is.join(''));
}

interface Ran {
  readonly code: number;
  readonly said: string;
}

/** Without what this run of tests has set. */
async function run(
  command: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const { NODE_TEST_CONTEXT: _test, NODE_OPTIONS: _options, ...inherited } = process.env;
  const [program = '', ...args] = command;
  const child = spawn(program, args, { cwd, env: { ...inherited, ...env } });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, said };
}

/** Of the twin on the page. */
interface Twin {
  readonly url: string;
  readonly cards: ReadonlyMap<string, { readonly mode: string; readonly status: string }>;
  turnClock(days: number): Promise<void>;
  stop(): Promise<void>;
}

describe('the page about a new printer', () => {
  let copy: CheckoutCopy;
  const files = blocks('file');
  before(() => {
    copy = checkoutCopy();
    for (const { name, text } of files) {
      mkdirSync(dirname(join(copy.root, name)), { recursive: true });
      writeFileSync(join(copy.root, name), text);
    }
    for (const { name, text } of blocks('edit')) {
      const path = join(copy.root, name);
      writeFileSync(path, edited(readFileSync(path, 'utf8'), text));
    }
  });
  after(() => copy.remove());

  it('has an adapter of about 150 lines, and a twin beside it', () => {
    const adapter = files.filter(({ name }) =>
      /^packages\/adapters\/src\/[\w-]+\/\w+\.ts$/.test(name),
    );
    assert.equal(adapter.length, 5);
    const lines = adapter
      .flatMap(({ text }) => text.replaceAll(/^import [\s\S]*?;$/gm, '').split('\n'))
      .filter((line) => !/^\s*($|\/[/*]|\*)/.test(line));
    assert.ok(lines.length <= 170, `${lines.length} lines`);
  });

  if (isLong)
    it('has files as the checks want them', async () => {
      const names = files.map(({ name }) => name);
      const laidOut = await run([copy.bin('oxfmt'), '--check', ...names], copy.root);
      assert.equal(laidOut.code, 0, laidOut.said);
      const generated = await run(
        [process.execPath, ...loader, 'packages/adapters/scripts/generate.ts'],
        copy.root,
      );
      assert.equal(generated.code, 0, generated.said);
      const reference = readFileSync(join(copy.root, 'docs/reference/campaign-file.md'), 'utf8');
      assert.match(reference, /`example-press`/);
      writeFileSync(
        join(copy.root, 'tsconfig.page.json'),
        JSON.stringify({ extends: './tsconfig.json', include: ['bin', ...names] }),
      );
      const typed = await run([copy.bin('tsc'), '-p', 'tsconfig.page.json'], copy.root);
      assert.equal(typed.code, 0, typed.said);
    });

  it('keeps the contract of printers, in both modes', async () => {
    const test = files.find(({ name }) => name.endsWith('contract.test.ts'));
    const ran = await run(
      [process.execPath, ...loader, '--test', '--test-reporter=tap', test?.name ?? ''],
      copy.root,
    );
    assert.equal(ran.code, 0, ran.said);
    assert.match(ran.said, /Example Press, live[\s\S]*Example Press, test/);
    assert.match(ran.said, /^# fail 0$/m);
    assert.ok(Number(/^# pass (\d+)$/m.exec(ran.said)?.[1]) >= 40, ran.said);
  });

  describe('and its commands', { skip: isLong ? false : 'in the long form' }, () => {
    let machine: Machine;
    let twin: Twin | undefined;
    const home = projectHome();
    const webhook = { url: '' };
    const secret = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;
    before(async () => {
      machine = await freshMachine();
      const url = pathToFileURL(join(copy.root, 'packages/twins/src/example-press/index.ts'));
      const { startExamplePress } = (await import(url.href)) as {
        startExamplePress(options: object): Promise<Twin>;
      };
      twin = await startExamplePress({
        keys: ['live_of_the_page'],
        webhook: { url: () => webhook.url, secret },
      });
    });
    after(async () => {
      await twin?.stop();
      await machine[Symbol.asyncDispose]();
      home.remove();
    });
    const env = (): Record<string, string> => ({
      DATABASE_URL: machine.url,
      POSTRIDER_HOME: home.path,
      PRESS_URL: twin?.url ?? '',
      PRESS_KEY: 'live_of_the_page',
      PRESS_WEBHOOK: secret,
      NO_COLOR: '1',
    });
    const postrider = (): string[] => [process.execPath, ...loader, join(copy.root, 'bin/main.ts')];

    it('mail a small campaign, a live card for everyone who is called sent', async () => {
      const campaign = join(shortBakery(home.path, 12), 'campaign.yaml');
      const text = readFileSync(campaign, 'utf8');
      const named = text.replace(/^printer:\n(?: .*\n)+/m, block('printer'));
      assert.notEqual(named, text);
      writeFileSync(campaign, named);
      const quoted = postrider().map((part) => `'${part}'`);
      const script = block('commands').replaceAll('./bin/postrider', quoted.join(' '));
      const ran = await run(['sh', '-euc', script], home.path, env());
      assert.equal(ran.code, 0, ran.said);
      const { sent = 0 } = await states(machine.sql);
      assert.ok(sent >= 5, ran.said);
      const cards = [...(twin?.cards.values() ?? [])];
      assert.deepEqual(
        cards.map(({ mode }) => mode),
        Array.from({ length: sent }, () => 'live'),
      );
      const prices = await machine.sql<{ price: string }[]>`
        select distinct price || ' ' || price_currency as price from postrider.mailpieces
        where accepted_at is not null`;
      assert.deepEqual(
        prices.map(({ price }) => price),
        ['0.88 USD'],
      );
    });

    it('are followed to the letterbox by signed webhooks', async () => {
      const { sent = 0 } = await states(machine.sql);
      const [program = '', ...args] = postrider();
      const runner = spawn(program, [...args, 'run', '--port', '0', '--json'], {
        cwd: home.path,
        env: { ...process.env, ...env() },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      try {
        const [line] = (await once(runner.stdout, 'data')) as [Buffer];
        const { url } = JSON.parse(line.toString().split('\n')[0] ?? '') as { url: string };
        const [connection] = await machine.sql<{ id: string }[]>`
          select endpoint_id as id from postrider.connections where name = 'example-press'`;
        webhook.url = `${url}/webhooks/example-press/${connection?.id}`;
        await twin?.turnClock(7);
        const until = Date.now() + 60_000;
        for (;;) {
          const { received = 0 } = await states(machine.sql);
          if (received === sent) break;
          assert.ok(Date.now() < until, `${received} of ${sent} cards are received`);
          await sleep(200);
        }
      } finally {
        runner.kill('SIGTERM');
        await once(runner, 'close');
      }
      assert.deepEqual(await broken(machine.sql), []);
    });
  });
});
