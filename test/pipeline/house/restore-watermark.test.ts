/**
 * What a pipeline must remember of its database is kept where its program says; where it cannot be
 * kept, nothing is sent.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createNoopPrinter } from '@postrider/adapters/noop';
import {
  restoreWatermarkFolder,
  RestoreWatermarkError,
  type Point,
  type RestoreWatermarkStore,
} from '@postrider/core';
import type { Printer } from '@postrider/core/ports';
import { states } from '../../support/machine.ts';
import { open, until } from '../rig.ts';

/** In memory, and broken at will. */
function storeOf(text: string | null = null) {
  const place = { text, readable: true, writable: true, reads: 0 };
  const store: RestoreWatermarkStore = {
    read: async () => {
      place.reads += 1;
      return await (place.readable
        ? Promise.resolve(place.text === null ? [] : [place.text])
        : Promise.reject(new Error('the disk is gone')));
    },
    write: async (_, told) => {
      if (!place.writable) return await Promise.reject(new Error('the disk is full'));
      place.text = told;
      return await Promise.resolve();
    },
  };
  return { place, store };
}

for (const [what, spoil] of [
  ['cannot be read', { readable: false }],
  ['is no JSON', { text: '{"' }],
  ['is something else', { text: '{"0198c0de-0000-7000-8000-000000000000":{"restores":"many"}}' }],
  ['cannot be written', { writable: false }],
] as const) {
  void test(`nothing starts where what is remembered ${what}, and it may be tried again`, async () => {
    const { place, store } = storeOf();
    Object.assign(place, spoil);
    await using one = await open({ people: 1, restoreWatermark: store });
    await assert.rejects(one.pipeline.start(), (error: Error) => {
      assert.ok(error instanceof RestoreWatermarkError);
      return /nothing is sent, since a database that was restored/.test(error.message);
    });
    Object.assign(place, { readable: true, writable: true, text: null });
    await one.pipeline.start();
    await until(async () => (await states(one.sql))['sent'] === 1);
  });
}

void test('where it cannot be written any more nobody is sent a card, and they are when it can', async () => {
  const { place, store } = storeOf();
  let mended = false;
  const onPoint = (point: Point): void => {
    if (point === 'mail.begun') place.writable = mended;
  };
  await using one = await open({ people: 3, restoreWatermark: store, onPoint });
  await one.pipeline.start();
  await until(() =>
    one.log.some((line) => /nothing was sent; its people wait.*the disk is full/.test(line)),
  );
  await until(async () => (await states(one.sql))['proofed'] === 3);
  const [row] = await one.sql`select reason, detail from postrider.recipient_state limit 1`;
  assert.equal(row?.['reason'], 'retry');
  assert.match(String(row?.['detail']), /the disk is full.*nothing is sent/);
  mended = true;
  place.writable = true;
  await one.sql`select postrider.turn_clock('10 minutes')`;
  await one.sql`select pg_notify('postrider_moved', 'proofed')`;
  await until(async () => (await states(one.sql))['sent'] === 3);
  assert.ok(place.text?.includes('mailpieceId'));
});

void test('where it cannot be read any more nobody is sent a card, and they are when it can', async () => {
  const { place, store } = storeOf();
  const isTold = (): boolean =>
    one.log.some((line) => /no card can be sent.*the disk is gone/.test(line));
  let mended = false;
  const onPoint = async (point: Point): Promise<void> => {
    if (point !== 'mail.begun' || mended) return;
    place.readable = false;
    await until(isTold);
  };
  await using one = await open({ people: 3, restoreWatermark: store, onPoint });
  await one.pipeline.start();
  await until(isTold);
  await until(async () => (await states(one.sql))['sending'] === undefined);
  assert.deepEqual({ ...(await states(one.sql)) }, { proofed: 3 });
  const [row] = await one.sql`select reason, detail from postrider.recipient_state limit 1`;
  assert.equal(row?.['reason'], 'retry');
  assert.match(String(row?.['detail']), /the disk is gone.*nothing is sent/);
  mended = true;
  place.readable = true;
  place.reads = 0;
  await until(() => place.reads > 1);
  await one.sql`select postrider.turn_clock('10 minutes')`;
  await one.sql`select pg_notify('postrider_moved', 'proofed')`;
  await until(async () => (await states(one.sql))['sent'] === 3);
});

void test('what others remember is heard also while the database lets its runner wait', async () => {
  const { place, store } = storeOf();
  await using one = await open({ people: 1, restoreWatermark: store });
  await one.pipeline.start();
  await one.sql.begin(async (held) => {
    await held`lock table postrider.runner in exclusive mode`;
    await until(
      async () =>
        (
          await one.sql`
            select from pg_locks where not granted and relation = 'postrider.runner'::regclass`
        ).length > 0,
    );
    place.reads = 0;
    await new Promise((resolve) => setTimeout(resolve, 2000));
    assert.ok(place.reads > 3, `${place.reads} times in ten rounds`);
  });
});

void test('several runners may remember in one place, and none forgets for the others', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-watermark-'));
  const path = join(folder, 'other.json');
  try {
    const other = '0198c0de-0000-7000-8000-000000000001';
    writeFileSync(
      path,
      JSON.stringify({ [other]: { restores: 2, system: '7', timeline: 3, witnesses: [] } }),
    );
    await using one = await open({ people: 2, restoreWatermark: restoreWatermarkFolder(folder) });
    await one.pipeline.start();
    await until(async () => (await states(one.sql))['sent'] === 2);
    const [own = ''] = readdirSync(folder).filter((name) => name !== 'other.json');
    const told = JSON.parse(readFileSync(join(folder, own), 'utf8')) as Record<
      string,
      { witnesses: readonly unknown[] }
    >;
    const [installation] = await one.sql<{ id: string }[]>`select id from postrider.installation`;
    assert.deepEqual(Object.keys(told).sort(), [other, installation?.id ?? ''].sort());
    assert.ok((told[installation?.id ?? '']?.witnesses.length ?? 0) >= 1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

void test('what was begun before a restore was noticed is not posted after it, and printers are asked when no other runner can post either', async () => {
  const door = Promise.withResolvers<void>();
  let atTheDoor = false;
  let submitted = 0;
  const plain = createNoopPrinter();
  const leftAtList: boolean[] = [];
  const printer: Printer = {
    ...plain,
    submit: async (pieces, guard, call) => {
      submitted += pieces.length;
      return await plain.submit(pieces, guard, call);
    },
    list: async () => {
      const [row] = await one.sql<{ left: boolean }[]>`
        select postrider.longest_posting_time(
          ${`${leaseMs} milliseconds`}::interval) > '0' as left`;
      leftAtList.push(row?.left === true);
      return { pieces: [], cursor: null };
    },
  };
  const leaseMs = 3000;
  await using one = await open({
    people: 2,
    ports: { printer },
    settings: { leaseMs, quietMs: 100 },
    onPoint: async (point) => {
      if (point !== 'mail.before-post') return;
      atTheDoor = true;
      await door.promise;
    },
  });
  await one.pipeline.start();
  await until(() => atTheDoor);
  await one.sql`update postrider.installation set timeline = timeline + 1`;
  await until(() => one.log.some((line) => /the printers are held/.test(line)));
  door.resolve();
  const asked = await one.pipeline.reconcileSince(one.place.organizationId, new Date());
  assert.deepEqual(
    asked.map(({ outcome }) => outcome),
    ['listed'],
  );
  assert.deepEqual([leftAtList, submitted], [[false], 0]);
  assert.ok(
    one.log.some((line) => /the printer is asked when no runner can be sending/.test(line)),
  );
});
