/**
 * A backup is restored although cards were printed since it was taken: a person who has one gets
 * no second one, and the meter hears of every card.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type postgres from 'postgres';
import {
  createNoopImageHost,
  createNoopPrinter,
  createNoopRenderer,
} from '@postrider/adapters/noop';
import { createPrintShopPrinter } from '@postrider/adapters/print-shop';
import {
  connect,
  createPipeline,
  hold,
  integrationsOf,
  release,
  restoreWatermarkFolder,
  type Pipeline,
  type RestoreWatermarkStore,
} from '@postrider/core';
import type { Printer } from '@postrider/core/ports';
import { startPrintShop, type LedgerLine } from '@postrider/twins/print-shop';
import {
  broken,
  freshMachine,
  launched,
  people,
  states,
  syncPeople,
  type Place,
} from '../../support/machine.ts';
import { until } from '../rig.ts';

const TOKEN = 'a-token-of-the-test';

function pipelineOn(
  sql: postgres.Sql,
  printer: Printer,
  restoreWatermark: RestoreWatermarkStore | 'not kept' = 'not kept',
): Pipeline {
  return createPipeline({
    sql,
    integrations: integrationsOf({
      audience: {
        async *members() {
          yield await Promise.resolve({ members: [], rejects: [], waitedMs: 0 });
        },
      },
      renderer: createNoopRenderer(),
      imageHost: createNoopImageHost(),
      printer,
    }),
    settings: { beats: false, reapMs: 200 },
    restoreWatermark,
  });
}

/** Runs until so many are sent, with the printer released. */
async function mailAll(
  { sql, printer, place }: { sql: postgres.Sql; printer: Printer; place: Place },
  sent: number,
  store?: RestoreWatermarkStore,
): Promise<void> {
  const pipeline = pipelineOn(sql, printer, store);
  await pipeline.start();
  await release(sql, { ...place, kind: 'printer', id: 'press' }).catch(() => undefined);
  await until(async () => ((await states(sql))['sent'] ?? 0) >= sent);
  await pipeline.stop();
}

/**
 * Everybody proofed and some still to be proofed, copied as a backup would be, and then mailed;
 * then more people come and are mailed too.
 */
async function restored(
  printer: Printer,
  work: (sql: postgres.Sql, place: Place) => Promise<void>,
  store?: RestoreWatermarkStore,
): Promise<void> {
  await using machine = await freshMachine();
  const place = await launched(machine.sql, { effects: ['usage_meter'] });
  await hold(machine.sql, { ...place, kind: 'printer', id: 'press' }, 'a test');
  await syncPeople(machine.sql, place, people(4));
  const proofing = pipelineOn(machine.sql, printer);
  await proofing.start();
  await until(async () => ((await states(machine.sql))['proofed'] ?? 0) === 4);
  await proofing.stop();
  await syncPeople(machine.sql, place, people(6), false);
  await machine.sql.end({ timeout: 5 });

  const admin = connect(machine.database.adminUrl.replace(/\/[^/?]*(\?|$)/, '/postgres$1'), {
    max: 1,
  });
  const name = new URL(machine.url).pathname.slice(1);
  const backup = `${name}_backup`;
  const url = machine.url.replace(`/${name}`, `/${backup}`);
  try {
    await admin`
      create database ${admin(backup)} template ${admin(name)}
        owner ${admin(new URL(machine.url).username)}`;
    const before = connect(machine.url, { max: 8 });
    await mailAll({ sql: before, printer, place }, 6, store);
    await syncPeople(before, place, people(8), false);
    await mailAll({ sql: before, printer, place }, 8, store);
    await before.end({ timeout: 5 });
    const after = connect(url, { max: 8 });
    try {
      // Long ago: no lease of a runner that mailed before the restore is left.
      await after`select postrider.turn_clock('1 hour')`;
      await work(after, place);
    } finally {
      await after.end({ timeout: 5 });
    }
  } finally {
    await admin`drop database if exists ${admin(backup)} with (force)`;
    await admin.end({ timeout: 5 });
  }
}

