import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freshMachine, type Machine } from '../../../test/support/machine.ts';
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
      run.stderr.includes(
        `typos.yaml:${line('mailclass')}:1: mailclass: there is no such field; ` +
          'did you mean mail_class?',
      ),
      run.stderr,
    );
    assert.ok(
      run.stderr.includes(
        `typos.yaml:${line('dedupe: street')}:1: dedupe: must be person or household, not "street"`,
      ),
      run.stderr,
    );
    assert.ok(
      run.stderr.includes(
        `typos.yaml:${line('"ten"')}:3: holdout.percent: must be a number, not "ten"`,
      ),
      run.stderr,
    );
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
    assert.match(
      run.stderr,
      /renderer\.kind: there is no renderer of kind typset; did you mean typst\?/,
    );
  });

  it('warns of an offer that is over and of a mail class that nobody knows', async () => {
    const path = spoiled('odd.yaml', (text) =>
      text
        .replace('mail_class: first_class', 'mail_class: pigeon')
        .replace(/^(offer_ends_on: .*\n)?/, 'offer_ends_on: 2020-02-01\n'),
    );
    const run = await cli(place, ['campaign', 'apply', '--dry-run', '--no-check', path]);
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stderr, /warning: offer_ends_on: 2020-02-01 .* everybody would be skipped/);
    assert.match(run.stderr, /warning: mail_class: pigeon is neither first_class nor standard/);
    assert.equal(
      (await machine.sql`select from postrider.organization`).length,
      0,
      'a dry run makes nothing',
    );
    // In the same round as what cannot be used.
    writeFileSync(path, readFileSync(path, 'utf8').replace('dedupe: household', 'dedupe: street'));
    const wrong = await cli(place, ['campaign', 'apply', '--dry-run', '--no-check', path]);
    assert.equal(wrong.code, 78, wrong.stderr);
    for (const told of [
      /warning: offer_ends_on: 2020/,
      /warning: mail_class: pigeon/,
      /dedupe: must be person or household/,
    ])
      assert.match(wrong.stderr, told);
  });

  it('knows the kinds of adapters and their options, with the line', async () => {
    const kind = await cli(place, [
      'campaign',
      'apply',
      spoiled('kind.yaml', (text) => text.replace('kind: typst', 'kind: typset')),
    ]);
    assert.equal(kind.code, 78, kind.stderr);
    assert.match(
      kind.stderr,
      /kind\.yaml:\d+:3: renderer\.kind: there is no renderer of kind typset; did you mean typst\?/,
    );
    const option = await cli(place, [
      'campaign',
      'apply',
      spoiled('option.yaml', (text) =>
        text.replace('path: customers.csv', 'path: customers.csv\n  sheet: 1'),
      ),
    ]);
    assert.equal(option.code, 78, option.stderr);
    assert.match(
      option.stderr,
      /option\.yaml:\d+:3: audience\.sheet: is not an option of this adapter/,
    );
    const slow = await cli(place, [
      'campaign',
      'apply',
      spoiled('slow.yaml', (text) =>
        text.replace('kind: print-shop', 'kind: print-shop\n  timeoutMs: 60000'),
      ),
    ]);
    assert.equal(slow.code, 78, slow.stderr);
    assert.match(
      slow.stderr,
      /slow\.yaml:\d+:3: printer\.timeoutMs: 60000 ms is not shorter than the runner's lease of 60000 ms/,
    );
  });

  it('tells mistakes of the file, of options, of format, template and list in one round, and changes nothing', async () => {
    const path = spoiled('all.yaml', (text) =>
      text
        .replace('dedupe: household', 'dedupe: street')
        .replace('path: customers.csv', 'path: custmers.csv\n  colums: {}\n  foo: 1\n  encoding: 7')
        .replace('format: 4x6', 'format: 5x7')
        .replace('template: postcard.typ', 'template: potcard.typ')
        .replace('kind: print-shop', 'kind: print-shop\n  timeoutMs: "long"'),
    );
    const run = await cli(place, ['campaign', 'apply', path]);
    assert.equal(run.code, 78, run.stderr);
    for (const told of [
      /all\.yaml:\d+:1: dedupe: must be person or household, not "street"/,
      /all\.yaml:\d+:3: audience\.colums: is not an option of this adapter; did you mean columns\?/,
      /all\.yaml:\d+:3: audience\.foo: is not an option of this adapter; the fields here are path, /,
      /all\.yaml:\d+:3: audience\.encoding: must be utf-8 or utf-16le or windows-1252, not 7/,
      /all\.yaml:\d+:3: audience\.path: the list cannot be read: .*custmers\.csv: no such file.*--list-later/,
      /all\.yaml:\d+:1: format: the renderer has no format "5x7"; it has 4x6, 6x9, 6x11/,
      /all\.yaml:\d+:3: renderer\.template: The template .*potcard\.typ cannot be read \(ENOENT\)/,
      /all\.yaml:\d+:3: printer\.timeoutMs: must be a number, not "long"/,
    ])
      assert.match(run.stderr, told);
    assert.doesNotMatch(run.stderr, /Invalid input|expected/);
    const lines = [...run.stderr.matchAll(/all\.yaml:(\d+):/g)].map(([, line]) => Number(line));
    assert.deepEqual(
      lines,
      lines.toSorted((a, b) => a - b),
    );
    assert.equal((await machine.sql`select from postrider.organization`).length, 0);
  });

  it('refuses a list or a template that would stop every card, with line and column', async () => {
    writeFileSync(
      join(folder, 'broken.typ'),
      '#let front(card) = {\n  rect(wdith: 3pt)\n}\n#let back(card) = []\n',
    );
    writeFileSync(join(folder, 'binary.csv'), Buffer.from([0, 1, 2, 3, 0xff, 0, 10, 0, 7]));
    writeFileSync(
      join(folder, 'colour.typ'),
      '#let front(card) = [#card.colour]\n#let back(card) = []\n',
    );
    for (const [name, from, to, told] of [
      [
        'list.yaml',
        'path: customers.csv',
        'path: custmers.csv',
        /list\.yaml:\d+:3: audience\.path: .*custmers\.csv: no such file/,
      ],
      [
        'binary.yaml',
        'path: customers.csv',
        'path: binary.csv',
        /binary\.yaml:\d+:3: audience\.path: the list cannot be read: .*binary\.csv/,
      ],
      [
        'card.yaml',
        'postcard.typ',
        'broken.typ',
        /card\.yaml:\d+:3: renderer\.template: .*broken\.typ:2:\d+/,
      ],
      [
        'field.yaml',
        'postcard.typ',
        'colour.typ',
        /renderer\.template: none of the first \d+ cards can be made; .*"colour" is blank or missing/,
      ],
    ] as const) {
      const run = await cli(place, [
        'campaign',
        'apply',
        spoiled(name, (text) => text.replace(from, to)),
      ]);
      assert.equal(run.code, 78, run.stderr);
      assert.match(run.stderr, told);
    }
    assert.equal((await machine.sql`select from postrider.organization`).length, 0);
  });

  it('takes a list that comes later where that is said, and still looks at the template', async () => {
    const later = ['campaign', 'apply', '--dry-run', '--list-later'];
    const list = (text: string): string =>
      text.replace('path: customers.csv', 'path: tomorrow.csv');
    const run = await cli(place, [...later, spoiled('later.yaml', list)]);
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stderr, /warning: the list cannot be read: .*tomorrow\.csv: no such file/);
    assert.match(run.stdout, /can be applied/);
    const broken = await cli(place, [
      ...later,
      spoiled('later-broken.yaml', (text) => list(text).replace('postcard.typ', 'broken.typ')),
    ]);
    assert.equal(broken.code, 78, broken.stderr);
    assert.match(broken.stderr, /renderer\.template: .*broken\.typ:2:\d+/);
  });

  it('warns of some cards that cannot be set, and of an audience that nobody is read from', async () => {
    const some = spoiled('some.yaml', (text) => text.replace('postcard.typ', 'some.typ'));
    writeFileSync(
      join(folder, 'some.typ'),
      '#let front(card) = { assert(card.reference == card.reference); ' +
        '[x] }\n#let back(card) = if card.firstName.starts-with("A") { panic("no A") } else ' +
        '[]\n',
    );
    const run = await cli(place, ['campaign', 'apply', '--dry-run', some]);
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stderr, /warning: the card of row \d+ cannot be made: .*no A/);
    const unread = spoiled('unread.yaml', (text) =>
      text.replace(/^segment: .*\n/m, '').replace('mode: automated', 'mode: one_off'),
    );
    const nobody = await cli(place, ['campaign', 'apply', '--dry-run', unread]);
    assert.equal(nobody.code, 0, nobody.stderr);
    assert.match(
      nobody.stderr,
      /warning: audience: .*nobody comes from it until segment names one/,
    );
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
      spoiled('changed.yaml', (text) =>
        text.replace('exclusion_window_days: 30', 'exclusion_window_days: 60'),
      ),
    ]);
    assert.match(changed.stdout, /changed: exclusion_window/);
    const dry = await cli(place, ['campaign', 'apply', '--no-check', '--dry-run', file]);
    assert.match(dry.stdout, /can be applied: .* would change exclusion_window/, dry.stderr);
    assert.match(
      (await cli(place, ['campaign', 'apply', '--no-check', file])).stdout,
      /changed: exclusion_window/,
    );
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
    const rich = spoiled(
      'rich.yaml',
      (text) =>
        `${text}\ntotal_cap: 500\nfrequency_cap: { days: 90 }\noffer_ends_on: 2031-02-03\n` +
        'budget: { amount: 425, price_per_card: 0.85, currency: USD }\n',
    );
    assert.equal((await cli(place, ['campaign', 'apply', '--no-check', rich])).code, 0);
    const shown = await cli(place, ['campaign', 'show', 'bakery-welcome']);
    for (const says of [
      /printer +print-shop, not armed for live printing/,
      /template +postcard\.typ/,
      /adapters .*audience csv customers\.csv/,
      /return address +1 Millers Row, Montpelier, VT, 05602, US/,
      /exclusion window +30 days/,
      /frequency cap +90 days, skip/,
      /total cap +500/,
      /budget +USD 425\.00, at USD 0\.85 a card/,
      /offer ends on +2031-02-03/,
    ])
      assert.match(shown.stdout, says);
    assert.equal((await cli(place, ['campaign', 'apply', '--no-check', file])).code, 0);
    assert.match((await cli(place, ['status'])).stdout, /^campaign +status +mode +people/);
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
    const held = await cli(place, [
      'campaign',
      'launch',
      'bakery-welcome',
      '--live',
      '--arm',
      '--yes',
    ]);
    assert.equal(held.code, 1, held.stderr);
    assert.match(held.stderr, /is held[\s\S]*Nothing was changed/);
    await machine.sql`update postrider.campaign set status = 'pending', status_before_hold = null`;
    const [printer] = await machine.sql`select armed_at from postrider.printer`;
    assert.equal(printer?.['armed_at'], null, 'neither armed anything');
    const live = await cli(place, [
      'campaign',
      'launch',
      'bakery-welcome',
      '--live',
      '--arm',
      '--yes',
    ]);
    assert.equal(live.code, 0, live.stderr);
    assert.match(live.stdout, /is active in live mode/);
    const twice = await cli(place, [
      'campaign',
      'launch',
      'bakery-welcome',
      '--live',
      '--arm',
      '--yes',
    ]);
    assert.match(twice.stdout, /bakery-welcome was active already in live mode/, twice.stderr);
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
    await cli(place, ['campaign', 'pause', 'bakery-welcome', '--why', 'wrong\nprice.']);
    const held = await cli(place, ['campaign', 'launch', 'bakery-welcome', '--live', '--yes']);
    assert.match(held.stderr, /is held: wrong\\nprice\.\n.*release it first/);
    assert.equal((await cli(place, ['release', 'campaign', 'bakery-welcome'])).code, 0);
    for (const verb of [
      ['campaign', 'launch', ''],
      ['hold', 'printer', ' '],
      ['hold', 'organization', ''],
      ['cancel', ''],
    ]) {
      const blank = await cli(place, verb);
      assert.equal(blank.code, 2, blank.stdout);
      assert.match(blank.stderr, /the name of the \w+ is blank\n.*nothing was changed/);
    }
    const paused = await cli(place, [
      'campaign',
      'pause',
      'bakery-welcome',
      '--why',
      'wrong price',
      '--json',
    ]);
    assert.equal(paused.json()[0]?.['atPrinter'], 0, paused.stderr);
    assert.match(
      (await cli(place, ['status'])).stderr,
      /campaign bakery-welcome is held by \w+, postrider.*: wrong price/,
    );
    assert.match(
      (await cli(place, ['release', 'campaign', 'bakery-welcome', '--why', 'mended'])).stdout,
      /it is active again/,
    );
    const told = await cli(place, [
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
    assert.match((await cli(place, ['interventions'])).stdout, /arm printer +print-shop/);
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
    assert.equal(
      (await cli(place, ['campaign', 'end', 'bakery-welcome', '--as', 'completed'])).code,
      2,
    );
    const ended = await cli(place, [
      'campaign',
      'end',
      'bakery-welcome',
      '--as',
      'completed',
      '--yes',
      '--json',
    ]);
    assert.deepEqual([ended.code, ended.json()[0]?.['skipped']], [0, 0], ended.stderr);
    const gate = await cli(place, ['sync', 'bakery-welcome']);
    assert.equal(gate.code, 1);
    assert.match(gate.stderr, /does not sync: it is automated and completed/);
  });
});
