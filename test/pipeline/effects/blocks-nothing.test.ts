/**
 * A meter or a sink that fails, or says nothing at all, keeps nobody else waiting: no other kind,
 * no other campaign, no other organization.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CampaignBrief } from '@postrider/core';
import type { EffectItem, EffectResult, EventSink } from '@postrider/core/ports';
import { workEffects } from '../../../packages/core/src/stages/effects/effects.ts';
import { mailBegun, proofed, sent, settleAll } from '../../sql/rig.ts';
import { launched, people, type Machine } from '../../support/machine.ts';
import { watched } from '../house/watched.ts';
import { open, until } from '../rig.ts';

type Answer = (items: readonly EffectItem[]) => Promise<readonly EffectResult[]>;

async function done(items: readonly EffectItem[]): Promise<readonly EffectResult[]> {
  return await Promise.resolve(items.map(() => ({ outcome: 'done' as const })));
}
async function busy(items: readonly EffectItem[]): Promise<readonly EffectResult[]> {
  return await Promise.resolve(
    items.map(() => ({ outcome: 'retry' as const, afterMs: 60_000, message: 'busy' })),
  );
}
async function silent(): Promise<readonly EffectResult[]> {
  return await new Promise(() => undefined);
}

/** Sinks by the names of their campaigns. */
function sinks(answers: Readonly<Record<string, Answer>>, asked: string[] = []) {
  return {
    eventSink: async ({ name }: CampaignBrief): Promise<EventSink> =>
      await Promise.resolve({
        emit: async (items) => {
          asked.push(name);
          return await (answers[name] ?? done)(items);
        },
      }),
  };
}

async function doneOf(sql: Machine['sql'], kind = 'event_sink'): Promise<Record<string, number>> {
  const rows = await sql<{ name: string; done: number }[]>`
    select c.name, count(*)::int as done
    from postrider.effect e join postrider.campaign c on c.id = e.campaign_id
    where e.state = 'done' and e.kind = ${kind}
    group by 1`;
  return Object.fromEntries(rows.map(({ name, done: many }) => [name, many]));
}

void test('a campaign whose sink is down keeps no other waiting, however many of its events wait', async () => {
  const asked: string[] = [];
  await using at = await watched({ integrations: sinks({ down: busy }, asked) });
  const { sql } = at;
  const effects = { effects: ['event_sink'] } as const;
  const down = await launched(sql, { ...effects, name: 'down' });
  await proofed(sql, down, people(450, 'd'));
  for (let cohort = 0; cohort < 9; cohort += 1)
    await settleAll(sql, down, await mailBegun(sql, down));
  const up = await launched(sql, { ...effects, name: 'up' });
  await sent(sql, up, people(3, 'u'));
  await workEffects(at.context, up.organizationId);
  assert.deepEqual(await doneOf(sql), { up: 3 });
  assert.deepEqual(asked.toSorted(), ['down', 'up'], 'a sink that is down is asked once a round');
});

void test('a silent sink keeps neither the meter of its campaign nor other organizations waiting', async () => {
  await using opened = await open({
    people: 1,
    integrations: {
      ...sinks({ mute: silent }),
      usageMeter: async () => await Promise.resolve({ record: done }),
    },
  });
  const { sql, pipeline } = opened;
  const effects = { effects: ['usage_meter', 'event_sink'] } as const;
  for (const organization of ['One', 'Two', 'Three']) {
    const mute = await launched(sql, { ...effects, name: 'mute' }, organization);
    await sent(sql, mute, people(1, organization));
  }
  const heard = await launched(sql, { ...effects, name: 'heard' }, 'Four');
  await sent(sql, heard, people(1, 'four'));
  await pipeline.start();
  const started = performance.now();
  await until(async () => {
    const [events, charges] = [await doneOf(sql), await doneOf(sql, 'usage_meter')];
    return events['heard'] === 1 && charges['mute'] === 3 && charges['heard'] === 1;
  });
  assert.deepEqual(await doneOf(sql), { heard: 1 });
  assert.ok(performance.now() - started < 30_000, 'nobody waited until a silent sink was given up');
});

void test('a sink that is far behind gives way to what became due meanwhile, and is gone on with', async () => {
  await using at = await watched({ integrations: sinks({}) });
  const { sql } = at;
  const behind = await launched(sql, { effects: ['event_sink'], name: 'behind' });
  await proofed(sql, behind, people(100, 'b'));
  for (let cohort = 0; cohort < 2; cohort += 1)
    await settleAll(sql, behind, await mailBegun(sql, behind));
  await sql`
    insert into postrider.effect (organization_id, mailpiece_id, kind, status, campaign_id,
      recipient_id, available_at, occurred_at)
    select e.organization_id, e.mailpiece_id, e.kind, s.status, e.campaign_id, e.recipient_id,
      e.available_at, e.occurred_at
    from postrider.effect e
    cross join unnest('{in_transit,delivered,returned,failed,cancelled}'::text[]) as s (status)`;
  await workEffects(at.context, behind.organizationId, 2);
  assert.deepEqual(await doneOf(sql), { behind: 400 });
  const jobs = await sql`
    select from postrider_queue.job
    where name = 'effects'
      and state = 'created'
      and data ->> 'organization_id' = ${behind.organizationId}`;
  assert.equal(jobs.length, 1);
  await workEffects(at.context, behind.organizationId, 2);
  assert.deepEqual(await doneOf(sql), { behind: 600 });
});
