/** Several runners may remember in one file: none loses what another has kept, nor waits for one that was killed. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Witness } from '../../packages/core/src/machine/watermark.ts';
import { RestoreWatermark, restoreWatermarkFile } from '../../packages/core/src/pipeline/restore-watermark.ts';

const silent = (): undefined => undefined;
const logger = { debug: silent, info: silent, warn: silent, error: silent };
const installation = randomUUID();
const told = { installation, restores: 0, system: '7', timeline: 1, noticed: null, superseded: false };

const witness = (): Witness => ({ organizationId: randomUUID(), recipientId: randomUUID(), moveNo: 1, mailpieceId: randomUUID() });

const remember = (path: string): RestoreWatermark =>
  new RestoreWatermark({ store: restoreWatermarkFile(path), slots: 4, logger, onRestore: () => undefined });

void test('of two that write in one file at once each finds there what it has kept', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-watermark-'));
  const path = join(folder, 'restore-watermark.json');
  try {
    const [one, other] = [remember(path), remember(path)];
    await Promise.all([one.load(), other.load()]);
    for (let round = 0; round < 50; round += 1) {
      const [first, second] = [witness(), witness()];
      one.learn(told, [], [first]);
      other.learn(told, [], [second]);
      await Promise.all([one.kept(), other.kept()]);
      const text = readFileSync(path, 'utf8');
      for (const { mailpieceId } of [first, second]) assert.ok(text.includes(mailpieceId), `round ${round}: its card is posted by now`);
    }
    // Somebody was killed while they had the lock.
    writeFileSync(`${path}.lock`, '');
    utimesSync(`${path}.lock`, new Date(0), new Date(0));
    const last = witness();
    one.learn(told, [], [last]);
    await one.kept();
    assert.ok(readFileSync(path, 'utf8').includes(last.mailpieceId));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

void test('the word of a server that another has taken over from is not remembered', () => {
  const one = new RestoreWatermark({ store: 'not kept', slots: 4, logger, onRestore: () => undefined });
  const begun = witness();
  one.learn({ ...told, timeline: 2 }, [], [begun]);
  one.learn({ ...told, timeline: 1, noticed: 'another server has taken over', superseded: true });
  assert.equal(one.marks[installation]?.timeline, 2);
  assert.equal(one.marks[installation]?.witnesses[0]?.mailpieceId, begun.mailpieceId);
});
