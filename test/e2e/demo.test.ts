/**
 * The main job, end to end: the real command on the real list. The judge is the auditor, who reads
 * the input files, the PDFs and the manifest, and never the database.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newDemo, type Demo } from './demo-run.ts';

const { totals } = JSON.parse(
  readFileSync(new URL('../../examples/bakery/expected.json', import.meta.url), 'utf8'),
) as {
  totals: { first_300: { cards: number; ends: Record<string, number> } };
};
const expected = totals.first_300;

function ends({
  states,
  invalid,
  repeated,
  conflicting,
}: Awaited<ReturnType<Demo['run']>>): Record<string, number> {
  return {
    ...states,
    invalid,
    repeated,
    conflicting,
  };
}

/** Manifests and PDFs, byte for byte. */
function printedFiles(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(pdf|csv)$/.test(name))
      .toSorted()
      .map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex'),
      ]),
  );
}

it('300 rows go in; killed in mid-run, it goes on, the right cards come out, none lost or printed twice, and another run prints nothing', async (t) => {
  await using demo = await newDemo();
  const child = demo.start('--rows', '300', '--days-per-second', '2');
  const ended = once(child, 'close');
  // Somewhere between the first proof and the last delivery.
  const share = Math.random();
  for (;;) {
    assert.equal(child.exitCode, null, 'it ended before it was killed');
    const [moves] = await demo.sql<
      { made: number }[]
    >`select count(*)::int as made from postrider.recipient_event`.catch(() => [{ made: 0 }]);
    if ((moves?.made ?? 0) > 300 + share * 1400) break;
    await sleep(50);
  }
  child.kill('SIGKILL');
  await ended;
  const cut = await demo.sql`
    select state, count(*)::int as people from postrider.recipient_state group by 1 order by 1`;
  const left = cut.map((row) => `${String(row['people'])} ${String(row['state'])}`);
  t.diagnostic(`killed with ${left.join(', ')}`);

  const result = await demo.run('--rows', '300');
  assert.equal(result.rows, 300);
  assert.deepEqual(ends(result), expected.ends);
  assert.equal(
    result.recipients + result.invalid + result.repeated + result.conflicting,
    300,
    'every row is accounted for',
  );
  assert.equal(result.cards, expected.cards);
  // Every code is read in the long form: demo-all.long.test.ts.
  const report = await demo.audit(300);
  assert.deepEqual(report.problems, []);
  assert.equal(report.cards, expected.cards);

  const printed = printedFiles(demo.prints);
  const again = await demo.run('--rows', '300');
  assert.equal(again.newCards, 0);
  assert.deepEqual(ends(again), expected.ends);
  assert.deepEqual(
    printedFiles(demo.prints),
    printed,
    'and nothing of what was audited has changed',
  );
});

it('says what this run read and what earlier runs did, and offers the rest of the list while there is one', async () => {
  await using demo = await newDemo();
  assert.match(
    await demo.postrider('demo', '--rows', '20'),
    /^20 rows of the list: \d+ recipients, \d+ unusable, \d+ repeated, \d+ conflicting$/m,
  );
  const again = await demo.postrider('demo', '--rows', '10');
  assert.match(
    again,
    /^10 rows of the list: (\d|10) recipients, \d+ unusable, \d+ repeated, \d+ conflicting; with earlier runs \d\d recipients in all$/m,
  );
  assert.match(again, /demo --all/);
  const [, who = ''] = /trace (\S+)/.exec(again) ?? [];
  const story = await demo.sql<
    { what: string; at: Date }[]
  >`select what, at from postrider.trace(${who})`;
  assert.ok(story.some(({ what }) => what === 'mailpiece delivered'));
  assert.ok(story.every(({ at }) => at.getTime() < Date.now() + 60_000));
  // As a run without a limit leaves it.
  await demo.sql`update postrider.sync_run set complete = true`;
  assert.doesNotMatch(await demo.postrider('demo', '--rows', '10'), /demo --all/);
});

