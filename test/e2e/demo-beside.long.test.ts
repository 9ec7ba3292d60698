/** What else may be there when the demonstration is run: work by hand, holds, a shop of its own. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newDemo, type Demo } from './demo-run.ts';

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