for (const keys of [true, false]) {
  void test(`nobody has two cards after a restore, at a printer ${keys ? 'with' : 'without'} keys`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'postrider-restore-'));
    const shop = await startPrintShop({
      folder,
      token: TOKEN,
      keys,
      acceptNoopArtwork: true,
      printAfterMs: 3_600_000,
      log: () => undefined,
    });
    const wiring = { baseDirectory: folder, dataDirectory: folder, secret: () => TOKEN };
    const printer = createPrintShopPrinter({ url: shop.url, keys, timeoutMs: 5000 }, wiring);
    const ledger = async (): Promise<LedgerLine[]> => {
      const answer = await fetch(`${shop.url}/v1/ledger`, {
        headers: { authorization: `Bearer ${TOKEN}` },
      });
      return (await answer.text())
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as LedgerLine);
    };
    try {
      await restored(printer, async (sql, place) => {
        assert.equal((await ledger()).length, 8);
        assert.deepEqual(await states(sql), { pending: 2, proofed: 4 });
        const [told, ...others] = await pipelineOn(sql, printer).reconcileSince(
          place.organizationId,
          new Date(Date.now() - 60_000),
        );
        assert.deepEqual(others, []);
        assert.deepEqual(told, {
          printer: 'press',
          outcome: 'listed',
          message: null,
          moved: 6,
          adopted: 6,
          strangers: 2,
          noticedAt: null,
        });
        assert.deepEqual(await states(sql), { sent: 6 });
        const effects = await sql`select from postrider.effect where kind = 'usage_meter'`;
        assert.equal(effects.length, 6, 'the meter hears of cards that were sent after the backup');
        // Asked again, it says the same and nothing more happens.
        const [again] = await pipelineOn(sql, printer).reconcileSince(
          place.organizationId,
          new Date(Date.now() - 60_000),
        );
        assert.deepEqual([again?.moved, again?.adopted], [0, 0]);
        // The list is read again: two of its people are new to this database, and have their cards
        // already. A ninth has not.
        await syncPeople(sql, place, people(9), false);
        await mailAll({ sql, printer, place }, 7);
        assert.deepEqual(await states(sql), { blacklisted: 2, sent: 7 });
        assert.equal((await ledger()).length, 9);
        assert.deepEqual(await broken(sql), []);
      });
    } finally {
      await shop.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

void test('a printer that cannot be listed, or not be asked, is told apart from one that has told everything', async () => {
  const plain = createNoopPrinter();
  await restored(plain, async (sql, place) => {
    const since = new Date(Date.now() - 60_000);
    const outcomeOf = async (printer: Printer) => {
      const [told] = await pipelineOn(sql, printer).reconcileSince(place.organizationId, since);
      return [told?.outcome, told?.message];
    };
    assert.deepEqual(await outcomeOf(plain), ['looked_up', null]);
    const list: NonNullable<Printer['list']> = async () =>
      await Promise.reject(new Error('closed on Sundays'));
    assert.deepEqual(await outcomeOf({ ...plain, list }), ['not_asked', 'closed on Sundays']);
    const [row] = await sql<
      { id: string }[]
    >`select recipient_id as id from postrider.recipient_state where state = 'proofed' limit 1`;
    await sql`
      insert into postrider.mailpiece (organization_id, id, recipient_id, campaign_id, printer_name,
        mode, idempotency_key, request, opened_at)
      values (${place.organizationId}, gen_random_uuid(), ${row?.id ?? ''}, ${place.campaignId},
        'press', 'live', gen_random_uuid(), '{}', now())`;
    const find: Printer['find'] = async (pieces) =>
      await Promise.resolve(
        pieces.map(() => ({ outcome: 'cannot_tell' as const, message: 'the register is lost' })),
      );
    assert.deepEqual(await outcomeOf({ ...plain, find }), ['not_asked', 'the register is lost']);
    assert.deepEqual(await states(sql), { pending: 2, proofed: 4 });
  });
});

void test('a copy on the timeline of its server is told by what the pipeline remembers, and nothing is sent', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-restore-'));
  const store = restoreWatermarkFolder(join(folder, 'restore-watermark'));
  const printer = createNoopPrinter();
  try {
    await restored(
      printer,
      async (sql, place) => {
        await release(sql, { ...place, kind: 'printer', id: 'press' });
        const pipeline = pipelineOn(sql, printer, store);
        await pipeline.start();
        await until(
          async () =>
            (
              await sql`
                select
                from postrider.printer
                where held_why ~ 'cards were begun that it does not know'`
            ).length === 1,
        );
        await until(async () => (await states(sql))['proofed'] === 6);
        // Released by somebody who takes it upon themselves: what was remembered of the time before
        // counts no more.
        await release(sql, { ...place, kind: 'printer', id: 'press' });
        await until(async () => (await states(sql))['sent'] === 6);
        await pipeline.stop();
      },
      store,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
