/**
 * One scenario: a database of its own, a print shop that is a process of its own with its own
 * ledger, and runners that come and go.
 *
 * Times are short, so that a lost lease costs two seconds and not a minute; their order is the
 * product's: HTTP timeout < lease, timeout < quiet.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CampaignDefinition, PipelineSettings } from '@postrider/core';
import {
  spawnPrintShop,
  type FaultInput,
  type LedgerLine,
  type SpawnedPrintShop,
  type SpawnPrintShopOptions,
} from '@postrider/twins/print-shop';
import { freshMachine, launched, type Machine, type Place } from '../support/machine.ts';
import { writeLookupFile } from './integrations.ts';
import { SHOP_SECRET, SHOP_TOKEN, type RunnerConfig } from './runner-config.ts';
import { startRunner, type Runner } from './runner.ts';

/** Settings of the runners, unless a scenario says otherwise. */
const shortTimes: Partial<PipelineSettings> = {
  proofSlots: 1,
  mailSlots: 2,
  cohortSize: 10,
  leaseMs: 1500,
  graceMs: 1200,
  quietMs: 1200,
  reapMs: 400,
  pageSize: 50,
  batchSize: 8,
  // A batch of a dead runner rests for this and a minute.
  adapterTimeoutMs: 5000,
  beats: false,
};

export interface ScenarioOptions {
  readonly people: number;
  /** Every nth person is known by e-mail only; 0, the default: nobody. */
  readonly emailOnly?: number;
  /** False: a printer without idempotency keys. */
  readonly keys?: boolean;
  readonly shop?: Partial<SpawnPrintShopOptions>;
  readonly campaign?: Partial<CampaignDefinition>;
  readonly settings?: Partial<PipelineSettings>;
  /** HTTP timeout of the printer's adapter. */
  readonly timeoutMs?: number;
  /** A server of the scenario's own, by its superuser's URL. */
  readonly adminUrl?: string;
}

export interface Shop {
  readonly url: string;
  kill(): Promise<void>;
  /** At the same address, with the same ledger. */
  restart(): Promise<void>;
  /** Orders bad luck for the next requests. */
  faults(faults: readonly FaultInput[]): Promise<void>;
  /** Every piece that it ever made. */
  ledger(): Promise<readonly LedgerLine[]>;
  /** Mail travels so many days. */
  travel(days: number): Promise<void>;
  sendWebhooksTo(url: string): Promise<void>;
}

export interface Scenario extends AsyncDisposable {
  readonly machine: Machine;
  readonly place: Place;
  readonly shop: Shop;
  /** In the segment now. */
  readonly people: number;
  readonly folder: string;
  /** All runners that were started. */
  readonly runners: readonly Runner[];
  start(over?: Partial<RunnerConfig>): Promise<Runner>;
  /** More people come into the segment, and the beat of sync comes. */
  grow(by: number): Promise<void>;
}

/** The job that the beat of 15 minutes sends. */
export async function beatOfSync(sql: Machine['sql'], organizationId: string): Promise<void> {
  await sql`
    select postrider.enqueue(
      'sync', array[gen_random_uuid()],
      array[jsonb_build_object('organization_id', ${organizationId}::uuid)], ${organizationId}
    )`;
}

async function openShop(options: SpawnPrintShopOptions): Promise<Shop & { stop(): Promise<void> }> {
  let shop: SpawnedPrintShop = await spawnPrintShop(options);
  const { url, port } = shop;
  const ask = async (method: string, path: string, body?: unknown): Promise<string> => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${SHOP_TOKEN}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text;
  };
  return {
    url,
    kill: async () => await shop.kill(),
    stop: async () => await shop.kill(),
    async restart() {
      shop = await spawnPrintShop({ ...options, port });
    },
    faults: async (faults) => void (await ask('POST', '/v1/faults', { faults })),
    async ledger() {
      const lines = (await ask('GET', '/v1/ledger')).split('\n');
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as LedgerLine);
    },
    travel: async (days) => void (await ask('POST', '/v1/clock', { advanceDays: days })),
    sendWebhooksTo: async (to) => void (await ask('POST', '/v1/webhook', { url: to })),
  };
}

export async function openScenario(options: ScenarioOptions): Promise<Scenario> {
  const { emailOnly = 0, keys = true } = options;
  let { people } = options;
  const segment = (): string => `${people}:${emailOnly}:p`;
  const folder = await mkdtemp(join(tmpdir(), 'postrider-crash-'));
  writeLookupFile(folder, people);
  const machine = await freshMachine(options.adminUrl);
  const shop = await openShop({
    folder: join(folder, 'shop'),
    token: SHOP_TOKEN,
    webhookSecret: SHOP_SECRET,
    acceptNoopArtwork: true,
    allowFaults: true,
    daysPerSecond: 0,
    printAfterMs: 100,
    keys,
    log: () => undefined,
    ...options.shop,
  });
  const place = await launched(machine.sql, {
    provider_segment_id: segment(),
    ...options.campaign,
  });
  await beatOfSync(machine.sql, place.organizationId);
  const runners: Runner[] = [];
  return {
    machine,
    place,
    shop,
    get people() {
      return people;
    },
    folder,
    runners,
    async start(over = {}) {
      const runner = await startRunner({
        name: `runner-${runners.length + 1}`,
        databaseUrl: machine.url,
        shopUrl: shop.url,
        keys,
        timeoutMs: options.timeoutMs ?? 800,
        folder,
        snares: [],
        poison: null,
        webhookPort: null,
        ...over,
        settings: { ...shortTimes, ...options.settings, ...over.settings },
      });
      runners.push(runner);
      return runner;
    },
    async grow(by) {
      people += by;
      writeLookupFile(folder, people);
      await machine.sql`
        update postrider.campaign
        set provider_segment_id = ${segment()}
        where id = ${place.campaignId}`;
      await beatOfSync(machine.sql, place.organizationId);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(runners.map(async (runner) => await runner.kill()));
      await shop.stop();
      await machine[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
