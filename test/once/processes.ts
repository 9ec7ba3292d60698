/** Runners and the twin of Lob as processes of their own, in one database; runners are killed. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Point } from '@postrider/core';
import { lobTwinClient, spawnLob, type LobTwinClient } from '@postrider/twins/lob';
import { eventually, minutesPass, nudge } from '../crash/converge.ts';
import { LOB_KEY, type RunnerConfig } from '../crash/runner-config.ts';
import { startRunner, type Runner } from '../crash/runner.ts';
import type { Scenario } from '../crash/scenario.ts';
import { broken, freshMachine, launched, people, states, syncPeople } from '../support/machine.ts';

export interface Works extends AsyncDisposable {
  readonly twin: LobTwinClient;
  start(over?: Partial<RunnerConfig>): Promise<Runner>;
  grow(by: number): Promise<void>;
  /** A runner comes to this point, and is killed there. */
  killedAt(point: Point): Promise<void>;
  /** A runner is killed after so long, wherever it is then. */
  killedAfter(ms: number): Promise<void>;
  /** Everybody is sent in the end, with one live card. */
  judge(): Promise<void>;
}

export async function openWorks(): Promise<Works> {
  const folder = await mkdtemp(join(tmpdir(), 'postrider-lob-kills-'));
  const machine = await freshMachine();
  const { sql } = machine;
  const lob = await spawnLob({
    folder: join(folder, 'lob'),
    keys: [LOB_KEY],
    limit: 0,
    daysPerSecond: 0,
    log: () => undefined,
  });
  const twin = lobTwinClient(lob.url, LOB_KEY);
  const place = await launched(sql);
  const runners: Runner[] = [];
  let size = 0;
  const works: Works = {
    twin,
    async start(over = {}) {
      const runner = await startRunner({
        name: `runner-${runners.length + 1}`,
        databaseUrl: machine.url,
        shopUrl: '',
        lobUrl: lob.url,
        keys: true,
        timeoutMs: 1000,
        folder,
        snares: [],
        poison: null,
        webhookPort: null,
        settings: {
          proofSlots: 1,
          mailSlots: 2,
          cohortSize: 5,
          leaseMs: 2500,
          graceMs: 1200,
          quietMs: 1200,
          reapMs: 400,
          beats: false,
        },
        ...over,
      });
      runners.push(runner);
      return runner;
    },
    async grow(by) {
      size += by;
      await syncPeople(sql, place, people(size));
    },
    async killedAt(point) {
      const runner = await works.start({ snares: [{ point, nth: 1, how: 'kill' }] });
      await eventually(`a runner comes to ${point}`, async () => {
        await nudge(sql);
        return !runner.alive;
      });
      assert.equal(await runner.ended, 'SIGKILL');
      assert.equal(await runner.snared(), point);
      await minutesPass({ runners, machine } as unknown as Scenario);
    },
    async killedAfter(ms) {
      const runner = await works.start();
      await nudge(sql);
      await new Promise((resolve) => setTimeout(resolve, ms));
      await runner.kill();
      await minutesPass({ runners, machine } as unknown as Scenario);
    },
    async judge() {
      await eventually('everybody is sent', async () => {
        await nudge(sql);
        await sql`
          update postrider.recipient_state set available_at = postrider.now()
          where state in ('pending', 'proofed') and available_at > postrider.now()`;
        return ((await states(sql))['sent'] ?? 0) === size;
      });
      const pieces = await sql<{ id: string; providerId: string }[]>`
        select id, provider_id as "providerId" from postrider.mailpiece`;
      const made = (await twin.ledger()).map(({ id, metadata, state }) => [
        metadata['mailpiece'],
        id,
        state,
      ]);
      assert.deepEqual(
        made.map(String).toSorted((a, b) => (a < b ? -1 : 1)),
        pieces
          .map(({ id, providerId }) => String([id, providerId, 'live']))
          .toSorted((a, b) => (a < b ? -1 : 1)),
      );
      assert.equal(pieces.length, size);
      assert.deepEqual(await broken(sql), []);
      assert.deepEqual([...(await sql`select kind, detail from postrider.alarm`)], []);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(runners.map(async (runner) => await runner.kill()));
      await lob.kill();
      await machine[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return works;
}
