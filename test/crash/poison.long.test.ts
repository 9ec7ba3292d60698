/**
 * A card that kills every process that renders it convicts itself: after ten losses it is in error,
 * alone, and everybody else has a card.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { converge } from './converge.ts';
import { openScenario } from './scenario.ts';
import { verdict } from './verdict.ts';

void test('a card that kills the process each time it is rendered', async (t) => {
  await using scenario = await openScenario({ people: 300, keys: false });
  const { sql } = scenario.machine;
  let deaths = 0;
  let runner = await scenario.start({ poison: 'p77' });
  const revive = async (): Promise<void> => {
    if (runner.alive) return;
    deaths += 1;
    runner = await scenario.start({ poison: 'p77' });
  };
  await converge(scenario, { arrived: ['sent', 'error'], meanwhile: revive, deadlineMs: 300_000 });
  const errors = await sql`
    select r.external_id, s.reason
    from postrider.recipient_state s
    join postrider.recipient r on r.id = s.recipient_id
    where s.state = 'error'`;
  assert.deepEqual([...errors], [{ external_id: 'p77', reason: 'too_many_losses' }]);
  t.diagnostic(`${deaths} processes died of it`);
  assert.equal(deaths, 10);
  await verdict(scenario, { without: ['p77'] });
});
