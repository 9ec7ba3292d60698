/**
 * The database goes away under the runners: sessions ended by an operator, the server stopped and
 * started, its postmaster killed.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { hold, release } from '@postrider/core';
import { states } from '../support/machine.ts';
import { connect, startServer, type Sql } from '../support/server.ts';
import { converge, eventually } from './converge.ts';
import { openScenario, type Scenario } from './scenario.ts';
import { verdict } from './verdict.ts';
import { isLong } from '../support/long.ts';

const more = isLong ? 500 : 30;

async function withAdmin<T>(scenario: Scenario, work: (sql: Sql) => Promise<T>): Promise<T> {
  const admin = connect(scenario.machine.database.adminUrl);
  try {
    return await work(admin);
  } finally {
    await admin.end({ timeout: 2 });
  }
}

/** Ends the sessions of all runners of the scenario; returns how many there were. */
async function endSessions(scenario: Scenario): Promise<number> {
  return await withAdmin(scenario, async (admin) => {
    const ended = await admin`
      select pg_terminate_backend(pid)
      from pg_stat_activity
      where datname = current_database() and application_name like 'runner-%'`;
    return ended.length;
  });
}

/** The test's own sessions were lost, too: each notices when it is next used. */
async function reconnected(scenario: Scenario): Promise<void> {
  const { sql } = scenario.machine;
  await eventually('the test has its sessions again', async () => {
    const asked = await Promise.allSettled(
      Array.from({ length: 2 * sql.options.max }, async () => await sql`select 1`),
    );
    return asked.every(({ status }) => status === 'fulfilled');
  });
}

/**
 * With no beat and no nudge: is the runner told that there is work, after this? Ten people wait
 * behind a hold for it.
 */
async function stillHears(scenario: Scenario, after: () => Promise<unknown>): Promise<void> {
  const { sql } = scenario.machine;
  const { organizationId } = scenario.place;
  await hold(sql, { organizationId, kind: 'organization', id: organizationId });
  await scenario.grow(10);
  await sql`select postrider.wake_workers('sync')`;
  const waiting = async (): Promise<number> =>
    (await sql`select from postrider.recipient_state where state in ('pending', 'proofing_staged')`)
      .length;
  await eventually('new people wait behind the hold', async () => (await waiting()) === 10);
  await after();
  await release(sql, { organizationId, kind: 'organization', id: organizationId });
  await eventually('a notification reaches the runner', async () => (await waiting()) === 0);
}

/**
 * More people, some of them at the printer now. A hold keeps them together until their sync is
 * over: one that is interrupted leaves its lock for 30 seconds, and this is about the rest.
 */
async function moreAreAtThePrinter(scenario: Scenario): Promise<void> {
  const { sql } = scenario.machine;
  const { organizationId } = scenario.place;
  await hold(sql, { organizationId, kind: 'printer', id: 'press' });
  await scenario.grow(more);
  await eventually('they have come', async () => {
    const [row] =
      await sql`select (select count(*)::int from postrider.recipient) as people, exists (
      select from postrider_queue.job where name = 'sync' and state < 'completed') as syncs`;
    return row?.['people'] === scenario.people && row['syncs'] === false;
  });
  await release(sql, { organizationId, kind: 'printer', id: 'press' });
  await eventually(
    'cards are at the printer',
    async () => ((await states(sql))['sending'] ?? 0) > 0,
  );
}

void describe('the database goes away', { concurrency: 3 }, () => {
  void test('all sessions ended in mid-run, again and again', async () => {
    await using scenario = await openScenario({ people: more, keys: false });
    await scenario.shop.faults([{ kind: 'delay_ms', ms: 60, count: 100_000 }]);
    const runner = await scenario.start();
    for (let round = 0; round < (isLong ? 10 : 2); round += 1) {
      await moreAreAtThePrinter(scenario);
      await sleep(Math.random() * 100);
      assert.ok((await endSessions(scenario)) > 0);
    }
    await converge(scenario);
    assert.ok(runner.alive, runner.log.join('\n'));
    await stillHears(scenario, async () => await endSessions(scenario));
    await converge(scenario);
    await verdict(scenario);
  });

  void test('the server stopped at once and started, its postmaster killed: the same runner goes on', async () => {
    // What a commit promises must be kept here: see the next test for a server that promises less.
    const server = await startServer({ settings: { synchronous_commit: 'on' } });
    try {
      await using scenario = await openScenario({
        people: more,
        keys: false,
        adminUrl: server.adminUrl,
      });
      await scenario.shop.faults([{ kind: 'delay_ms', ms: 60, count: 100_000 }]);
      const runner = await scenario.start();
      for (const down of [
        async () => await server.stop('immediate'),
        async () => await server.kill9(),
      ]) {
        await moreAreAtThePrinter(scenario);
        await down();
        await sleep(300);
        await server.start();
        await reconnected(scenario);
      }
      await converge(scenario);
      assert.ok(runner.alive, runner.log.join('\n'));
      await stillHears(scenario, async () => {
        await server.stop('fast');
        await server.start();
        await reconnected(scenario);
      });
      await converge(scenario);
      await verdict(scenario);
    } finally {
      await server.drop();
    }
  });

  if (isLong) {
    void test('a server that commits asynchronously loses its last seconds, yet not the pieces that the printer has heard of', async () => {
      const server = await startServer({
        settings: { synchronous_commit: 'off', wal_writer_delay: "'10s'" },
      });
      try {
        await using scenario = await openScenario({
          people: 20,
          keys: false,
          adminUrl: server.adminUrl,
        });
        const { sql } = scenario.machine;
        const { organizationId } = scenario.place;
        await hold(sql, { organizationId, kind: 'printer', id: 'press' });
        const first = await scenario.start({
          snares: [{ point: 'mail.after-post', nth: 1, how: 'wait' }],
        });
        await eventually('all are proofed', async () => (await states(sql))['proofed'] === 20);
        await withAdmin(scenario, async (admin) => await admin`checkpoint`);
        await release(sql, { organizationId, kind: 'printer', id: 'press' });
        await first.snared();
        await server.kill9();
        await first.kill();
        await server.start();
        // Lost where the begin that followed it was lost.
        await release(sql, { organizationId, kind: 'printer', id: 'press' }).catch(() => undefined);
        await scenario.start();
        await converge(scenario);
        await verdict(scenario);
      } finally {
        await server.drop();
      }
    });
  }
});
