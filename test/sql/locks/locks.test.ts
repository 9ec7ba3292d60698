/**
 * Locks: who must get in gets in, nobody waits for somebody's open psql session for ever, and
 * nothing deadlocks. Measured times are printed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { applyCampaign, armPrinter, hold, launch, release } from '@postrider/core';
import { beginMail } from '../../../packages/core/src/machine/mail.ts';
import { beginProof } from '../../../packages/core/src/machine/proof.ts';
import { definition, people, syncPeople } from '../../support/machine.ts';
import {
  LEASE_MS,
  RUNNER,
  one,
  pidOf,
  place,
  proofed,
  reasonsOf,
  refused,
  sharedMachine,
  stage,
  stageOne,
  statesOf,
  waitsForLock,
} from '../rig.ts';
import { busy, CLIENTS, timed } from '../rig/busy.ts';

const rig = sharedMachine();

void test('hold gets in under sixteen busy clients, and when it returns nothing begins any more', async (context) => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at, 64);
  const begins = async (): Promise<number> =>
    Number(
      (
        await sql`
          select count(*) as n
          from postrider.recipient_event
          where organization_id = ${at.organizationId} and reason = 'begun'`
      )[0]?.['n'],
    );
  const rounds = await busy(rig.machine, at, async () => {
    for (const [kind, id] of [
      ['campaign', at.campaignId],
      ['printer', 'press'],
      ['organization', at.organizationId],
    ] as const) {
      await timed(context, `hold of a ${kind}`, async () => await hold(sql, { ...at, kind, id }));
      const before = await begins();
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.equal(await begins(), before, `nothing begins after the hold of a ${kind}`);
      await release(sql, { ...at, kind, id });
    }
  });
  assert.ok(rounds > CLIENTS, `${rounds} rounds`);
});

for (const kind of ['organization', 'campaign', 'printer'] as const) {
  void test(`a begin that comes while a hold of the ${kind} waits is behind it, and begins nothing`, async () => {
    const { sql, machine } = rig;
    const at = await place(sql);
    await proofed(sql, at, 2);
    const [first, second] = await stage(sql, at, 'mail', 2, 1);
    assert.ok(first !== undefined && second !== undefined);
    const early = machine.connect(1);
    const holder = machine.connect(1);
    const late = machine.connect(1);
    let held: Promise<unknown> = Promise.resolve();
    let began: ReturnType<typeof beginMail> = Promise.resolve(null);
    await early.begin(async (tx) => {
      assert.ok(
        await beginMail(tx as unknown as postgres.Sql, {
          organizationId: at.organizationId,
          cohortId: first,
          runnerId: RUNNER,
          leaseMs: LEASE_MS,
        }),
      );
      const pid = await pidOf(holder);
      held = hold(holder, {
        ...at,
        kind,
        id: { organization: at.organizationId, campaign: at.campaignId, printer: 'press' }[kind],
      });
      await waitsForLock(sql, pid);
      const latePid = await pidOf(late);
      began = beginMail(late, { ...at, cohortId: second, runnerId: RUNNER, leaseMs: LEASE_MS });
      // Row locks alone would let it in: it shares them with the first begin.
      await waitsForLock(sql, latePid);
    });
    await held;
    assert.equal(await began, null);
    assert.deepEqual(Object.values(await reasonsOf(sql, at)).sort(), [
      'proofed (held)',
      'sending (begun)',
    ]);
  });
}

void test('a changed campaign file, an arming and a launch get in as well, and no begin deadlocks with them', async (context) => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at, 64);
  await busy(rig.machine, at, async () => {
    for (const n of [1, 2, 3]) {
      const integrations = {
        printer: { kind: 'noop' },
        renderer: { kind: 'noop', n },
        image_host: { kind: 'noop' },
      };
      await timed(
        context,
        'campaign apply',
        async () =>
          await applyCampaign(
            sql,
            at.organizationId,
            definition({ integrations, transit_days: n }),
          ),
      );
      await timed(context, 'arm', async () => await armPrinter(sql, at.organizationId, 'press'));
      await timed(context, 'launch', async () => await launch(sql, at, { mode: 'live' }));
    }
  });
});

void test('hold does not wait for a begin that waits for an open psql session', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(2));
  const id = await stageOne(sql, at, 'proof');
  const psql = machine.connect(1);
  const runner = machine.connect(1);
  await psql.begin(async (tx) => {
    await tx`
      select from postrider.recipient_state
      where recipient_id = ${(await one(sql, at, 'p0')).id}
      for update`;
    const pid = await pidOf(runner);
    const begin = refused(
      '55P03',
      beginProof(runner, { ...at, cohortId: id, runnerId: RUNNER, leaseMs: LEASE_MS }),
    );
    await waitsForLock(sql, pid);
    await hold(sql, { ...at, kind: 'campaign', id: at.campaignId });
    await begin;
  });
  assert.deepEqual(await statesOf(sql, at), { p0: 'proofing_staged', p1: 'proofing_staged' });
});
