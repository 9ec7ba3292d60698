/** Probes of a connection whose breaker is open: who has it, how often, and what follows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settleProbe } from '../../../packages/core/src/machine/health.ts';
import { OTHER_RUNNER, RUNNER, sharedMachine, turnClock } from '../rig.ts';
import { connectedPlace, fails, healthOf, probed, stagedOf } from './broken.ts';

const rig = sharedMachine();

void test('one runner has the probe, until its lease has passed', async () => {
  const { sql } = rig;
  const at = await connectedPlace(rig.sql, {}, []);
  await fails(rig.sql, at);
  assert.equal(await probed(rig.sql, at), false, 'not at once');
  await turnClock(sql, 6000);
  const four = [RUNNER, OTHER_RUNNER, RUNNER, OTHER_RUNNER];
  const all = await Promise.all(four.map(async (runner) => await probed(rig.sql, at, runner)));
  assert.equal(all.filter(Boolean).length, 1);
  assert.equal((await healthOf(rig.sql, at))?.['state'], 'half_open');
  assert.equal(await stagedOf(rig.sql, at), 0);
  await turnClock(sql, 20_000);
  assert.equal(await probed(rig.sql, at, OTHER_RUNNER), false);
  await turnClock(sql, 11_000);
  assert.equal(await probed(rig.sql, at, OTHER_RUNNER), true);
  // The first one comes late.
  const late = { found: 'answered', cause: null } as const;
  assert.equal(await settleProbe(sql, at, RUNNER, late), null);
  assert.equal((await healthOf(rig.sql, at))?.['state'], 'half_open');
  assert.equal(await settleProbe(sql, at, OTHER_RUNNER, late), 'closed');
});

void test('a probe in vain is repeated later and later, up to five minutes', async () => {
  const { sql } = rig;
  const at = await connectedPlace(rig.sql, {}, []);
  await fails(rig.sql, at);
  const pauses: number[] = [];
  for (let n = 0; n < 9; n += 1) {
    const [row] = await sql<{ ms: number }[]>`
      select (extract(epoch from probe_at - postrider.now()) * 1000)::int as ms
      from postrider.connection_breaker
      where connection_id = ${at.connectionId}`;
    pauses.push(Math.ceil((row?.ms ?? 0) / 1000));
    await turnClock(sql, (row?.ms ?? 0) + 1);
    assert.equal(await probed(rig.sql, at), true);
    const found = { found: 'broken', cause: 'still nothing' } as const;
    assert.equal(await settleProbe(sql, at, RUNNER, found), 'open');
  }
  for (const [n, pause] of pauses.entries()) {
    const most = Math.min(5 * 2 ** n, 300);
    assert.ok(pause <= most && pause >= most * 0.85 - 1, `${pauses.join()}`);
  }
  assert.match(String((await healthOf(rig.sql, at))?.['why']), /: still nothing$/);
});

void test('where nobody can probe, the next cards try it, and the first that fails opens it again', async () => {
  const { sql } = rig;
  const at = await connectedPlace(rig.sql);
  await fails(rig.sql, at);
  await turnClock(sql, 6000);
  assert.equal(await probed(rig.sql, at), true);
  const untried = { found: 'untried', cause: null } as const;
  assert.equal(await settleProbe(sql, at, RUNNER, untried), 'closed');
  assert.equal(await stagedOf(rig.sql, at), 1);
  assert.equal((await fails(rig.sql, at, 1))?.state, 'open');
  const [row] = await sql`
    select probe_at > postrider.now() + interval '8 seconds' as later
    from postrider.connection_breaker
    where connection_id = ${at.connectionId}`;
  assert.equal(row?.['later'], true, 'the pause has grown');
});
