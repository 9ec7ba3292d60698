import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freshMachine, type Machine } from '../../../../test/support/machine.ts';
import { bakery, cli, projectHome, type CliPlace } from './cli.ts';

describe('campaigns from the command line', () => {
  let home: ReturnType<typeof projectHome>;
  let machine: Machine;
  let place: CliPlace;
  /** A copy of the example that a test may spoil. */
  let folder: string;
  let file: string;
  before(async () => {
    home = projectHome();
    machine = await freshMachine();
    place = { url: machine.url, home: home.path };
    folder = join(home.path, 'bakery');
    cpSync(bakery, folder, { recursive: true });
    file = join(folder, 'campaign.yaml');
  });
  after(async () => {
    await machine[Symbol.asyncDispose]();
    home.remove();
  });
  const spoiled = (name: string, change: (text: string) => string): string => {
    const path = join(folder, name);
    writeFileSync(path, change(readFileSync(join(bakery, 'campaign.yaml'), 'utf8')));
    return path;
  };

  it('says what makes the first campaign', async () => {
    const run = await cli(place, ['campaign', 'show', 'anything']);
    assert.equal(run.code, 1);
    assert.match(run.stderr, /there is no campaign yet\n.*campaign apply/);
  });

  it('names file, line, field and what is allowed, all problems at once, and changes nothing', async () => {
    const path = spoiled('typos.yaml', (text) =>
      text
        .replace('mail_class: first_class', 'mailclass: first_class')
        .replace('dedupe: household', 'dedupe: street')
        .replace('percent: 10', 'percent: "ten"'),
    );
    const line = (word: string): number =>
      readFileSync(path, 'utf8')
        .split('\n')
        .findIndex((text) => text.includes(word)) + 1;
    const run = await cli(place, ['campaign', 'apply', path]);
    assert.equal(run.code, 78, run.stderr);
    assert.equal(run.stdout, '');
    assert.ok(
      run.stderr.includes(`typos.yaml:${line('mailclass')}:1: mailclass: there is no such field; did you mean mail_class?`),
      run.stderr,
    );
    assert.ok(run.stderr.includes(`typos.yaml:${line('dedupe: street')}:1: dedupe: must be person or household, not "street"`), run.stderr);
    assert.ok(run.stderr.includes(`typos.yaml:${line('"ten"')}:3: holdout.percent: must be a number, not "ten"`), run.stderr);
    assert.match(run.stderr, /mail_class: is missing/);
    assert.equal((await machine.sql`select from postrider.organization`).length, 0);
  });

  it('names the line where YAML is broken, and the file that is not there', async () => {
    const path = spoiled('broken.yaml', (text) => `${text}\nname: again\n  x: [1,\n`);
    const run = await cli(place, ['campaign', 'apply', path]);
    assert.equal(run.code, 78, run.stderr);
    assert.match(run.stderr, /broken\.yaml:\d+:\d+: /);
    const missing = await cli(place, ['campaign', 'apply', 'nowhere.yaml']);
    assert.equal(missing.code, 78);
    assert.match(missing.stderr, /nowhere\.yaml: there is no such file/);
  });

  it('names an unknown kind of adapter together with all other problems', async () => {
    const path = spoiled('kinds.yaml', (text) =>
      text.replace('kind: typst', 'kind: typset').replace('dedupe: household', 'dedupe: street'),
    );
    const run = await cli(place, ['campaign', 'apply', path]);
    assert.equal(run.code, 78, run.stderr);
    assert.match(run.stderr, /dedupe: must be person or household/);
    assert.match(run.stderr, /renderer\.kind: there is no renderer of kind typset; did you mean typst\?/);
  });

  it('warns of an offer that is over and of a mail class that nobody knows', async () => {
    const path = spoiled('odd.yaml', (text) =>
      text.replace('mail_class: first_class', 'mail_class: pigeon').replace(/^(offer_ends_on: .*\n)?/, 'offer_ends_on: 2020-02-01\n'),
    );
    const run = await cli(place, ['campaign', 'apply', '--dry-run', '--no-check', path]);
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stderr, /warning: offer_ends_on: 2020-02-01 .* everybody would be skipped/);
    assert.match(run.stderr, /warning: mail_class: pigeon is neither first_class nor standard/);
    assert.equal((await machine.sql`select from postrider.organization`).length, 0, 'a dry run makes nothing');
  });

  it('knows the kinds of adapters and their options, with the line', async () => {
    const kind = await cli(place, ['campaign', 'apply', spoiled('kind.yaml', (text) => text.replace('kind: typst', 'kind: typset'))]);
    assert.equal(kind.code, 78, kind.stderr);
    assert.match(kind.stderr, /kind\.yaml:\d+:3: renderer\.kind: there is no renderer of kind typset; did you mean typst\?/);
    const option = await cli(place, [
      'campaign',
      'apply',
      spoiled('option.yaml', (text) => text.replace('path: customers.csv', 'path: customers.csv\n  sheet: 1')),
    ]);
    assert.equal(option.code, 78, option.stderr);
    assert.match(option.stderr, /option\.yaml:\d+:3: audience\.sheet: is not an option of this adapter/);
    const slow = await cli(place, [
      'campaign',
      'apply',
      spoiled('slow.yaml', (text) => text.replace('kind: print-shop', 'kind: print-shop\n  timeoutMs: 60000')),
    ]);
    assert.equal(slow.code, 78, slow.stderr);
    assert.match(slow.stderr, /slow\.yaml:\d+:3: printer\.timeoutMs: 60000 ms is not shorter than the runner's lease of 60000 ms/);
  });

  it('warns of a list that cannot be read and of a card that cannot be set, with line and column', async () => {
    const list = await cli(place, [
      'campaign',
      'apply',
      '--dry-run',
      spoiled('list.yaml', (text) => text.replace('path: customers.csv', 'path: custmers.csv')),
    ]);
    assert.equal(list.code, 0, list.stderr);
    assert.match(list.stderr, /warning: the list cannot be read: .*custmers\.csv: no such file/);
    writeFileSync(join(folder, 'broken.typ'), '#let front(card) = {\n  rect(wdith: 3pt)\n}\n#let back(card) = []\n');
    const card = await cli(place, [
      'campaign',
      'apply',
      '--dry-run',
      spoiled('card.yaml', (text) => text.replace('postcard.typ', 'broken.typ')),
    ]);
    assert.equal(card.code, 0, card.stderr);
    assert.match(card.stderr, /warning: the card of row 2 cannot be made: .*broken\.typ:2:\d+/);
    assert.match(card.stdout, /can be applied/);
  });

  it('applies a file, and says what a second one changed', async () => {
    const first = await cli(place, ['campaign', 'apply', file, '--json']);
    assert.equal(first.code, 0, first.stderr);
    const [applied] = first.json<{ created: boolean; campaign: string; warnings: string[] }>();
    assert.equal(applied?.created, true);
    assert.match(applied?.warnings.join() ?? '', /PRINT_SHOP_TOKEN is not set/);
    const again = await cli(place, ['campaign', 'apply', file, '--no-check']);
    assert.match(again.stdout, /is as it was/);
    const changed = await cli(place, [
      'campaign',
      'apply',
      '--no-check',
      spoiled('changed.yaml', (text) => text.replace('exclusion_window_days: 30', 'exclusion_window_days: 60')),
    ]);
    assert.match(changed.stdout, /changed: exclusion_window/);
    const dry = await cli(place, ['campaign', 'apply', '--no-check', '--dry-run', file]);
    assert.match(dry.stdout, /can be applied: .* would change exclusion_window/, dry.stderr);
    assert.match((await cli(place, ['campaign', 'apply', '--no-check', file])).stdout, /changed: exclusion_window/);
    const json = await cli(place, ['campaign', 'list', '--json']);
    assert.equal(json.json()[0]?.['name'], 'bakery-welcome');
  });

  it('finds what was meant', async () => {
    const run = await cli(place, ['campaign', 'show', 'bakery-wellcome']);
    assert.equal(run.code, 1);
    assert.match(run.stderr, /there is no campaign bakery-wellcome\ndid you mean bakery-welcome\?/);
    const known = await cli(place, ['campaign', 'show', 'Flour & Field Bakery/bakery-welcome']);
    assert.equal(known.code, 0, known.stderr);
    assert.match(known.stdout, /^bakery-welcome \(/);
  });

  it('goes live only when somebody says so twice, and with an armed printer', async () => {
    const unasked = await cli(place, ['campaign', 'launch', 'bakery-welcome', '--live']);
    assert.equal(unasked.code, 2, unasked.stderr);
    assert.match(unasked.stderr, /print-shop prints and posts real cards[\s\S]*--yes/);
    const unarmed = await cli(place, ['campaign', 'launch', 'bakery-welcome', '--live', '--yes']);
    assert.equal(unarmed.code, 1, unarmed.stderr);
    assert.match(unarmed.stderr, /printer print-shop is not armed[\s\S]*--arm/);
    const tested = await cli(place, ['campaign', 'launch', 'bakery-welcome', '--arm']);
    assert.equal(tested.code, 2, tested.stderr);
    assert.match(tested.stderr, /--arm goes with --live/);
    await machine.sql`update postrider.campaign set status = 'paused', status_before_hold = 'pending'`;
    const held = await cli(place, ['campaign', 'launch', 'bakery-welcome', '--live', '--arm', '--yes']);
    assert.equal(held.code, 1, held.stderr);
    assert.match(held.stderr, /is held[\s\S]*Nothing was changed/);
    await machine.sql`update postrider.campaign set status = 'pending', status_before_hold = null`;
    const [printer] = await machine.sql`select armed_at from postrider.printer`;
    assert.equal(printer?.['armed_at'], null, 'neither armed anything');
    const live = await cli(place, ['campaign', 'launch', 'bakery-welcome', '--live', '--arm', '--yes']);
    assert.equal(live.code, 0, live.stderr);
    assert.match(live.stdout, /is active in live mode/);
    const frozen = await cli(place, ['campaign', 'launch', 'bakery-welcome']);
    assert.equal(frozen.code, 1);
    assert.match(frozen.stderr, /was launched in live mode/);
    const path = spoiled('frozen.yaml', (text) => text.replace('mode: automated', 'mode: one_off'));
    for (const args of [['--dry-run'], []]) {
      const run = await cli(place, ['campaign', 'apply', '--no-check', ...args, path]);
      assert.equal(run.code, 1, run.stdout);
      assert.match(run.stderr, /campaign_mode cannot change any more/);
    }
  });

  it('pauses, releases, holds and ends', async () => {
    const paused = await cli(place, ['campaign', 'pause', 'bakery-welcome', '--why', 'wrong price', '--json']);
    assert.equal(paused.json()[0]?.['atPrinter'], 0, paused.stderr);
    assert.match((await cli(place, ['status'])).stderr, /campaign bakery-welcome is held by \w+, postrider.*: wrong price/);
    assert.match((await cli(place, ['release', 'campaign', 'bakery-welcome', '--why', 'mended'])).stdout, /it is active again/);
    const told = await cli(place, ['interventions', '--campaign', 'bakery-welcome', '--limit', '2', '--json']);
    assert.deepEqual(
      told.json().map((row) => [row['action'], row['kind'], row['why']]),
      [
        ['release', 'campaign', 'mended'],
        ['hold', 'campaign', 'wrong price'],
      ],
      told.stderr,
    );
    assert.match(String(told.json()[0]?.['application']), /^postrider( \(.+\))?$/);
    assert.equal((await cli(place, ['hold', 'printer', 'print-shop'])).code, 0);
    assert.equal((await cli(place, ['hold', 'organization', 'Flour & Field Bakery'])).code, 0);
    assert.equal((await cli(place, ['release', 'organization', 'Flour & Field Bakery'])).code, 0);
    const wrong = await cli(place, ['release', 'printer', 'print-shp']);
    assert.match(wrong.stderr, /did you mean print-shop\?/);
    assert.equal((await cli(place, ['release', 'printer', 'print-shop'])).code, 0);
    const twice = await cli(place, ['release', 'printer', 'print-shop']);
    assert.equal(twice.code, 1);
    assert.match(twice.stderr, /is not held/);
    assert.equal((await cli(place, ['campaign', 'end', 'bakery-welcome', '--as', 'completed'])).code, 2);
    const ended = await cli(place, ['campaign', 'end', 'bakery-welcome', '--as', 'completed', '--yes', '--json']);
    assert.deepEqual([ended.code, ended.json()[0]?.['skipped']], [0, 0], ended.stderr);
    const gate = await cli(place, ['sync', 'bakery-welcome']);
    assert.equal(gate.code, 1);
    assert.match(gate.stderr, /does not sync: it is automated and completed/);
  });
});
