/** The demonstration where it was run or stopped before, in this folder or by another database. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newDemo } from './demo-run.ts';

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

it('stops at Ctrl-C with 130, says that the same command goes on, and it does', async () => {
  await using demo = await newDemo();
  const child = demo.start('--rows', '60', '--days-per-second', '2');
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
  const result = await demo.run('--rows', '60');
  assert.equal(result.states['received'], result.cards);
  assert.deepEqual((await demo.audit(60)).problems, []);
});
