/**
 * What adapters answer is read before it is believed, and one answer that cannot be used costs
 * nobody else.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoopImageHost } from '@postrider/adapters/noop';
import type { ImageHost, PieceRequest, Renderer, SubmitResult } from '@postrider/core/ports';
import { states } from '../../support/machine.ts';
import { accepted, answering, odd, pieces, printerWith, rendererWith } from './answering.ts';
import { open, until } from '../rig.ts';

void test('answers of a printer that cannot be recorded as they are cost no other card its evidence', async () => {
  const retry = { outcome: 'retry', message: 'busy' };
  const answers = [
    { ...retry, afterMs: 1234.5 },
    { ...retry, afterMs: 30 * 86_400_000 },
    { ...retry, afterMs: Number.NaN },
    { ...retry, afterMs: -7, message: 'half an emoji \ud83d and a NUL \0' },
    { outcome: 'rejected', reason: 'no\0', message: 42, badAddress: 'yes' },
    {
      outcome: 'accepted',
      providerId: 'late',
      replayed: false,
      expectedDelivery: '3-5 business days',
    },
    {
      outcome: 'accepted',
      providerId: 'dated',
      replayed: false,
      expectedDelivery: '2031-02-03T10:00:00Z',
    },
    { outcome: 'perhaps' },
    null,
    'accepted',
  ];
  await using opened = await open({
    people: 14,
    ports: { printer: answering(answers) },
    settings: { cohortSize: 50 },
  });
  await opened.pipeline.start();
  await until(async () => (await states(opened.sql))['sent'] === 6);
  const found = await pieces(opened);
  const told = found.map(({ status, state }) => `${status} ${state}`);
  assert.deepEqual(told.slice(4), [
    'rejected error',
    'accepted sent',
    'accepted sent',
    'unknown sending',
    'unknown sending',
    'unknown sending',
    ...Array<string>(4).fill('accepted sent'),
  ]);
  assert.ok(
    told.slice(0, 4).every((piece) => piece.startsWith('submitting')),
    told.join(),
  );
  assert.equal(found[1]?.waits, 86_400, 'nobody waits for longer than a day');
  assert.deepEqual([found[5]?.expected, found[6]?.expected], [null, '2031-02-03']);
  assert.match(found[7]?.detail ?? '', /perhaps/);
});

void test('a result that the database refuses costs the others of its cohort nothing, and stands in the log', async () => {
  const printer = answering([
    { outcome: 'accepted', providerId: 'refused', replayed: false, expectedDelivery: null },
  ]);
  await using opened = await open({ people: 4, ports: { printer } });
  await opened.sql`
    alter table postrider.mailpiece add constraint planted check (provider_id <> 'refused')`;
  await opened.pipeline.start();
  await until(
    async () =>
      (await opened.sql`select from postrider.mailpiece where status = 'unknown'`).length === 1,
  );
  assert.deepEqual(await states(opened.sql), { sent: 3, sending: 1 });
  assert.ok(
    opened.log.some(
      (line) => line.startsWith('a result could not be recorded') && line.includes('"refused"'),
    ),
  );
});

void test('accepted without an id that can be kept is unknown, not sent', async () => {
  const ids = [undefined, '', '  ', 7, {}, 'half \ud83d', 'nul \0', 'x'.repeat(5000)];
  const answers = ids.map((providerId) => ({
    outcome: 'accepted',
    providerId,
    replayed: false,
    expectedDelivery: null,
  }));
  await using opened = await open({
    people: ids.length + 1,
    ports: { printer: answering(answers) },
  });
  await opened.pipeline.start();
  await until(async () => (await states(opened.sql))['sent'] === 1);
  const found = await pieces(opened);
  assert.deepEqual(
    found.map(({ status, state }) => `${status} ${state}`),
    [...ids.map(() => 'unknown sending'), 'accepted sent'],
  );
  assert.match(found[0]?.detail ?? '', /gave no id/);
});

for (const [what, answer] of [
  ['nothing', () => undefined],
  ['too few results', (asked: readonly PieceRequest[]) => asked.slice(1).map(accepted)],
  ['too many results', (asked: readonly PieceRequest[]) => [...asked, ...asked].map(accepted)],
] as const) {
  void test(`a printer that answers ${what} leaves every card of the request unknown, and the runner going on`, async () => {
    const printer = printerWith({
      submit: async (asked) => await Promise.resolve(odd<SubmitResult[]>(answer(asked))),
    });
    await using opened = await open({ people: 3, ports: { printer } });
    await opened.pipeline.start();
    await until(
      async () =>
        (await opened.sql`select from postrider.mailpiece where status = 'unknown'`).length === 3,
    );
    assert.deepEqual(await states(opened.sql), { sending: 3 });
    assert.ok(
      opened.log.some((line) => line.startsWith('the printer could not be asked properly')),
    );
  });
}

for (const over of [
  { maxBatch: 0, readLagMs: Number.NaN, keyLifetimeMs: Number.NaN },
  { maxBatch: Number.NaN },
]) {
  const numbers = Object.entries(over).map(([name, value]) => `${name} ${value}`);
  void test(`a printer with ${numbers.join(' and ')} is sent nothing, and people are told`, async () => {
    let asked = 0;
    const printer = printerWith({
      ...over,
      submit: async () => {
        asked += 1;
        // Gives way: a loop without an end is to fail the test, not to hang it.
        return await new Promise((resolve) => setTimeout(resolve, 20, []));
      },
    });
    await using opened = await open({ people: 1, ports: { printer } });
    await opened.pipeline.start();
    const waiting = async () =>
      await opened.sql<
        { detail: string }[]
      >`select detail from postrider.recipient_state where state = 'proofed' and reason = 'retry'`;
    await until(async () => asked > 0 || (await waiting()).length === 1);
    assert.equal(asked, 0);
    const told = (await waiting())[0]?.detail ?? '';
    assert.deepEqual(
      numbers.filter((number) => !told.includes(number)),
      [],
      told,
    );
  });
}

for (const [what, change] of [
  ['mixes up its rows', ({ documents, results }) => ({ documents, results: results.toReversed() })],
  ['answers nothing', () => undefined],
] satisfies [string, (answer: Awaited<ReturnType<Renderer['render']>>) => unknown][]) {
  void test(`a renderer that ${what} is not believed: nothing of that answer is kept, and each card is rendered by itself`, async () => {
    await using opened = await open({
      people: 3,
      ports: { renderer: rendererWith(change, 1), printer: answering([]) },
    });
    await opened.pipeline.start();
    await until(async () => (await states(opened.sql))['sent'] === 3);
    assert.ok(
      opened.log.some(
        (line) =>
          line.startsWith('the cohort could not be rendered together') && line.includes('renderer'),
      ),
    );
    // Rendered by itself, everybody is on the first two pages.
    const pages = await opened.sql`select distinct front_page, back_page from postrider.proof`;
    assert.deepEqual([...pages], [{ front_page: 1, back_page: 2 }]);
  });
}

void test('answers of a renderer that cannot be recorded as they are cost no other card its proof', async () => {
  const odds: object[] = [
    { outcome: 'retry', afterMs: 1234.5, message: 'half an emoji \ud83d' },
    { outcome: 'retry', afterMs: 1e15, message: undefined },
    { outcome: 'failed', reason: 'a NUL \0', message: 'half an emoji \ud83d' },
    { outcome: 'perhaps' },
  ];
  const renderer = rendererWith(
    ({ documents, results }) => ({
      documents,
      results: results.map((result, index) => ({ ...result, ...odds[index] })),
    }),
    Infinity,
  );
  await using opened = await open({ people: 7, ports: { renderer, printer: answering([]) } });
  await opened.pipeline.start();
  await until(async () => (await states(opened.sql))['sent'] === 3);
  assert.equal((await states(opened.sql))['error'], 1);
  const [late] = await opened.sql<{ waits: number }[]>`
    select max(extract(epoch from available_at - since))::float8 as waits
    from postrider.recipient_state
    where state = 'pending'`;
  assert.equal(late?.waits, 86_400);
});

for (const [what, put] of [
  ['answers nothing', () => undefined],
  ['gives a URL that cannot be kept', () => [{ outcome: 'stored', url: 'file:///\ud83d' }]],
  ['asks for half a millisecond', () => [{ outcome: 'retry', afterMs: 0.5, message: 'NUL \0' }]],
] as const) {
  void test(`an image host that ${what} makes nobody proofed, and they are tried again`, async () => {
    const imageHost: ImageHost = {
      ...createNoopImageHost(),
      put: async () => await Promise.resolve(odd(put())),
    };
    await using opened = await open({ people: 3, ports: { imageHost } });
    await opened.pipeline.start();
    await until(
      async () =>
        (
          await opened.sql`
            select from postrider.recipient_state where state = 'pending' and reason = 'retry'`
        ).length === 3,
    );
    assert.deepEqual([...(await opened.sql`select * from postrider.proof`)], []);
  });
}
