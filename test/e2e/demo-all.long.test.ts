/** The whole list, after its beginning, and killed on the way: everybody once. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newDemo } from './demo-run.ts';

const { totals } = JSON.parse(
  readFileSync(new URL('../../examples/bakery/expected.json', import.meta.url), 'utf8'),
) as {
  totals: { all: { cards: number; ends: Record<string, number> } };
};

it('the first 300 rows, then all 3,220, killed three times on the way', async (t) => {
  await using demo = await newDemo();
  await demo.run('--rows', '300');
  for (let kill = 0; kill < 3; kill += 1) {
    const child = demo.start('--all');
    const ended = once(child, 'close');
    await sleep(2000 + Math.random() * 6000);
    child.kill('SIGKILL');
    await ended;
    const cut = await demo.sql`
      select state, count(*)::int as people from postrider.recipient_state group by 1 order by 1`;
    const left = cut.map((row) => `${String(row['people'])} ${String(row['state'])}`);
    t.diagnostic(`killed with ${left.join(', ')}`);
  }
  const result = await demo.run('--all');
  const { invalid, repeated: _known, conflicting: _others, ...ends } = totals.all.ends;
  assert.deepEqual(result.states, ends);
  assert.equal(result.invalid, invalid);
  assert.equal(result.rows, 3220);
  assert.equal(result.cards, totals.all.cards);
  assert.deepEqual((await demo.audit(null, 'all')).problems, []);
  const again = await demo.run('--all');
  assert.equal(again.newCards, 0);
});

it('what more was read than a demonstration reads, it mails where no number of rows is asked for', async () => {
  await using demo = await newDemo();
  await demo.run('--rows', '10');
  // As a demonstration of the whole list that was killed leaves it.
  await demo.postrider('sync', 'bakery-welcome', '--limit', '360');
  await assert.rejects(demo.run('--rows', '60'), /people wait for a card/);
  const result = await demo.run();
  assert.equal(result.rows, 300);
  const [known] = await demo.sql<
    { people: number }[]
  >`select count(*)::int as people from postrider.recipient`;
  assert.equal(known?.people, result.recipients);
  assert.equal(result.states['received'], result.cards);
  assert.deepEqual((await demo.audit(360)).problems, []);
});
