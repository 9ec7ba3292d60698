/**
 * Another restore is noticed while the printers are asked about the first: what they told before is
 * no answer to it.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { createNoopPrinter } from '@postrider/adapters/noop';
import { concludeRestore, hold, release, type AskedSince } from '@postrider/core';
import type { Printer } from '@postrider/core/ports';
import { checkWatermark } from '../../../packages/core/src/machine/restore.ts';
import { open, until, type Opened } from '../rig.ts';

/** The server that was asked was promoted, and somebody has noticed it. */
async function promoted({ sql }: Opened): Promise<void> {
  await sql`update postrider.installation set timeline = timeline + 1`;
  await checkWatermark(sql, {});
}

async function askedOf({ pipeline, place }: Opened): Promise<AskedSince> {
  const [asked, ...others] = await pipeline.reconcileSince(place.organizationId, new Date());
  assert.ok(asked !== undefined && others.length === 0);
  return asked;
}

void test('a printer that was asked while another restore was noticed has not told of it, and nothing is concluded', async () => {
  let meanwhile: (() => Promise<void>) | null = async () => await promoted(one);
  const printer: Printer = {
    ...createNoopPrinter(),
    list: async () => {
      await meanwhile?.();
      return { pieces: [], cursor: null };
    },
  };
  await using one = await open({
    people: 1,
    ports: { printer },
    settings: { leaseMs: 100, quietMs: 1 },
  });
  await checkWatermark(one.sql, {});
  await promoted(one);
  const asked = await askedOf(one);
  assert.equal(asked.outcome, 'not_asked');
  assert.match(asked.message ?? '', /a restore was noticed while it was asked/);
  assert.equal(await concludeRestore(one.sql, [asked]), false);
  meanwhile = null;
  const again = await askedOf(one);
  assert.deepEqual([again.outcome, await concludeRestore(one.sql, [again])], ['listed', true]);
});

void test('when another restore is noticed in the wait for leases from before the first, the printers are asked when the last lease from before the second is over', async () => {
  const leftAtList: boolean[] = [];
  const printer: Printer = {
    ...createNoopPrinter(),
    list: async () => {
      const [row] = await one.sql<
        { left: boolean }[]
      >`select postrider.longest_posting_time('4 seconds') > '0' as left`;
      leftAtList.push(row?.left === true);
      return { pieces: [], cursor: null };
    },
  };
  await using one = await open({
    people: 1,
    ports: { printer },
    settings: { leaseMs: 4000, quietMs: 1 },
  });
  await checkWatermark(one.sql, {});
  await promoted(one);
  const asking = askedOf(one);
  await until(() =>
    one.log.some((line) => /the printer is asked when no runner can be sending/.test(line)),
  );
  await promoted(one);
  const asked = await asking;
  assert.deepEqual(
    [leftAtList, asked.outcome, await concludeRestore(one.sql, [asked])],
    [[false], 'listed', true],
  );
});

void test('a failover that no runner has seen yet is noticed before the printers are asked', async () => {
  const printer: Printer = {
    ...createNoopPrinter(),
    list: async () => await Promise.resolve({ pieces: [], cursor: null }),
  };
  await using one = await open({
    people: 1,
    ports: { printer },
    settings: { leaseMs: 100, quietMs: 1 },
  });
  await checkWatermark(one.sql, {});
  await one.sql`update postrider.installation set timeline = timeline + 1`;
  const asked = await askedOf(one);
  assert.deepEqual([asked.outcome, asked.noticedAt === null], ['listed', false]);
  assert.equal((await one.sql`select from postrider.printer where held_at is not null`).length, 1);
  assert.equal(await concludeRestore(one.sql, [asked]), true);
});

void test('printers that are asked before any runner was started are asked about what runners remember', async () => {
  const printer: Printer = {
    ...createNoopPrinter(),
    list: async () => await Promise.resolve({ pieces: [], cursor: null }),
  };
  let written = '{}';
  await using one = await open({
    people: 1,
    ports: { printer },
    settings: { leaseMs: 100, quietMs: 1 },
    restoreWatermark: {
      read: async () => await Promise.resolve([written]),
      write: async () => await Promise.resolve(),
    },
  });
  const { installation, restores, system, timeline } = await checkWatermark(one.sql, {});
  const lost = {
    organizationId: one.place.organizationId,
    recipientId: randomUUID(),
    moveNo: 6,
    mailpieceId: randomUUID(),
  };
  const remembered = { [installation]: { restores, system, timeline, witnesses: [lost] } };
  written = JSON.stringify(remembered);
  await hold(
    one.sql,
    { organizationId: one.place.organizationId, kind: 'printer', id: 'press' },
    'a backup was put back',
  );
  const asked = await askedOf(one);
  assert.deepEqual(
    [asked.outcome, asked.noticedAt === null, await concludeRestore(one.sql, [asked])],
    ['listed', false, true],
  );
  await release(one.sql, {
    organizationId: one.place.organizationId,
    kind: 'printer',
    id: 'press',
  });
  const { noticed } = await checkWatermark(one.sql, remembered);
  assert.deepEqual(
    [noticed, (await one.sql`select from postrider.printer where held_at is not null`).length],
    [null, 0],
  );
});