it('goes on with what was mailed by hand, as the README has it, prints nothing of it again, and leaves the rest of the list alone', async () => {
  await using demo = await newDemo();
  const file = (name: string): string => join(demo.examples, name);
  await demo.postrider('migrate');
  await demo.postrider('print-shop', 'start', '--days-per-second', '20');
  try {
    await demo.postrider('campaign', 'apply', file('campaign.yaml'), '--no-check');
    await demo.postrider(
      'suppress',
      '--organization',
      'Flour & Field Bakery',
      '--file',
      file('suppressions.csv'),
    );
    await demo.postrider('sync', 'bakery-welcome', '--limit', '40');
    await demo.postrider('enrich', 'bakery-welcome');
    await demo.postrider('campaign', 'launch', 'bakery-welcome', '--live', '--arm', '--yes');
    await demo.postrider('run', '--once', '--no-sync', '--no-http');
    const deadline = Date.now() + 240_000;
    // It begins with its header.
    while (!readFileSync(join(demo.prints, 'manifest.csv'), 'utf8').includes('cards-000001.pdf')) {
      assert.ok(Date.now() < deadline, 'no card was printed');
      await sleep(50);
    }
  } finally {
    await demo.postrider('print-shop', 'stop');
  }
  const result = await demo.run('--rows', '40');
  assert.equal(result.newCards, 0);
  assert.ok(result.cards > 10);

  // A runner for something else reads the rest of the list, and mails nobody of it; nor does a
  // demonstration that was not asked to.
  await demo.postrider('run', '--once', '--no-http');
  const [row] = await demo.sql<{ people: number; pieces: number }[]>`
    select (select count(*)::int from postrider.recipient) as people,
      (select count(*)::int from postrider.mailpiece) as pieces`;
  assert.ok((row?.people ?? 0) > 1000);
  assert.equal(row?.pieces, result.cards);
  await assert.rejects(
    demo.run('--rows', '40'),
    /ended with 1:[\s\S]*people wait for a card[\s\S]*without --rows/,
  );
  assert.deepEqual((await demo.audit(40)).problems, []);
});

it('stands still where somebody holds the campaign, and reads nothing', async () => {
  await using demo = await newDemo();
  await demo.run('--rows', '10');
  const known = async (): Promise<unknown> =>
    (await demo.sql`select count(*)::int as people from postrider.recipient`)[0]?.['people'];
  const before = await known();
  await demo.postrider('hold', 'campaign', 'bakery-welcome', '--why', 'lawyer says stop.');
  await assert.rejects(
    demo.run('--rows', '60'),
    /ended with 1:[\s\S]*campaign bakery-welcome is held: lawyer says stop\.[\s\S]*postrider release campaign .*bakery-welcome/,
  );
  assert.equal(await known(), before);
  await demo.postrider('release', 'campaign', 'bakery-welcome');
  // What more was read is mailed where no number of rows is asked for: demo-all.long.test.ts.
  await demo.postrider('sync', 'bakery-welcome', '--limit', '80');
  await assert.rejects(demo.run('--rows', '60'), /people wait for a card/);
});

it('stops at Ctrl-C with 130, says that the same command goes on, and it does', async () => {
  await using demo = await newDemo();
  const child = demo.start('--rows', '120', '--days-per-second', '2');
  let stderr = '';
  child.stderr?.on('data', (text) => (stderr += String(text)));
  const ended = once(child, 'close') as Promise<[number | null]>;
  for (;;) {
    assert.equal(child.exitCode, null, stderr);
    const [sent] = await demo.sql<
      { people: number }[]
    >`select count(*)::int as people from postrider.recipient_state where state = 'sent'`.catch(
      () => [],
    );
    if ((sent?.people ?? 0) > 0) break;
    await sleep(50);
  }
  child.kill('SIGINT');
  const [code] = await ended;
  assert.equal(code, 130, stderr);
  assert.match(stderr, /Stopping: nothing new begins/);
  assert.match(
    stderr,
    /stopped with \d+ people under way.*Nothing is lost: the same command goes on/,
  );
  const result = await demo.run('--rows', '120');
  assert.equal(result.states['received'], result.cards);
  assert.deepEqual((await demo.audit(120)).problems, []);
});

