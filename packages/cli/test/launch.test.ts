/**
 * `campaign launch` shows before it acts: figures, whom the rules turned away, cards as pictures.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { cli, type CliRun } from './cli.ts';
import { campaignFile, rows, template, type Told } from './hello.ts';
import { ownPlace } from './places.ts';

describe('a launch that is not blind', () => {
  const at = ownPlace();
  const { place } = at;
  const folder = join(place.home, 'hello');
  const sheets = join(place.home, 'out', 'launch', 'hello');
  const run = async (...args: string[]): Promise<CliRun> => await cli(place, args);
  const launch = async (...args: string[]): Promise<CliRun> =>
    await run('campaign', 'launch', 'hello', ...args);
  const done = async (...args: string[]): Promise<CliRun> => {
    const result = await run(...args);
    assert.equal(result.code, 0, result.stderr);
    return result;
  };
  const apply = async (more = ''): Promise<void> => {
    writeFileSync(join(folder, 'campaign.yaml'), campaignFile(more));
    await done('campaign', 'apply', join(folder, 'campaign.yaml'), '--no-check');
  };
  const unchanged = async (): Promise<void> => {
    const [row] = await at.machine.sql`
      select c.status, c.launched_at, p.armed_at, p.held_at
      from postrider.campaign c
      join postrider.printer p on p.organization_id = c.organization_id`;
    assert.deepEqual(
      { ...row },
      { status: 'pending', launched_at: null, armed_at: null, held_at: null },
    );
  };
  /** A launch before the list was read, and whether it made pictures. */
  let unread: CliRun;
  let pictures = false;
  before(async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'people.csv'), `${rows.join('\n')}\n`);
    writeFileSync(join(folder, 'card.typ'), template(''));
    await apply();
    unread = await launch('--live', '--arm');
    pictures = existsSync(sheets);
    await done('suppress', '--organization', 'My Shop', '--email', 'out@example.com');
    await done('sync', 'hello');
  });

  it('refuses a list that was not read, before anybody is asked', () => {
    assert.equal(unread.code, 1, unread.stderr);
    assert.match(unread.stdout, /stops every card +the list of campaign hello was never read/);
    assert.match(unread.stderr, /was never read\n.*postrider sync hello/);
    assert.doesNotMatch(unread.stderr, /confirmation/);
    assert.ok(!pictures, 'no pictures of what is refused');
  });

  it('shows cards, money, caps, who was turned away, printer and days, and launches nothing', async () => {
    await apply(
      'daily_cap: 2\nbudget: { amount: 10, price_per_card: 0.85, currency: USD }\n' +
        'offer_ends_on: 2099-01-31\ntransit_days: 4\n',
    );
    const dry = await launch('--live', '--arm', '--dry-run');
    assert.equal(dry.code, 0, dry.stderr);
    for (const says of [
      /^hello of My Shop, launched as live\n/,
      /cards +2 today, at most 2 a day; 3 in all, in 2 days: \d{4}-\d\d-\d\d to \d{4}/,
      /people +3 to mail\n/,
      /turned away +1 suppressed \(blacklisted\); 1 duplicate \(skipped\)|turned away +1 duplicate \(skipped\); 1 suppressed/,
      /caps +2 cards a day \(0 opened today\)/,
      /budget +USD 2\.55 for these cards at USD 0\.85 each; of USD 10\.00 USD 10\.00 are left, which pay 11 cards/,
      /printer +press \(print-shop\), armed for live printing by this launch\n/,
      /mail +4x6, first_class, 4 days on the way: arrives from \d{4}/,
      /offer +ends on 2099-01-31; every card arrives by then/,
      /contact sheet +\S+\/out\/launch\/hello\/index\.html \(3 cards\)/,
      /nothing was changed: this was a dry run/,
    ])
      assert.match(dry.stdout, says);
    await unchanged();
    const [told] = (await launch('--dry-run', '--no-sheet', '--json')).json<Told>();
    assert.deepEqual([told?.preview.cards.now, told?.preview.cards.inAll], [2, 3]);
    assert.deepEqual([told?.status, told?.sheet], ['pending', null]);
    await unchanged();
  });

  it('shows front and back of the right people in a folder of its owner alone, without any network', async () => {
    const run = await launch('--dry-run', '--json');
    const sheet = run.json<Told>()[0]?.sheet;
    assert.deepEqual(
      sheet?.cards.map(({ externalId, faults }) => [externalId, faults]),
      [
        ['1', []],
        ['2', []],
        ['3', []],
      ],
      run.stderr,
    );
    assert.ok(sheet?.cards[1]?.why.includes('longest_name'));
    assert.ok(sheet?.cards[2]?.why.includes('most_accents'));
    assert.deepEqual(readdirSync(sheets).toSorted(), [
      ...['01', '02', '03'].flatMap((n) => [`${n}-back.png`, `${n}-front.png`]),
      'index.html',
      'overview.png',
    ]);
    for (const name of readdirSync(sheets)) {
      const bytes = readFileSync(join(sheets, name));
      if (name.endsWith('.png')) assert.deepEqual([...bytes.subarray(1, 4)], [80, 78, 71], name);
      assert.equal(statSync(join(sheets, name)).mode & 0o777, 0o600, name);
    }
    assert.equal(statSync(sheets).mode & 0o777, 0o700);
    const page = readFileSync(join(sheets, 'index.html'), 'utf8');
    assert.match(page, /Grace Murray &amp; &quot;Sons&quot;, 7 Oak Road/);
    assert.match(page, /longest name/);
    assert.doesNotMatch(page, /https?:|<script|<link|url\(/);
    for (const [, source] of page.matchAll(/src="([^"]+)"/g))
      assert.ok(existsSync(join(sheets, source ?? '')), source);
  });

  it('writes where it is told, leaves the rest of a folder alone, and takes older pictures away', async () => {
    const other = join(place.home, 'other');
    mkdirSync(other, { mode: 0o755 });
    for (const name of ['11-front.png', 'notes.txt']) writeFileSync(join(other, name), '');
    const shown = await launch('--dry-run', '--sheet', other);
    assert.equal(shown.code, 0, shown.stderr);
    assert.deepEqual(
      ['11-front.png', 'notes.txt', 'index.html'].map((name) => existsSync(join(other, name))),
      [false, true, true],
    );
    assert.equal(statSync(other).mode & 0o777, 0o755);
    const blocked = await launch('--dry-run', '--sheet', join(other, 'notes.txt'));
    assert.notEqual(blocked.code, 0);
    await unchanged();
  });

  it('refuses what would stop every card, with what helps', async () => {
    for (const [more, message, helps] of [
      ['offer_ends_on: 2000-01-01\n', /the offer ends on 2000-01-01/, /offer_ends_on/],
      [
        'budget: { amount: 0.5, price_per_card: 0.85, currency: USD }\n',
        /does not pay one card/,
        /budget\.amount/,
      ],
    ] as const) {
      await apply(more);
      for (const args of [['--live', '--arm', '--yes'], [], ['--dry-run']]) {
        const refused = await launch(...args, '--no-sheet');
        assert.equal(refused.code, 1, refused.stdout);
        assert.match(refused.stderr, message);
        assert.match(refused.stderr, helps);
        assert.match(refused.stderr, /Nothing was changed/);
      }
      // By a statement it is refused too, in the same words.
      await assert.rejects(
        async () =>
          await at.machine.sql`
            select postrider.launch(organization_id, id, 'test')
            from postrider.campaign`,
        message,
      );
      await unchanged();
    }
    await apply();
    const unarmed = await launch('--live', '--yes');
    assert.equal(unarmed.code, 1);
    assert.match(unarmed.stderr, /is not armed[^]*campaign launch hello --live --arm/);
    await done('hold', 'printer', 'press', '--why', 'no paper');
    const held = await launch('--live', '--arm', '--yes');
    assert.equal(held.code, 1);
    assert.match(
      held.stderr,
      /the printer is held: no paper\n.*postrider release printer press\. Nothing was changed/,
    );
    await done('release', 'printer', 'press');
    await unchanged();
  });

  it('refuses a template that spoils every card of the sheet, and --no-sheet does not look', async () => {
    writeFileSync(join(folder, 'card.typ'), template('//'));
    const spoiled = await launch('--live', '--arm', '--yes');
    assert.equal(spoiled.code, 78, spoiled.stderr);
    assert.match(spoiled.stdout, /would not be printed +1: /);
    assert.match(spoiled.stderr, /none of the 3 cards[^]*--no-sheet\. Nothing was changed/);
    await unchanged();
    const page = readFileSync(join(sheets, 'index.html'), 'utf8');
    assert.match(page, /class="fault">would not be printed/);
    assert.equal((await launch('--dry-run', '--no-sheet')).code, 0);
    writeFileSync(join(folder, 'card.typ'), template(''));
  });

  it('says of a stored proof that another template made it, and links it', async () => {
    await done('run', '--once', '--no-sync', '--no-http');
    const stored = (await launch('--dry-run', '--json')).json<Told>()[0]?.sheet;
    assert.deepEqual(
      stored?.cards.map(({ proof }) => proof),
      ['stored', 'stored', 'stored'],
    );
    assert.match(readFileSync(join(sheets, 'index.html'), 'utf8'), /<a href="file:.*#page=1"/);
    writeFileSync(join(folder, 'card.typ'), template('place(top + left)[new]; '));
    const newer = await launch('--dry-run');
    assert.match(newer.stdout, /older proofs +3 cards of the sheet have a stored proof/);
  });

  it('tests without a question, and shows again what is active already without refusing it', async () => {
    const both = await launch('--test', '--live', '--yes');
    assert.equal(both.code, 2, both.stdout);
    const test = await launch('--test', '--no-sheet');
    assert.equal(test.code, 0, test.stderr);
    assert.match(test.stdout, /launched as a test: nothing is printed[^]*is active in test mode/);
    await done('hold', 'printer', 'press');
    const again = await launch();
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stdout, /stops every card +the printer is held[^]*was active already/);
    const live = await launch('--live', '--arm', '--yes');
    assert.equal(live.code, 1, live.stdout);
    assert.match(live.stdout, /^hello of My Shop, from test to live\n/);
    assert.match(live.stderr, /the printer is held/);
    await done('release', 'printer', 'press');
  });
});

describe('a launch without pictures', () => {
  const at = ownPlace();
  it('says that its renderer makes no previews, and launches all the same', async () => {
    const { launched, people, syncPeople } = await import('../../../test/support/machine.ts');
    const { sql } = at.machine;
    await syncPeople(sql, await launched(sql, {}, 'Bakery', null), people(2));
    const run = await cli(at.place, ['campaign', 'launch', 'spring']);
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stdout, /contact sheet +none: the renderer[^\n]*/);
    assert.match(run.stdout, /spring is active in test mode/);
  });
});
