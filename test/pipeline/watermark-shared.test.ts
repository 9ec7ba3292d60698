/** Several runners may remember in one place: none loses what another has kept. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
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

void test('two that write in one place at once: what one has kept is not lost by the other', async () => {
  const { place, store } = memory();
  const slow: RestoreWatermarkStore = {
    read: async () => {
      const text = place.text;
      await sleep(50);
      return text;
    },
    write: async (text) => await store.write(text),
  };
  const [one, other] = [remember(slow), remember(store)];
  await Promise.all([one.load(), other.load()]);
  const [first, second] = [witness(), witness()];
  one.learn(told, [first]);
  const firstKept = one.kept();
  await sleep(10);
  other.learn(told, [second]);
  await other.kept();
  await firstKept;
  assert.ok(place.text?.includes(first.mailpieceId));
  assert.ok(place.text?.includes(second.mailpieceId), 'its card is posted by now');
});
