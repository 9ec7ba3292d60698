/** Meters and sinks that answer oddly: each effect is recorded by itself, none is asked for in a tight loop. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EffectResult, UsageMeter } from '@postrider/core/ports';
import { open, until, type Opened } from './rig.ts';

const odd = (answer: unknown): readonly EffectResult[] => answer as readonly EffectResult[];

const withMeter = async (people: number, usageMeter: UsageMeter): Promise<Opened> => {
  const opened = await open({ people, ports: { usageMeter } });
  await opened.sql`update postrider.campaign set effects = '{usage_meter}'`;
  return opened;
};
const effects = async ({ sql }: Opened) =>
  await sql<{ state: string; error: string | null; attempt: number; waits: number }[]>`
    select state, error, attempt, extract(epoch from available_at - postrider.now())::float8 as waits from postrider.effect order by state, error`;

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
      return await Promise.resolve(odd(items.map((_, index) => odds[index] ?? { outcome: 'done' })));
    },
  };
  await using opened = await withMeter(8, meter);
  await opened.pipeline.start();
  await until(async () => (await effects(opened)).filter(({ state }) => state !== 'waiting').length >= 6);
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
      return await Promise.resolve(items.map(() => ({ outcome: 'retry', afterMs: 0, message: 'busy' })));
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
    await using opened = await withMeter(2, { record: async () => await Promise.resolve(odd(answer())) });
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
