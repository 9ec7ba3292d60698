import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bakeryPlace } from './places.ts';
import { columnsIn } from '../../../test/support/file-words.ts';
import { cli } from './cli.ts';

describe('campaigns from the command line', () => {
  const at = bakeryPlace();
  const { file, spoiled } = at;

  it('says what makes the first campaign', async () => {
    const run = await cli(at.place, ['campaign', 'show', 'anything']);
    assert.equal(run.code, 1);
    assert.match(run.stderr, /there is no campaign yet\n.*campaign apply/);
  });

  it('applies a file, and says what a second one changed', async () => {
    const first = await cli(at.place, ['campaign', 'apply', file, '--json']);
    assert.equal(first.code, 0, first.stderr);
    const [applied] = first.json<{ created: boolean; campaign: string; warnings: string[] }>();
    assert.equal(applied?.created, true);
    assert.match(applied?.warnings.join() ?? '', /PRINT_SHOP_TOKEN is not set/);
    const again = await cli(at.place, ['campaign', 'apply', file, '--no-check']);
    assert.match(again.stdout, /is as it was/);
    const changed = await cli(at.place, [
      'campaign',
      'apply',
      '--no-check',
      spoiled('changed.yaml', (text) =>
        text.replace('exclusion_window_days: 30', 'exclusion_window_days: 60'),
      ),
    ]);
    assert.match(changed.stdout, /changed: exclusion_window/);
    const dry = await cli(at.place, ['campaign', 'apply', '--no-check', '--dry-run', file]);
    assert.match(dry.stdout, /can be applied: .* would change exclusion_window/, dry.stderr);
    assert.match(
      (await cli(at.place, ['campaign', 'apply', '--no-check', file])).stdout,
      /changed: exclusion_window/,
    );
    const json = await cli(at.place, ['campaign', 'list', '--json']);
    assert.equal(json.json()[0]?.['name'], 'bakery-welcome');
  });

  it('finds what was meant', async () => {
    const run = await cli(at.place, ['campaign', 'show', 'bakery-wellcome']);
    assert.equal(run.code, 1);
    assert.match(
      run.stderr,
      /there is no campaign bakery-wellcome\ndid you mean bakery-welcome\? Nothing was changed/,
    );
    const known = await cli(at.place, ['campaign', 'show', 'Flour & Field Bakery/bakery-welcome']);
    assert.equal(known.code, 0, known.stderr);
    assert.match(known.stdout, /^bakery-welcome \(/);
    const rich = spoiled(
      'rich.yaml',
      (text) =>
        `${text}\ntotal_cap: 500\nfrequency_cap: { days: 90 }\noffer_ends_on: 2031-02-03\n` +
        'budget: { amount: 425, price_per_card: 0.85, currency: USD }\n',
    );
    assert.equal((await cli(at.place, ['campaign', 'apply', '--no-check', rich])).code, 0);
    const shown = await cli(at.place, ['campaign', 'show', 'bakery-welcome']);
    for (const says of [
      /printer +print-shop, not armed for live printing/,
      /template +postcard\.typ/,
      /adapters .*audience csv customers\.csv/,
      /return address +1 Millers Row, Montpelier, VT, 05602, US/,
      /exclusion window days +30/,
      /assumed after days +21/,
      /holdout +\S+ percent, salt \S+/,
      /mode +automated; test: nothing is printed/,
      /longest address line +57/,
      /frequency cap +90 days, skip/,
      /total cap +500/,
      /budget +USD 425\.00, at USD 0\.85 a card/,
      /offer ends on +2031-02-03/,
    ])
      assert.match(shown.stdout, says);
    // In the words of the file, and not by columns of the database.
    assert.deepEqual(columnsIn(shown.stdout.replaceAll(' ', '_')), []);
    assert.equal((await cli(at.place, ['campaign', 'apply', '--no-check', file])).code, 0);
    assert.match((await cli(at.place, ['status'])).stdout, /^campaign +status +mode +people/);
  });

  it('goes live only when somebody says so twice, and with an armed printer', async () => {
    const unasked = await cli(at.place, [
      'campaign',
      'launch',
      'bakery-welcome',
      '--live',
      '--arm',
    ]);
    assert.equal(unasked.code, 2, unasked.stderr);
    assert.match(unasked.stderr, /is armed, and prints and posts real cards[\s\S]*--yes/);
    const unarmed = await cli(at.place, [
      'campaign',
      'launch',
      'bakery-welcome',
      '--live',
      '--yes',
    ]);
    assert.equal(unarmed.code, 1, unarmed.stderr);
    assert.match(
      unarmed.stderr,
      /printer print-shop is not armed.*\npostrider campaign launch bakery-welcome --live --arm\. Nothing was changed/,
    );
    assert.doesNotMatch(unarmed.stderr, /select /);
    const tested = await cli(at.place, ['campaign', 'launch', 'bakery-welcome', '--arm']);
    assert.equal(tested.code, 2, tested.stderr);
    assert.match(tested.stderr, /--arm goes with --live/);
    await at.machine
      .sql`update postrider.campaign set status = 'paused', status_before_hold = 'pending'`;
    const held = await cli(at.place, [
      'campaign',
      'launch',
      'bakery-welcome',
      '--live',
      '--arm',
      '--yes',
    ]);
    assert.equal(held.code, 1, held.stderr);
    assert.match(held.stderr, /is held[\s\S]*Nothing was changed/);
    await at.machine
      .sql`update postrider.campaign set status = 'pending', status_before_hold = null`;
    const [printer] = await at.machine.sql`select armed_at from postrider.printer`;
    assert.equal(printer?.['armed_at'], null, 'neither armed anything');
    const live = await cli(at.place, [
      'campaign',
      'launch',
      'bakery-welcome',
      '--live',
      '--arm',
      '--yes',
    ]);
    assert.equal(live.code, 0, live.stderr);
    assert.match(live.stdout, /is active in live mode/);
    const twice = await cli(at.place, [
      'campaign',
      'launch',
      'bakery-welcome',
      '--live',
      '--arm',
      '--yes',
    ]);
    assert.match(twice.stdout, /bakery-welcome was active already in live mode/, twice.stderr);
    const frozen = await cli(at.place, ['campaign', 'launch', 'bakery-welcome']);
    assert.equal(frozen.code, 1);
    assert.match(frozen.stderr, /was launched in live mode/);
    const path = spoiled('frozen.yaml', (text) => text.replace('mode: automated', 'mode: one_off'));
    for (const args of [['--dry-run'], []]) {
      const run = await cli(at.place, ['campaign', 'apply', '--no-check', ...args, path]);
      assert.equal(run.code, 1, run.stdout);
      assert.match(run.stderr, /bakery-welcome: mode cannot change any more/);
    }
  });

  it('goes from test to live, shows before what that means, and says so of a test', async () => {
    await at.machine.sql`
      update postrider.campaign
      set status = 'pending', mode = 'test', launched_at = null`;
    const launch = async (...args: string[]) =>
      await cli(at.place, ['campaign', 'launch', 'bakery-welcome', ...args]);
    const test = await launch();
    assert.match(test.stdout, /is active in test mode/, test.stderr);
    assert.match(
      (await cli(at.place, ['status'])).stderr,
      /test: nothing was printed for bakery[^ ]*\. It goes live with: postrider campaign launch bakery[^ ]* --live/,
    );
    assert.match(
      (await cli(at.place, ['campaign', 'show', 'bakery-welcome'])).stdout,
      /mode +automated; test: nothing is printed/,
    );
    const unasked = await launch('--live');
    assert.equal(unasked.code, 2, unasked.stdout);
    assert.match(unasked.stdout, /from test to live\n[\s\S]*put aside: nothing was printed/);
    assert.match(unasked.stderr, /goes from test to live[\s\S]*--yes/);
    await at.machine.sql`update postrider.printer set armed_at = null, armed_by = null`;
    const unarmed = await launch('--live', '--yes');
    assert.equal(unarmed.code, 1, unarmed.stdout);
    assert.match(
      unarmed.stderr,
      /not armed.*\npostrider campaign launch bakery-welcome --live --arm/,
    );
    assert.doesNotMatch(unarmed.stderr, /select /);
    const live = await launch('--live', '--arm', '--yes', '--json');
    assert.equal(live.code, 0, live.stderr);
    assert.deepEqual(
      ['status', 'mode', 'voided', 'begunAgain', 'armed'].map((key) => live.json()[0]?.[key]),
      ['active', 'live', 0, 0, true],
    );
    assert.doesNotMatch((await cli(at.place, ['status'])).stderr, /test: nothing/);
  });

  it('pauses, releases, holds and ends', async () => {
    await cli(at.place, ['campaign', 'pause', 'bakery-welcome', '--why', 'wrong\nprice.']);
    const held = await cli(at.place, ['campaign', 'launch', 'bakery-welcome', '--live', '--yes']);
    assert.match(held.stderr, /is held: wrong\\nprice\.\n.*release it first/);
    assert.equal((await cli(at.place, ['release', 'campaign', 'bakery-welcome'])).code, 0);
    for (const verb of [
      ['campaign', 'launch', ''],
      ['hold', 'printer', ' '],
      ['hold', 'organization', ''],
      ['cancel', ''],
    ]) {
      const blank = await cli(at.place, verb);
      assert.equal(blank.code, 2, blank.stdout);
      assert.match(blank.stderr, /the name of the \w+ is blank\n.*nothing was changed/);
    }
    const paused = await cli(at.place, [
      'campaign',
      'pause',
      'bakery-welcome',
      '--why',
      'wrong price',
      '--json',
    ]);
    assert.equal(paused.json()[0]?.['atPrinter'], 0, paused.stderr);
    assert.match(
      (await cli(at.place, ['status'])).stderr,
      /campaign bakery-welcome is held by \w+, postrider.*: wrong price/,
    );
    assert.match(
      (await cli(at.place, ['release', 'campaign', 'bakery-welcome', '--why', 'mended'])).stdout,
      /it is active again/,
    );
    const told = await cli(at.place, [
      'interventions',
      '--campaign',
      'bakery-welcome',
      '--limit',
      '2',
      '--json',
    ]);
    assert.deepEqual(
      told.json().map((row) => [row['action'], row['kind'], row['why']]),
      [
        ['release', 'campaign', 'mended'],
        ['hold', 'campaign', 'wrong price'],
      ],
      told.stderr,
    );
    assert.match((await cli(at.place, ['interventions'])).stdout, /arm printer +print-shop/);
    assert.match(String(told.json()[0]?.['application']), /^postrider( \(.+\))?$/);
    assert.equal((await cli(at.place, ['hold', 'printer', 'print-shop'])).code, 0);
    assert.equal((await cli(at.place, ['hold', 'organization', 'Flour & Field Bakery'])).code, 0);
    assert.equal(
      (await cli(at.place, ['release', 'organization', 'Flour & Field Bakery'])).code,
      0,
    );
    const wrong = await cli(at.place, ['release', 'printer', 'print-shp']);
    assert.match(wrong.stderr, /did you mean print-shop\?/);
    assert.equal((await cli(at.place, ['release', 'printer', 'print-shop'])).code, 0);
    const twice = await cli(at.place, ['release', 'printer', 'print-shop']);
    assert.equal(twice.code, 1);
    assert.match(twice.stderr, /is not held/);
    assert.equal(
      (await cli(at.place, ['campaign', 'end', 'bakery-welcome', '--as', 'completed'])).code,
      2,
    );
    const ended = await cli(at.place, [
      'campaign',
      'end',
      'bakery-welcome',
      '--as',
      'completed',
      '--yes',
      '--json',
    ]);
    assert.deepEqual([ended.code, ended.json()[0]?.['skipped']], [0, 0], ended.stderr);
    const gate = await cli(at.place, ['sync', 'bakery-welcome']);
    assert.equal(gate.code, 1);
    assert.match(gate.stderr, /does not sync: it is automated and completed/);
  });
});
