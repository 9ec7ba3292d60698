/**
 * Meters and sinks that answer oddly: each effect is recorded by itself, none is asked for in a
 * tight loop.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EffectResult, UsageMeter } from '@postrider/core/ports';
import { launched, people, states, syncPeople } from '../../support/machine.ts';
import { open, until, type Opened } from '../rig.ts';

function odd(answer: unknown): readonly EffectResult[] {
  return answer as readonly EffectResult[];
}

async function withMeter(people: number, usageMeter: UsageMeter): Promise<Opened> {
  const opened = await open({ people, ports: { usageMeter } });
  await opened.sql`update postrider.campaign set effects = '{usage_meter}'`;
  return opened;
}
async function effects({ sql }: Opened) {
  return await sql<{ state: string; error: string | null; attempt: number; waits: number }[]>`
    select state, error, attempt,
      extract(epoch from available_at - postrider.now())::float8 as waits
    from postrider.effect
    order by state, error`;
}

void test('one answer that cannot be recorded does not make the others be done again', async () => {
  const keys: string[] = [];
  const meter: UsageMeter = {
    record: async (items) => {
      keys.push(...items.map(({ key }) => key));
      const odds = [
        { outcome: 'retry', afterMs: 60_000.5, message: 'half an emoji \ud83d' },
        { outcome: 'failed', message: 'a NUL \0' },
        { outcome: 'perhaps' },
      ];
      return await Promise.resolve(
        odd(items.map((_, index) => odds[index] ?? { outcome: 'done' })),
      );
    },
  };
  await using opened = await withMeter(8, meter);
  await opened.pipeline.start();
  await until(
    async () => (await effects(opened)).filter(({ state }) => state !== 'waiting').length >= 6,
  );
  const found = await effects(opened);
  assert.equal(found.filter(({ state }) => state === 'done').length, 5);
  const failed = found.find(({ state }) => state === 'failed');
  assert.match(failed?.error ?? '', /^a NUL/);
  assert.equal(new Set(keys).size, 8);
});

void test('retry at once is not taken at its word: the machine backs off', async () => {
  let calls = 0;
  const meter: UsageMeter = {
    record: async (items) => {
      calls += 1;
      return await Promise.resolve(
        items.map(() => ({ outcome: 'retry', afterMs: 0, message: 'busy' })),
      );
    },
  };
  await using opened = await withMeter(1, meter);
  await opened.pipeline.start();
  await until(() => calls > 0);
  void opened.pipeline.untilIdle(AbortSignal.timeout(2000));
  await sleep(2000);
  // Two seconds, four, eight …, never by more than a quarter less.
  assert.ok(calls <= 3, `${calls} calls`);
});

for (const [what, answer] of [
  ['nothing', () => undefined],
  ['too few results', () => []],
] as const) {
  void test(`a meter that answers ${what} is called by its name, and asked again`, async () => {
    await using opened = await withMeter(2, {
      record: async () => await Promise.resolve(odd(answer())),
    });
    await opened.pipeline.start();
    await until(async () => (await effects(opened)).some(({ error }) => error !== null));
    const [effect] = await effects(opened);
    assert.equal(effect?.state, 'waiting');
    assert.match(effect.error ?? '', /the usage meter (answered no|gave 0)/);
  });
}

void test('a campaign without a meter says so', async () => {
  await using opened = await open({ people: 1 });
  await opened.sql`update postrider.campaign set effects = '{usage_meter}'`;
  await opened.pipeline.start();
  await until(async () => (await effects(opened)).some(({ error }) => error !== null));
  assert.match((await effects(opened))[0]?.error ?? '', /has no usage meter any more/);
});

void test('the silent meter of one campaign keeps no other campaign of the same claim waiting', async () => {
  let silent = '';
  const meter: UsageMeter = {
    record: async (items) =>
      items[0]?.reference.campaignId === silent
        ? await new Promise(() => undefined)
        : items.map(() => ({ outcome: 'done' as const })),
  };
  await using opened = await open({ people: 1, ports: { usageMeter: meter } });
  const { sql, place, pipeline } = opened;
  const second = await launched(sql, { name: 'second' });
  await syncPeople(sql, second, people(1, 'q'));
  await pipeline.start();
  await until(async () => (await states(sql))['sent'] === 2);
  silent = place.campaignId < second.campaignId ? place.campaignId : second.campaignId;
  // The silent one is due first.
  await sql`
    insert into postrider.effect (organization_id, mailpiece_id, kind, campaign_id, recipient_id,
      available_at, occurred_at)
    select organization_id, id, 'usage_meter', campaign_id, recipient_id,
      now() - case when campaign_id = ${silent} then interval '1 hour' else '0' end, now()
    from postrider.mailpiece`;
  const { organizationId: id } = place;
  await sql`
    select postrider.enqueue('effects', array[gen_random_uuid()],
      array[jsonb_build_object('organization_id', ${id}::uuid)], ${id})`;
  await until(
    async () => (await sql`select from postrider.effect where state = 'done'`).length === 1,
  );
});
