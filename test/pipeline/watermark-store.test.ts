/** What a pipeline remembers outlives hanging places, crowds of runners, and ids of whatever shape. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { Logger } from '../../packages/core/src/ports/index.ts';
import { RestoreWatermark, type RestoreWatermarkStore } from '../../packages/core/src/pipeline/restore-watermark.ts';
import type { Witness } from '../../packages/core/src/machine/watermark.ts';

const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined } as unknown as Logger;
const installation = randomUUID();
const told = { installation, restores: 0, system: '7', timeline: 1, noticed: null, superseded: false };
const witness = (over: Partial<Witness> = {}): Witness => ({
  organizationId: randomUUID(),
  recipientId: randomUUID(),
  moveNo: 1,
  mailpieceId: randomUUID(),
  ...over,
});

const memory = () => {
  const place: { text: string | null } = { text: null };
  const store: RestoreWatermarkStore = {
    read: async () => await Promise.resolve(place.text),
    write: async (text) => {
      place.text = text;
      return await Promise.resolve();
    },
  };
  return { place, store };
};
const remember = (store: RestoreWatermarkStore): RestoreWatermark =>
  new RestoreWatermark({ store, slots: 4, logger, onRestore: () => undefined });

const silent = async (): Promise<never> => await new Promise<never>(() => undefined);
const outcome = async (work: Promise<unknown>): Promise<string> => {
  const late = new Promise<string>((resolve) => setTimeout(resolve, 2000, 'waits for ever').unref());
  const told = work.then(
    () => 'ok',
    (error: Error) => error.name,
  );
  return await Promise.race([told, late, new Promise<string>((resolve) => setTimeout(resolve, 2500, 'never'))]);
};

void test('a place that does not answer is one that cannot be used, and it is used when it answers again', async () => {
  const { place, store } = memory();
  const never = new RestoreWatermark({ store: { ...store, read: silent }, slots: 4, logger, onRestore: () => undefined, patienceMs: 50 });
  assert.equal(await outcome(never.load()), 'RestoreWatermarkError');
  let hanging = true;
  let answer: () => void = () => undefined;
  const hangs: RestoreWatermarkStore = {
    ...store,
    write: async (text) => {
      if (hanging && place.text !== null) await new Promise<void>((resolve) => (answer = resolve));
      await store.write(text);
    },
  };
  const one = new RestoreWatermark({ store: hangs, slots: 4, logger, onRestore: () => undefined, patienceMs: 50 });
  await one.load();
  const begun = witness();
  one.learn(told, [], [begun]);
  assert.equal(await outcome(one.kept()), 'RestoreWatermarkError');
  assert.equal(await outcome(one.kept()), 'RestoreWatermarkError');
  hanging = false;
  answer();
  assert.equal(await outcome(one.kept()), 'ok');
  assert.ok(place.text?.includes(begun.mailpieceId));
});

void test('an id that is no RFC 9562 one is read again as it was written', async () => {
  const { store } = memory();
  const one = remember(store);
  await one.load();
  one.learn(told, [witness({ organizationId: '11111111-1111-1111-1111-111111111111' })]);
  await one.kept();
  one.learn(told, [witness()]);
  await one.kept();
  await remember(store).load();
});

void test('begins of others that are told do not push out what was begun here after them', async () => {
  const { place, store } = memory();
  const one = remember(store);
  await one.load();
  const last = witness();
  one.learn(told, [], [last]);
  await one.kept();
  // Sixty-four cohorts of other runners, that were begun before.
  one.learn(
    told,
    Array.from({ length: 64 }, () => witness()),
  );
  await one.kept();
  assert.ok(place.text?.includes(last.mailpieceId));
});

void test('what was begun here before a restore is forgotten with it, whoever has noticed it', async () => {
  const { place, store } = memory();
  const [one, other] = [remember(store), remember(store)];
  await one.load();
  const [before, after] = [witness(), witness()];
  one.learn(told, [], [before]);
  await one.kept();
  other.learn({ ...told, restores: 1 });
  await other.kept();
  one.learn(told, [], [witness()]);
  await one.kept();
  one.learn({ ...told, restores: 1 }, [], [after]);
  await one.kept();
  assert.ok(!place.text?.includes(before.mailpieceId));
  assert.ok(place.text?.includes(after.mailpieceId));
});
