/**
 * The main job, end to end: the real command on the real list. The judge is the auditor, who reads
 * the input files, the PDFs and the manifest, and never the database. More of it is in the long
 * form: demo-again.long.test.ts, demo-beside.long.test.ts, demo-all.long.test.ts.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
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
