/**
 * A primary, a standby of it that can be left behind by so many cohorts, a print shop that keeps
 * its ledger outside of both, and a runner that is held at the door of the printer whenever the
 * test wants to look.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type postgres from 'postgres';
import { createNoopImageHost, createNoopRenderer } from '@postrider/adapters/noop';
import { createPrintShopPrinter } from '@postrider/adapters/print-shop';
import {
  concludeRestore,
  connect,
  createPipeline,
  integrationsOf,
  release,
  restoreWatermarkFolder,
  type AskedSince,
  type Pipeline,
} from '@postrider/core';
import { startPrintShop, type LedgerLine } from '@postrider/twins/print-shop';
import { isLostConnection } from '../../packages/core/src/common/driver-errors.ts';
import { until } from '../pipeline/rig.ts';
import {
  broken,
  freshMachine,
  launched,
  people,
  states,
  syncPeople,
  type Place,
} from '../support/machine.ts';
import { openProxy, type Proxy } from '../support/proxy.ts';
import { startServer } from '../support/server.ts';
import { replicating, startStandby, type Standby } from '../support/standby.ts';

const TOKEN = 'a token of the failover tests';
/** Of two people each. */
const SIZE = 2;
const TIMEOUT_MS = 2000;

/** How a client reaches the server that takes writes: at one address, or by a list of hosts. */
export type Address = 'proxy' | 'hosts';

export interface Runner {
  readonly pipeline: Pipeline;
  readonly log: readonly string[];
  stop(): Promise<void>;
}

export interface Failover extends AsyncDisposable {
  readonly place: Place;
  readonly primary: Awaited<ReturnType<typeof startServer>>;
  readonly standby: Standby;
  /** In front of whichever server it was last told. */
  readonly front: Proxy;
  /** Between the standby and its primary. */
  readonly link: Proxy;
  /** On whichever server takes writes now. */
  sql(): postgres.Sql;
  /** A runner; all of one failover remember in the same place. */
  start(address: Address): Promise<Runner>;
  /** Lets so many more cohorts through to the printer, and waits until it has them. */
  post(cohorts: number): Promise<void>;
  /** Lets everything through from here on. */
  open(): void;
  /** Clients go to this server from here on. */
  leadTo(server: { readonly port: number; readonly adminUrl: string }): void;
  ledger(): Promise<readonly LedgerLine[]>;
  /** Why the printer is held; null where it is not. */
  held(): Promise<string | null>;
  /** Nobody more is let through. */
  shut(): void;
  /**
   * Asks the printer for what it made, and releases it. Returns how many cards were unknown here.
   */
  reconcile(runner: Runner): Promise<number>;
  /** Lets everybody through, and looks at everything: everybody has one card. */
  finish(runner: Runner): Promise<void>;
}

interface Options {
  readonly people: number;
  /** No commit counts before the standby has it. */
  readonly synchronous?: boolean;
  readonly major?: 15;
}

