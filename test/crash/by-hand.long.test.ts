/**
 * People with psql and a terminal: jobs and cohorts deleted, a hold in mid-run, a runner stopped in
 * good order, several runners at once.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { hold, release, type Holdable } from '@postrider/core';
import { states } from '../support/machine.ts';
import { converge, eventually } from './converge.ts';
import { openScenario, type Scenario } from './scenario.ts';
import { verdict } from './verdict.ts';
import { isLong } from '../support/long.ts';

const more = isLong ? 300 : 40;
async function slowly(scenario: Scenario): Promise<void> {
  return await scenario.shop.faults([{ kind: 'delay_ms', ms: 40, count: 1_000_000 }]);
}

void describe('by hand, in mid-run', { concurrency: 3 }, () => {
  for (const what of isLong
    ? (['all jobs', 'all cohorts', 'all jobs and all cohorts'] as const)
    : (['all jobs and all cohorts'] as const)) {
    void test(`${what} deleted`, async () => {
      await using scenario = await openScenario({ people: more, keys: false });
      const { sql } = scenario.machine;
      await slowly(scenario);
      await scenario.start();
      let deleted = 0;
      for (let round = 0; round < (isLong ? 8 : 2); round += 1) {
        await eventually(
          'somebody is on the way',
          async () =>
            (await sql`select from postrider.cohort where closed_at is null limit 1`).length > 0,
        );
        if (what !== 'all cohorts')
          deleted += (
            await sql`delete from postrider_queue.job where name in ('proof', 'mail') returning id`
          ).length;
        if (what !== 'all jobs')
          deleted += (await sql`delete from postrider.cohort returning id`).length;
        await scenario.grow(more);
        await sleep(200);
      }
      assert.ok(deleted > 0);
      await converge(scenario);
      await verdict(scenario);
    });
  }

  void test(`a hold in mid-run, with ${isLong ? 'four' : 'two'} runners: nothing begins after it, and everybody arrives after the release`, async (t) => {
    await using scenario = await openScenario({ people: more, keys: false });
    const { sql } = scenario.machine;
    const { organizationId, campaignId } = scenario.place;
    await slowly(scenario);
    await Promise.all(Array.from({ length: isLong ? 4 : 2 }, async () => await scenario.start()));
    const held: readonly (readonly [Holdable, string])[] = [
      ['campaign', campaignId],
      ['printer', 'press'],
      ['organization', organizationId],
    ];
    for (const [kind, id] of held) {
      await scenario.grow(more);
      await eventually(
        'cards are at the printer',
        async () => ((await states(sql))['sending'] ?? 0) > 0,
      );
      const asked = performance.now();
      const { atPrinter } = await hold(sql, { organizationId, kind, id }, 'a test');
      const [now] = await sql<{ at: Date }[]>`select postrider.now() as at`;
      const ledger = (await scenario.shop.ledger()).length;
      t.diagnostic(
        `hold of the ${kind}: ${Math.round(performance.now() - asked)} ms, ` +
          `${atPrinter} at the printer`,
      );
      await sleep(700);
      // Proofs go on while only the printer is held.
      const begun = await sql`
        select stage, begun_at, closed_why
        from postrider.cohort
        where begun_at > ${now?.at ?? null}
          and closed_why is distinct from 'held'
          and (${kind} <> 'printer' or stage = 'mail')`;
      assert.deepEqual([...begun], [], `nothing begins after the hold of the ${kind}`);
      assert.ok(
        (await scenario.shop.ledger()).length - ledger <= atPrinter,
        'nothing is printed but what was at the printer',
      );
      await release(sql, { organizationId, kind, id });
    }
    await converge(scenario);
    await verdict(scenario);
  });

  void test('a runner stopped in good order in mid-run leaves no unknown piece and nobody at work', async () => {
    // The product's times: on a machine that is busy enough, the short ones pass by themselves, and
    // then nobody knows what became of whom.
    const settings = { leaseMs: 60_000, graceMs: 15_000, quietMs: 11_000 };
    await using scenario = await openScenario({
      people: 2 * more,
      keys: false,
      timeoutMs: 10_000,
      settings,
    });
    const { sql } = scenario.machine;
    await slowly(scenario);
    for (let round = 0; round < (isLong ? 5 : 1); round += 1) {
      const runner = await scenario.start();
      await eventually(
        'cards are at the printer',
        async () => ((await states(sql))['sending'] ?? 0) > 0,
      );
      assert.equal(await runner.stop(), '0');
      const { sending, proofing } = await states(sql);
      assert.deepEqual({ sending, proofing }, { sending: undefined, proofing: undefined });
      assert.equal((await sql`select from postrider.mailpiece where status = 'unknown'`).length, 0);
      assert.equal((await sql`select from postrider.runner`).length, 0, 'it is deregistered');
      await scenario.grow(2 * more);
    }
    await scenario.start();
    await converge(scenario);
    await verdict(scenario);
  });

  void test('four runners at once', async () => {
    await using scenario = await openScenario({
      people: isLong ? 3000 : 100,
      keys: false,
      emailOnly: 5,
    });
    await Promise.all(Array.from({ length: 4 }, async () => await scenario.start()));
    await converge(scenario);
    await verdict(scenario);
  });
});
