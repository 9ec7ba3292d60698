/** The options of the shop: as flags, as options of the library, and as its own help has them. */
import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { startPrintShop } from '../index.ts';
import { fromArguments, settle, toArguments } from '../options.ts';
import { SECRET, temporaryFolder, TOKEN } from './helpers.ts';
import { run, withCode } from './running.ts';

suite('the command line of the print shop', { concurrency: 4 }, () => {
  test('wrong usage is said in a sentence, and ends with 2', async (t) => {
    const folder = join(await temporaryFolder(t), 'never-made');
    const { code, stdout, stderr } = await run(t, ['--folder', folder, '--returned', 'some']).ended;
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /^print shop: --returned must be a number, and is "some"\. See --help\.\n$/,
    );

    const token = { PRINT_SHOP_TOKEN: TOKEN };
    const cases: readonly (readonly [readonly string[], NodeJS.ProcessEnv, RegExp])[] = [
      [[], token, /--folder is missing/],
      [['--folder', folder, '--colour'], token, /--colour/],
      [['--folder', folder], {}, /PRINT_SHOP_TOKEN is not set/],
      [
        ['--folder', folder, '--returned', '101'],
        token,
        /--returned must be a number from 0 to 100/,
      ],
      [['--folder', folder, '--print-after-ms=-1'], token, /--print-after-ms must be/],
      [
        ['--folder', folder, '--webhook', 'http://127.0.0.1:1/'],
        token,
        /PRINT_SHOP_WEBHOOK_SECRET/,
      ],
      [
        ['--folder', folder, '--webhook', 'ftp://127.0.0.1/'],
        { ...token, PRINT_SHOP_WEBHOOK_SECRET: SECRET },
        /http: or https:/,
      ],
      [
        ['--folder', folder],
        { ...token, PRINT_SHOP_WEBHOOK_SECRET: 'whsec_c2hvcnQ=' },
        /24 to 64 bytes/,
      ],
      [['--folder', folder], { ...token, PRINT_SHOP_WEBHOOK_SECRET: 'plain' }, /whsec_/],
    ];
    for (const [argv, env, message] of cases) {
      assert.throws(
        () => settle(fromArguments(argv, env)?.options ?? { folder, token: TOKEN }),
        withCode(2, message),
      );
    }
    await assert.rejects(
      startPrintShop({ folder, token: TOKEN, daysPerSecond: Number.NaN }),
      withCode(2, /--days-per-second/),
    );
    await assert.rejects(stat(folder), { code: 'ENOENT' });
  });

  test('a child process gets the options that it was given', () => {
    const options = {
      folder: '/a folder/=x',
      token: TOKEN,
      webhookSecret: SECRET,
      port: 4_711,
      artwork: ['/one', '--two'],
      acceptNoopArtwork: true,
      keys: false,
      readLagMs: 1,
      printAfterMs: 0,
      daysPerSecond: 0.5,
      loseScans: 2,
      returned: 3,
      webhook: 'http://127.0.0.1:1/x?y=z',
      webhookDuplicates: 4,
      webhookShuffle: true,
      allowFaults: true,
    };
    const argv = toArguments(options);
    assert.ok(
      !argv.join(' ').includes('whsec') && !argv.join(' ').includes(TOKEN),
      'secrets are not on the command line',
    );
    assert.deepEqual(
      fromArguments(argv, { PRINT_SHOP_TOKEN: TOKEN, PRINT_SHOP_WEBHOOK_SECRET: SECRET })?.options,
      options,
    );
    assert.deepEqual(
      toArguments({ folder: 'x', token: TOKEN, keys: true, webhookShuffle: false }),
      ['--folder=x'],
    );
  });

  test('--help names every option', async (t) => {
    const { code, stdout } = await run(t, ['--help'], {}).ended;
    assert.equal(code, 0);
    for (const flag of [
      '--folder',
      '--no-keys',
      '--read-lag-ms',
      '--days-per-second',
      '--webhook-shuffle',
      '--allow-faults',
    ])
      assert.ok(stdout.includes(flag), flag);
  });
});