export async function failover(options: Options): Promise<Failover> {
  const stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'postrider-failover-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const primary = await startServer({
    ...(options.major === undefined ? {} : { major: options.major }),
    settings: replicating,
  });
  stack.defer(async () => await primary.drop());
  const machine = await freshMachine(primary.adminUrl);
  const place = await launched(machine.sql);
  await syncPeople(machine.sql, place, people(options.people));
  await machine.sql.end({ timeout: 5 });
  const link = stack.use(await openProxy(primary.port));
  const standby = await startStandby(primary, link.port);
  stack.defer(async () => await standby.drop());
  if (options.synchronous === true) {
    const superuser = connect(primary.adminUrl, { max: 1 });
    await superuser`alter system set synchronous_standby_names = 'standby'`;
    await superuser`select pg_reload_conf()`;
    await superuser.end({ timeout: 2 });
  }
  const front = stack.use(await openProxy(primary.port));
  const shop = await startPrintShop({
    folder,
    token: TOKEN,
    acceptNoopArtwork: true,
    printAfterMs: 3_600_000,
    log: () => undefined,
  });
  stack.defer(async () => await shop.stop());
  const wiring = { baseDirectory: folder, dataDirectory: folder, secret: () => TOKEN };
  const printer = createPrintShopPrinter({ url: shop.url, timeoutMs: TIMEOUT_MS }, wiring);
  const store = restoreWatermarkFolder(join(folder, 'restore-watermark'));

  const at = (port: number): string => {
    const url = new URL(machine.url);
    url.port = String(port);
    return url.href;
  };
  let admin = connect(at(primary.port), { max: 2 });
  stack.defer(async () => await admin.end({ timeout: 2 }));

  // How many cohorts may still pass; a caller that comes when it is 0 waits for more.
  let passes = 0;
  let passed = Promise.withResolvers<void>();
  const door = async (): Promise<void> => {
    while (passes <= 0) await passed.promise;
    passes -= 1;
  };
  const ledger = async (): Promise<readonly LedgerLine[]> => {
    const answer = await fetch(`${shop.url}/v1/ledger`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    return (await answer.text())
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LedgerLine);
  };
  const letThrough = (cohorts: number): void => {
    passes += cohorts;
    passed.resolve();
    passed = Promise.withResolvers<void>();
  };

  return {
    place,
    primary,
    standby,
    front,
    link,
    ledger,
    sql: () => admin,
    open: () => letThrough(1_000_000),
    start: async (address) => {
      // The standby first: it lives, and must not be taken for who takes writes.
      const hosts = at(primary.port).replace(
        `:${primary.port}/`,
        `:${standby.port},127.0.0.1:${primary.port}/`,
      );
      const url = address === 'proxy' ? at(front.port) : `${hosts}?target_session_attrs=read-write`;
      const sql = connect(url, { max: 8, name: 'runner' });
      const log: string[] = [];
      const note = (fields: object, message: string): void =>
        void log.push(`${message} ${JSON.stringify(fields)}`);
      const pipeline = createPipeline({
        sql,
        restoreWatermark: store,
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
        logger: { debug: () => undefined, info: note, warn: note, error: note },
        settings: {
          beats: false,
          reapMs: 200,
          cohortSize: SIZE,
          leaseMs: 8000,
          graceMs: 3000,
          quietMs: 3000,
          mailSlots: 2,
        },
        onPoint: async (point) => {
          if (point === 'mail.before-post') await door();
        },
      });
      await pipeline.start();
      let stopped = false;
      const runner = {
        pipeline,
        log,
        stop: async () => {
          if (stopped) return;
          stopped = true;
          letThrough(1_000_000);
          await pipeline.stop({ timeoutMs: 5000 });
          passes = 0;
          await sql.end({ timeout: 2 });
        },
      };
      stack.defer(runner.stop);
      return runner;
    },
    post: async (cohorts) => {
      const before = (await ledger()).length;
      letThrough(cohorts);
      await until(async () => (await ledger()).length >= before + cohorts * SIZE);
    },
    leadTo: (server) => {
      front.lead(server.port);
      front.cut();
      const old = admin;
      admin = connect(at(server.port), { max: 2 });
      void old.end({ timeout: 1 });
    },
    held: async () => {
      const [row] = await admin<
        { why: string | null }[]
      >`select held_why as why from postrider.printer where held_at is not null`;
      return row?.why ?? null;
    },
    shut: () => {
      passes = 0;
    },
    reconcile: async ({ pipeline }) => {
      let told: AskedSince | undefined;
      // A session of the old server may be found dead by it.
      await until(async () => {
        try {
          [told] = await pipeline.reconcileSince(
            place.organizationId,
            new Date(Date.now() - 600_000),
          );
          return true;
        } catch (error) {
          if (isLostConnection(error)) return false;
          throw error;
        }
      });
      assert.equal(told?.outcome, 'listed', JSON.stringify(told));
      assert.ok(told !== undefined && (await concludeRestore(admin, [told])));
      await release(admin, { ...place, kind: 'printer', id: 'press' });
      return told?.adopted ?? 0;
    },
    finish: async ({ pipeline }) => {
      letThrough(1_000_000);
      await until(async () => {
        // Its beats.
        await pipeline.reconcile(place.organizationId).catch(() => undefined);
        await admin`select pg_notify('postrider_moved', 'pending,proofed,track')`;
        return ((await states(admin))['sent'] ?? 0) === options.people;
      });
      eachOnce(await ledger(), options.people);
      assert.deepEqual(await broken(admin), []);
    },
    [Symbol.asyncDispose]: async () => await stack.disposeAsync(),
  };
}

/** Everybody has one card, whatever the databases think. */
function eachOnce(lines: readonly LedgerLine[], everybody: number): void {
  const cards = new Map<string, number>();
  for (const line of lines) {
    const who = line.reference?.recipientId ?? 'nobody';
    cards.set(who, (cards.get(who) ?? 0) + 1);
  }
  const twice = [...cards.values()].filter((count) => count > 1).length;
  assert.equal(twice, 0, `${twice} people have two cards`);
  assert.equal(cards.size, everybody);
}