it('does not print into a folder of another database', async () => {
  await using first = await newDemo();
  const clean = await first.run('--rows', '20');
  assert.equal(clean.newCards, clean.cards);
  assert.equal(
    clean.recipients + clean.invalid + clean.repeated + clean.conflicting,
    20,
    'every row is accounted for',
  );
  for (const path of Object.values(clean.paths)) assert.ok(existsSync(path), path);
  await first.sql.unsafe('drop schema postrider cascade; drop schema postrider_queue cascade');
  await assert.rejects(
    first.run('--rows', '20'),
    /ended with 78:[\s\S]*cards that this database does not know[\s\S]*--fresh/,
  );
  const anew = await first.run('--rows', '20', '--fresh', '--yes');
  assert.equal(anew.newCards, anew.cards);
  assert.deepEqual((await first.audit(20)).problems, []);
});

async function campaignStatus(demo: Demo): Promise<unknown> {
  const [campaign] = await demo.sql`
    select status from postrider.campaigns where name = 'bakery-welcome'`;
  return campaign?.['status'];
}

it('prints at a shop that runs already, leaves it running, and counts the cards of its own campaign only', async () => {
  await using demo = await newDemo();
  const yaml = readFileSync(join(demo.examples, 'campaign.yaml'), 'utf8')
    .replace('name: bakery-welcome', 'name: another')
    .replaceAll(/(path|template): (?=\w)/g, `$1: ${demo.examples}/`);
  const another = join(demo.prints, '../another.yaml');
  await demo.postrider('migrate');
  await demo.postrider('print-shop', 'start');
  try {
    writeFileSync(another, yaml);
    await demo.postrider('campaign', 'apply', another, '--no-check');
    await demo.postrider('sync', 'another', '--limit', '8');
    await demo.postrider('campaign', 'launch', 'another', '--live', '--arm', '--yes');
    await demo.postrider('run', '--once', '--no-sync', '--no-http');
    await demo.postrider('hold', 'campaign', 'another', '--why', 'one campaign at a time');
    const printed = (): number =>
      readFileSync(join(demo.prints, 'manifest.csv'), 'utf8').trim().split('\n').length - 1;

    await assert.rejects(
      demo.run('--rows', '20', '--days-per-second', '4'),
      /runs already .*not as --days-per-second/,
    );
    const result = await demo.run('--rows', '20');
    const { sent = 0 } = result.states;
    assert.ok(sent > 0, 'in real days nothing is received yet');
    assert.equal(result.cards, result.newCards);
    assert.ok(printed() > result.cards, 'the other campaign has printed, too');
    assert.equal(await campaignStatus(demo), 'paused');
    assert.match(await demo.postrider('print-shop', 'status'), /^running on/);
  } finally {
    await demo.postrider('print-shop', 'stop');
  }
});

it('holds its campaign also where the print shop ends in mid-run', async () => {
  await using demo = await newDemo();
  await demo.postrider('print-shop', 'start', '--days-per-second', '0.2');
  const run = demo.run('--rows', '60');
  run.catch(() => undefined);
  try {
    for (;;) {
      const [sent] = await demo.sql<{ people: number }[]>`
        select count(*)::int as people
        from postrider.recipient_state
        where state = 'sent'`.catch(() => []);
      if ((sent?.people ?? 0) > 0) break;
      await sleep(50);
    }
  } finally {
    await demo.postrider('print-shop', 'stop');
  }
  await assert.rejects(run, /the print shop on .* has ended/);
  assert.equal(await campaignStatus(demo), 'paused');
});
