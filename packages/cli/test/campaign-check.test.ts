import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { bakeryPlace } from './places.ts';
import { blocksOf } from '../../../test/support/blocks.ts';
import { cli } from './cli.ts';

describe('a campaign file, before it is applied', () => {
  const at = bakeryPlace();
  const { folder, spoiled } = at;

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
    const run = await cli(at.place, ['campaign', 'apply', path]);
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
    assert.equal((await at.machine.sql`select from postrider.organization`).length, 0);
  });

  it('warns of the rows of a look-up file that cannot be used', async () => {
    const path = join(folder, 'addresses.csv');
    const whole = readFileSync(path, 'utf8');
    const [header = '', first = ''] = whole.split('\n');
    writeFileSync(path, `${whole}${first.replace(/,[0-9-]+,US$/, ',9,US')}\n`);
    const run = await cli(at.place, [
      'campaign',
      'apply',
      join(folder, 'campaign.yaml'),
      '--dry-run',
    ]);
    writeFileSync(path, whole);
    assert.ok(header.includes('postal_code'));
    assert.match(
      run.stderr,
      /addresses\.csv: rows that cannot be used.*: 1 of \d+ \(row \d+: .*"9"/,
    );
  });

  it('takes the webhooks of the how-to where no private network is allowed, and warns of the secret alone', async () => {
    const [sink = ''] = blocksOf('docs/how-to/webhooks-to-your-own-system.md', 'yaml');
    const path = spoiled('hooks.yaml', (text) => `${text}\n${sink}\n`);
    const run = await cli(at.place, ['campaign', 'apply', path, '--dry-run']);
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stderr, /the secret WEBHOOK_SECRET is not set/);
    assert.doesNotMatch(run.stderr, /WEBHOOK_PRIVATE_NETWORKS/);
  });

  it('warns of webhooks to a private address, and what allows it', async () => {
    const path = spoiled('private.yaml', (text) =>
      text.concat('\nevent_sink: { kind: webhook, url: "https://10.1.2.3/hooks" }\n'),
    );
    const networks = join(at.place.home, 'var', 'secrets', 'WEBHOOK_PRIVATE_NETWORKS');
    const warning = /event_sink: 10\.1\.2\.3 is at 10\.1\.2\.3, which is no public address/;
    const run = await cli(at.place, ['campaign', 'apply', path, '--dry-run']);
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stderr, warning);
    assert.match(run.stderr, /put 10\.1\.2\.3 into the secret WEBHOOK_PRIVATE_NETWORKS/);
    mkdirSync(dirname(networks), { recursive: true });
    writeFileSync(networks, '10.1.2.0/24\n', { mode: 0o600 });
    const allowed = await cli(at.place, ['campaign', 'apply', path, '--dry-run']);
    rmSync(networks);
    assert.doesNotMatch(allowed.stderr, /no public address/);
  });

  it('names the line where YAML is broken, and the file that is not there', async () => {
    const path = spoiled('broken.yaml', (text) => `${text}\nname: again\n  x: [1,\n`);
    const run = await cli(at.place, ['campaign', 'apply', path]);
    assert.equal(run.code, 78, run.stderr);
    assert.match(run.stderr, /broken\.yaml:\d+:\d+: /);
    const missing = await cli(at.place, ['campaign', 'apply', 'nowhere.yaml']);
    assert.equal(missing.code, 78);
    assert.match(missing.stderr, /nowhere\.yaml: there is no such file/);
  });

  it('names an unknown kind of adapter together with all other problems', async () => {
    const path = spoiled('kinds.yaml', (text) =>
      text.replace('kind: typst', 'kind: typset').replace('dedupe: household', 'dedupe: street'),
    );
    const run = await cli(at.place, ['campaign', 'apply', path]);
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
        // It posts as anybody likes.
        .replace('kind: print-shop', 'kind: noop')
        .replace(/^(offer_ends_on: .*\n)?/, 'offer_ends_on: 2020-02-01\n'),
    );
    const run = await cli(at.place, ['campaign', 'apply', '--dry-run', '--no-check', path]);
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stderr, /warning: offer_ends_on: 2020-02-01 .* everybody would be skipped/);
    assert.match(run.stderr, /warning: mail_class: pigeon is neither first_class nor standard/);
    assert.equal(
      (await at.machine.sql`select from postrider.organization`).length,
      0,
      'a dry run makes nothing',
    );
    // In the same round as what cannot be used.
    writeFileSync(path, readFileSync(path, 'utf8').replace('dedupe: household', 'dedupe: street'));
    const wrong = await cli(at.place, ['campaign', 'apply', '--dry-run', '--no-check', path]);
    assert.equal(wrong.code, 78, wrong.stderr);
    for (const told of [
      /warning: offer_ends_on: 2020/,
      /warning: mail_class: pigeon/,
      /dedupe: must be person or household/,
    ])
      assert.match(wrong.stderr, told);
  });

  it('knows the kinds of adapters and their options, with the line', async () => {
    const kind = await cli(at.place, [
      'campaign',
      'apply',
      spoiled('kind.yaml', (text) => text.replace('kind: typst', 'kind: typset')),
    ]);
    assert.equal(kind.code, 78, kind.stderr);
    assert.match(
      kind.stderr,
      /kind\.yaml:\d+:3: renderer\.kind: there is no renderer of kind typset; did you mean typst\?/,
    );
    const option = await cli(at.place, [
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
    const template = await cli(at.place, [
      'campaign',
      'apply',
      spoiled('template.yaml', (text) => text.replace('template: postcard', 'tempalte: postcard')),
    ]);
    assert.equal(template.code, 78, template.stderr);
    assert.match(
      template.stderr,
      /renderer\.tempalte: is not an option of this adapter; did you mean template\?/,
    );
    const unlike = await cli(at.place, [
      'campaign',
      'apply',
      spoiled('unlike.yaml', (text) =>
        text.replace('template: postcard', 'colours: red\n  template: postcard'),
      ),
    ]);
    assert.match(
      unlike.stderr,
      /renderer\.colours: is not an option of this adapter; the fields here are fonts, kind, template/,
    );
    const slow = await cli(at.place, [
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
        .replace('mail_class: first_class', 'mail_class: fist_class')
        .replace('template: postcard.typ', 'template: potcard.typ')
        .replace('kind: print-shop', 'kind: print-shop\n  timeoutMs: "long"'),
    );
    const run = await cli(at.place, ['campaign', 'apply', path]);
    assert.equal(run.code, 78, run.stderr);
    for (const told of [
      /all\.yaml:\d+:1: dedupe: must be person or household, not "street"/,
      /all\.yaml:\d+:3: audience\.colums: is not an option of this adapter; did you mean columns\?/,
      /all\.yaml:\d+:3: audience\.foo: is not an option of this adapter; the fields here are path, /,
      /all\.yaml:\d+:3: audience\.encoding: must be utf-8 or utf-16le or utf-16be or windows-1252, not 7/,
      /all\.yaml:\d+:3: audience\.path: the list cannot be read: .*custmers\.csv: no such file.*--list-later/,
      /all\.yaml:\d+:1: format: no card can be 5x7: the renderer typst sets 4x6, 6x9, 6x11, and the printer print-shop prints 4x6, 6x9, 6x11; choose 4x6 or 6x9 or 6x11/,
      /all\.yaml:\d+:1: mail_class: the printer print-shop offers first_class, standard, and not fist_class; did you mean first_class\?/,
      /all\.yaml:\d+:3: renderer\.template: The template .*potcard\.typ cannot be read \(ENOENT\)/,
      /all\.yaml:\d+:3: printer\.timeoutMs: must be a number, not "long"/,
    ])
      assert.match(run.stderr, told);
    assert.doesNotMatch(run.stderr, /Invalid input|expected/);
    assert.equal(run.stderr.match(/: format: /g)?.length, 1, 'once, and not by the renderer again');
    const lines = [...run.stderr.matchAll(/all\.yaml:(\d+):/g)].map(([, line]) => Number(line));
    assert.deepEqual(
      lines,
      lines.toSorted((a, b) => a - b),
    );
    assert.equal((await at.machine.sql`select from postrider.organization`).length, 0);
  });
});
