/** Calls that take the same locks beside each other take them in one order, and all get through. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { applyCampaign, hold, release, suppress } from '@postrider/core';
import { beginProof, settleProof } from '../../../packages/core/src/machine/proof.ts';
import { broken, definition, people, syncPeople } from '../../support/machine.ts';
import {
  LEASE_MS,
  RUNNER,
  answered,
  pidOf,
  place,
  proofed,
  sending,
  settle,
  sharedMachine,
  stage,
  standing,
  statesOf,
  waitsForLock,
} from '../rig.ts';
import { busy } from '../rig/busy.ts';

const rig = sharedMachine();

void test('a campaign file is applied in the order in which a begin locks: the campaign, then its printer', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const begin = machine.connect(1);
  const apply = machine.connect(1);
  const pid = await pidOf(apply);
  let applied: Promise<unknown> = Promise.resolve();
  await begin.begin(async (tx) => {
    await tx`select from postrider.campaign where id = ${at.campaignId} for share`;
    applied = applyCampaign(
      apply,
      at.organizationId,
      definition({ transit_days: 9, integrations: { printer: { kind: 'noop', changed: true } } }),
    );
    await waitsForLock(sql, pid);
    await tx`set local lock_timeout = '1s'`;
    await tx`
      select from postrider.printer
      where organization_id = ${at.organizationId} and name = 'press'
      for share`;
  });
  await applied;
});

void test('suppressions, syncs and holds of single people beside sixteen busy clients do not deadlock', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  await proofed(sql, at, 64);
  const others = machine.connect(3);
  await busy(rig.machine, at, async () => {
    await Promise.all([
      (async () => {
        for (let n = 0; n < 10; n += 1)
          await suppress(others, at.organizationId, { email: `p${n}@example.com` }, 'test');
      })(),
      (async () => {
        for (let n = 0; n < 3; n += 1) await syncPeople(others, at, people(70));
      })(),
      (async () => {
        for (const person of (await standing(others, at)).slice(20, 30)) {
          await hold(others, { ...at, kind: 'recipient', id: person.id }).catch(
            (error: unknown) => {
              if ((error as { code?: string }).code !== 'PR017') throw error;
            },
          );
        }
      })(),
    ]);
  });
  assert.deepEqual(await broken(sql), []);
});

void test('two settles of the same people in opposite order do not deadlock', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const clients = machine.connect(4);
  for (let round = 0; round < 3; round += 1) {
    await syncPeople(sql, at, people(30 * (round + 1)), false);
    const id = (await stage(sql, at, 'proof', 1, 50))[0] ?? '';
    const begun = await beginProof(sql, {
      ...at,
      cohortId: id,
      runnerId: RUNNER,
      leaseMs: LEASE_MS,
    });
    const results = (begun?.cards ?? []).map(
      (card) => ({ recipientId: card.recipientId, outcome: 'failed', message: 'no' }) as const,
    );
    const counts = await Promise.all(
      [results, results.toReversed(), results.slice(0, 15).toReversed(), results.slice(10)].map(
        async (part) =>
          await settleProof(clients, { ...at, cohortId: id, results: part, last: false }),
      ),
    );
    assert.equal(
      counts.reduce((sum, n) => sum + n, 0),
      30,
    );
  }
});

void test('hold, begin and reap of one campaign take their locks in one order', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 20);
  const clients = machine.connect(6);
  const churn = async (work: (sql: postgres.Sql) => Promise<unknown>): Promise<void> => {
    for (let n = 0; n < 10; n += 1) await work(clients);
  };
  await Promise.all([
    churn(async (c) => await c`select postrider.reap('1 second', '1 second')`),
    churn(
      async (c) =>
        await c`
          select postrider.end_campaign(${at.organizationId}, ${at.campaignId}, 'completed')`.catch(
          (error: unknown) => {
            if ((error as { code?: string }).code !== 'PR021') throw error;
          },
        ),
    ),
    churn(
      async (c) =>
        await settle(
          c,
          at,
          batch,
          batch.pieces.toReversed().map((piece) => answered(piece, 'unknown')),
          false,
        ),
    ),
    churn(async (c) => {
      await hold(c, { ...at, kind: 'campaign', id: at.campaignId }).catch(() => undefined);
      await release(c, { ...at, kind: 'campaign', id: at.campaignId }).catch(() => undefined);
    }),
  ]);
  assert.deepEqual(new Set(Object.values(await statesOf(sql, at))), new Set(['sending']));
});
