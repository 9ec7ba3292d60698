/**
 * The main job, end to end: the real command on the real list. The judge is the auditor, who reads
 * the input files, the PDFs and the manifest, and never the database.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
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
