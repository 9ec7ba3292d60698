import assert from 'node:assert/strict';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Checkout, Run } from './checkout.ts';
import { makeCheckout, repository } from './checkout.ts';

describe('bin/test', () => {
  let checkout: Checkout;
  before(() => {
    checkout = makeCheckout();
    const file = (path: string, text: string): void => {
      const full = join(checkout.root, path);
      mkdirSync(join(full, '..'), { recursive: true });
      writeFileSync(full, text);
    };
    const test = (name: string): string => `import test from 'node:test';
      const { POSTRIDER_TEST_LONG: long = '', POSTRIDER_TEST_SERVER: server } = process.env;
      test('${name} long=' + long + ' server=' + server, () => {});
      test('${name} other', () => { if (process.env.FAIL) throw new Error('red'); });`;
    file(
      'test/support/global-setup.ts',
      `export function globalSetup(): void { process.env.POSTRIDER_TEST_SERVER = 'shared'; }`,
    );
    file('test/one.test.ts', test('one'));
    file('test/deep/two.test.ts', test('two'));
    file('packages/core/test/three.test.ts', test('three'));
    file('packages/core/test/four.long.test.ts', test('four'));
    file('packages/core/src/deep/test/six.test.ts', test('six'));
    // These share a process, and `together-1.ts` runs them: by itself, or all below its folder.
    file('packages/twins/src/one/test/seven.test.ts', test('seven'));
    file('packages/twins/test/together-1.ts', test('eight'));
    cpSync(
      join(repository, 'test/support/together.ts'),
      join(checkout.root, 'test/support/together.ts'),
    );
    const together = `import { together } from '../support/together.ts';
      together(import.meta.url);`;
    file('test/shared/together-1.ts', together);
    file('test/shared/together-2.ts', together);
    file('test/shared/deep/nine.test.ts', test('nine'));
    file('test/shared/deep/down/ten.test.ts', test('ten'));
    file('test/shared/deep/eleven.long.test.ts', test('eleven'));
    file('packages/core/test/node_modules/five.test.ts', test('five'));
    file('test/helper.ts', 'throw new Error("no test");');
    file('test/mutants/run.ts', 'console.log("mutants", process.argv.slice(2).join());');
  });
  after(() => checkout.remove());
  const run = (
    args: string[],
    options: { cwd?: string; env?: Record<string, string> } = {},
  ): Promise<Run> => checkout.run(join(checkout.root, 'bin', 'test'), args, options);
  const names = (result: Run): string[] =>
    [...result.stdout.matchAll(/^\s*✔ (\w+) (?:long|other)/gm)].map((match) => match[1] ?? '');

  it('runs all but the long ones, on one shared server, and ends with the summary', async () => {
    const result = await run([]);
    assert.equal(result.code, 0, result.stderr + result.stdout);
    assert.deepEqual([...new Set(names(result))].toSorted(), [
      'eight',
      'nine',
      'one',
      'six',
      'ten',
      'three',
      'two',
    ]);
    assert.match(result.stdout, /one long= server=shared/);
    assert.match(result.stdout, /ℹ tests 14\n[\s\S]*ℹ pass 14\nℹ fail 0\n/);
  });

  it('runs the long ones with --long, or when one is named', async () => {
    const all = await run(['--long']);
    assert.deepEqual([...new Set(names(all))].toSorted(), [
      'eight',
      'eleven',
      'four',
      'nine',
      'one',
      'six',
      'ten',
      'three',
      'two',
    ]);
    assert.match(all.stdout, /one long=1/);
    const one = await run(['packages/core/test/four.long.test.ts']);
    assert.match(one.stdout, /four long=1/);
    assert.deepEqual([...new Set(names(one))], ['four']);
  });

  it('runs the files it is given, named from here or from the top, with flags before or after', async () => {
    const cwd = join(checkout.root, 'packages', 'core');
    const result = await run(
      ['test/three.test.ts', 'test/one.test.ts', '--test-name-pattern=other'],
      { cwd },
    );
    assert.deepEqual(names(result).toSorted(), ['one', 'three'], result.stdout + result.stderr);
    const missing = await run(['test/nowhere.test.ts']);
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /nowhere/);
  });

  it('fails when a test fails', async () => {
    const result = await run(['test/one.test.ts'], { env: { FAIL: '1' } });
    assert.equal(result.code, 1);
    assert.match(result.stdout, /ℹ fail 1\n/);
  });

  it('hands mutants over', async () => {
    assert.equal((await run(['--mutants', '--only', 'fence'])).stdout, 'mutants --only,fence\n');
  });
});
