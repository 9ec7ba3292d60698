/**
 * What a pipeline remembers outlives hanging places, crowds of runners, and ids of whatever shape.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { RestoreWatermark } from '../../../packages/core/src/runtime/restore-watermark.ts';
import type { RestoreWatermarkStore } from '../../../packages/core/src/runtime/restore-watermark-store.ts';
import type { Witness } from '../../../packages/core/src/machine/restore.ts';
import { began, installation, logger, remember, told, witness } from './runner-memory.ts';

function memory() {
  const place = {
    written: new Map<string, string>(),
    get text(): string {
      return [...this.written.values()].join('');
    },
  };
  const store: RestoreWatermarkStore = {
    read: async () => await Promise.resolve([...place.written.values()]),
    write: async (runnerId, text) => {
      place.written.set(runnerId, text);
      return await Promise.resolve();
    },
  };
  return { place, store };
}

function remembered(by: RestoreWatermark): readonly string[] {
  return by.marks[installation]?.witnesses.map(({ mailpieceId }) => mailpieceId) ?? [];
}
function ids(...witnesses: readonly Witness[]): readonly string[] {
  return witnesses.map(({ mailpieceId }) => mailpieceId);
}

async function silent(): Promise<never> {
  return await new Promise<never>(() => undefined);
}
async function outcome(work: Promise<unknown>): Promise<string> {
  const late = new Promise<string>((resolve) =>
    setTimeout(resolve, 2000, 'waits for ever').unref(),
  );
  const told = work.then(
    () => 'ok',
    (error: Error) => error.name,
  );
  return await Promise.race([
    told,
    late,
    new Promise<string>((resolve) => setTimeout(resolve, 2500, 'never')),
  ]);
}

void test('a place that does not answer is one that cannot be used, and it is used when it answers again', async () => {
  const { place, store } = memory();
  const never = new RestoreWatermark({
    runnerId: randomUUID(),
    store: { ...store, read: silent },
    logger,
    onRestore: () => undefined,
    patienceMs: 50,
  });
  assert.equal(await outcome(never.load()), 'RestoreWatermarkError');
  let hanging = true;
  let answer: () => void = () => undefined;
  const hangs: RestoreWatermarkStore = {
    ...store,
    write: async (runnerId, text) => {
      if (hanging && place.written.size > 0)
        await new Promise<void>((resolve) => (answer = resolve));
      await store.write(runnerId, text);
    },
  };
  const one = new RestoreWatermark({
    runnerId: randomUUID(),
    store: hangs,
    logger,
    onRestore: () => undefined,
    patienceMs: 50,
  });
  await one.load();
  const begun = witness();
  one.observe(told, began(one, begun));
  assert.equal(await outcome(one.saved()), 'RestoreWatermarkError');
  assert.equal(await outcome(one.saved()), 'RestoreWatermarkError');
  hanging = false;
  answer();
  assert.equal(await outcome(one.saved()), 'ok');
  assert.ok(place.text?.includes(begun.mailpieceId));
});

void test('an id that is no RFC 9562 one is read again as it was written', async () => {
  const { store } = memory();
  const one = remember(store);
  await one.load();
  one.observe(
    told,
    began(one, witness({ organizationId: '11111111-1111-1111-1111-111111111111' })),
  );
  await one.saved();
  one.observe(told, began(one, witness()));
  await one.saved();
  await remember(store).load();
});

void test('begins of others that are told do not push out what was begun here after them', async () => {
  const { place, store } = memory();
  const one = remember(store);
  await one.load();
  const last = witness();
  one.observe(told, began(one, last));
  await one.saved();
  // Sixty-four cohorts of other runners, that were begun before.
  one.observe(told, { others: Array.from({ length: 64 }, () => witness()) });
  await one.saved();
  assert.ok(place.text?.includes(last.mailpieceId));
});

void test('what was begun here before a restore is forgotten with it, whichever runner has noticed it', async () => {
  const { place, store } = memory();
  const [one, other] = [remember(store), remember(store)];
  await one.load();
  const [before, after] = [witness(), witness()];
  one.observe(told, began(one, before));
  await one.saved();
  other.observe({ ...told, restores: 1 });
  await other.saved();
  one.observe(told, began(one, witness()));
  await one.saved();
  one.observe({ ...told, restores: 1 }, began(one, after));
  await one.saved();
  assert.ok(!place.text?.includes(before.mailpieceId));
  assert.ok(place.text?.includes(after.mailpieceId));
});

void test('a begin takes the place of all that was remembered when it was asked for, and of nothing else', () => {
  const one = new RestoreWatermark({
    runnerId: randomUUID(),
    store: 'not kept',
    logger,
    onRestore: () => undefined,
  });
  const [first, second, third, other, fourth] = [
    witness(),
    witness(),
    witness(),
    witness(),
    witness(),
  ];
  one.observe(told, began(one, first));
  // Both are under way at once: either may be the one that a restored database lacks.
  const [secondNews, thirdNews] = [began(one, second), began(one, third)];
  one.observe(told, secondNews);
  one.observe(told, thirdNews);
  assert.deepEqual(remembered(one), ids(second, third));
  const fourthNews = began(one, fourth);
  one.observe(told, { others: [other, third] });
  one.observe(told, fourthNews);
  assert.deepEqual(remembered(one), ids(other, fourth));
  // Asked of a state of the database that is over.
  const late = began(one, witness());
  one.observe({ ...told, restores: 1 }, began(one, second));
  one.observe(
    { ...told, restores: 1 },
    { begun: { witness: third, asked: late.begun?.asked ?? {} } },
  );
  assert.deepEqual(remembered(one), ids(second, third));
});

void test('a place that several share keeps the last begin of each, and what each writes there does not grow', async () => {
  const { place, store } = memory();
  const [busy, second, idle] = [remember(store), remember(store), remember(store)];
  await Promise.all([busy.load(), second.load(), idle.load()]);
  for (let round = 0; round < 100; round += 1) {
    const [mine, theirs] = [witness(), witness()];
    busy.observe(told, began(busy, mine));
    await busy.saved();
    if (round % 3 === 0) {
      second.observe(told, began(second, theirs));
      await second.saved();
    }
    // It begins nothing itself, and is told what is at work.
    idle.observe(told, { others: [mine, witness()] });
    await idle.saved();
    await Promise.all([busy.refresh(), second.refresh(), idle.refresh()]);
    assert.ok(place.text?.includes(mine.mailpieceId), `round ${round}`);
    assert.ok(round % 3 !== 0 || place.text?.includes(theirs.mailpieceId), `round ${round}`);
    assert.ok(
      (place.text?.match(/mailpieceId/g) ?? []).length < 10,
      `round ${round}: ${place.text}`,
    );
  }
});

void test('who begins nothing keeps the last begins of others that it was told, also when nobody is at work any more', () => {
  const one = new RestoreWatermark({
    runnerId: randomUUID(),
    store: 'not kept',
    logger,
    onRestore: () => undefined,
  });
  const [first, second, third, own] = [witness(), witness(), witness(), witness()];
  one.observe(told, { others: [first] });
  one.observe(told, { others: [first, second] });
  one.observe(told, { others: [second] });
  one.observe(told, { others: [] });
  assert.ok(remembered(one).includes(second.mailpieceId));
  // It was not at work when those were seen: they are part of whatever has it.
  one.observe(told, { others: [third] });
  assert.deepEqual(remembered(one), ids(third));
  one.observe(told, { others: [] });
  one.observe(told, began(one, own));
  assert.deepEqual(remembered(one), ids(own));
});

void test('each restore ends what was begun before it, also where it is noticed in the same words as the one before', () => {
  let ended = 0;
  const one = new RestoreWatermark({
    runnerId: randomUUID(),
    store: 'not kept',
    logger,
    onRestore: () => (ended += 1),
  });
  const noticed =
    'this database was restored from a backup: cards were begun that it does not know';
  one.observe({ ...told, restores: 1, noticed });
  one.observe({ ...told, restores: 1, noticed });
  assert.equal(ended, 1);
  one.observe({ ...told, restores: 2, noticed });
  assert.equal(ended, 2);
});
