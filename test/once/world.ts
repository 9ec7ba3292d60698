/**
 * A campaign with its people, at a twin of Lob of its own, in a database that other schedules had
 * before: everything is asked for by its organization.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  applyCampaign,
  armPrinter,
  ensureOrganization,
  launch,
  makeConnection,
} from '@postrider/core';
import {
  lobTwinClient,
  startLob,
  type LobTwinClient,
  type ListeningTwin,
} from '@postrider/twins/lob';
import { WebhookIntake } from '../../packages/core/src/stages/track/receive-webhook.ts';
import { definition, people, syncPeople, type Machine, type Place } from '../support/machine.ts';
import { secret } from '../support/secrets.ts';
import { eventually } from '../crash/converge.ts';
import { turnClock } from '../sql/rig.ts';
import { Draws } from './draws.ts';
import { playedRunner, type PlayedRunner } from './runner.ts';
import type { Schedule } from './schedule.ts';

export const LOB_KEY = secret('live_ours');
const SECRET = secret('of the schedules alone');
export const PRINTER = 'press';
const CONNECTION = 'lob-main';
const secrets: Readonly<Record<string, string>> = { LOB_KEY, LOB_WEBHOOK: SECRET };

export interface World extends AsyncDisposable {
  readonly schedule: Schedule;
  readonly sql: Machine['sql'];
  readonly place: Place;
  readonly connectionId: string;
  readonly twin: LobTwinClient;
  /** Of its API. */
  readonly url: string;
  readonly runners: PlayedRunner[];
  /** What was logged above debug, a line each. */
  readonly log: string[];
  /** A new runner takes the place of one. */
  replace(index: number): Promise<void>;
  /** Both clocks: ours and the printer's. What stands still has lost its leases by then. */
  turn(seconds: number): Promise<void>;
  grow(by: number): Promise<void>;
  /** From now on every webhook is taken. */
  takeAll(): void;
}

/** A live campaign that names an account at the twin. */
async function openCampaign(
  sql: Machine['sql'],
  { seed, atOnce }: Schedule,
  url: string,
): Promise<{ readonly place: Place; readonly connectionId: string }> {
  const organizationId = await ensureOrganization(sql, `Bakery ${seed} ${randomUUID()}`);
  const connectionId = randomUUID();
  await makeConnection(sql, {
    organizationId,
    connectionId,
    name: CONNECTION,
    provider: 'lob',
    mode: 'live',
    options: { url: `${url}/v1` },
    secrets: [
      { purpose: 'api_key', reference: 'env:LOB_KEY' },
      { purpose: 'webhook', reference: 'env:LOB_WEBHOOK' },
    ],
    finding: null,
  });
  const integrations = {
    printer: { connection: CONNECTION, timeoutMs: 1000, atOnce },
    renderer: { kind: 'noop' },
    image_host: { kind: 'noop' },
  };
  const campaign = definition({ printer_name: PRINTER, integrations });
  const { campaignId } = await applyCampaign(sql, organizationId, campaign);
  const place = { organizationId, campaignId };
  await armPrinter(sql, organizationId, PRINTER);
  await launch(sql, place, { mode: 'live' });
  return { place, connectionId };
}

export async function openWorld(sql: Machine['sql'], schedule: Schedule): Promise<World> {
  const log: string[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'lob-schedule-'));
  const lob: ListeningTwin = await startLob({
    folder,
    keys: [LOB_KEY],
    webhookSecret: SECRET,
    daysPerSecond: 0,
    limit: 0,
    log: (line) => log.push(`twin: ${line}`),
    ...schedule.twin,
  });
  const twin = lobTwinClient(lob.url, LOB_KEY);
  const { place, connectionId } = await openCampaign(sql, schedule, lob.url);
  const [{ endpoint } = { endpoint: '' }] = await sql<{ endpoint: string }[]>`
    select endpoint_id as endpoint from postrider.connection where id = ${connectionId}`;
  const parts = { sql, secret: (name: string) => secrets[name], cohortSize: schedule.cohortSize };
  let count = 0;
  const make = async (): Promise<PlayedRunner> =>
    await playedRunner({ ...parts, name: `runner-${(count += 1)}`, log });
  const runners: PlayedRunner[] = [];
  const everyRunner: PlayedRunner[] = [];
  let size = 0;
  const draws = new Draws(schedule.seed + 1);
  let refuses = schedule.webhooks ?? 0;

  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (draws.chance(refuses)) return void response.writeHead(503).end();
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const told = { url: request.url ?? '', headers, body: Buffer.concat(chunks) };
    const [first] = runners;
    if (first === undefined) throw new Error('no runner is there');
    const { outcome } = await new WebhookIntake(first.context).receive(
      [CONNECTION, endpoint],
      told,
    );
    response.writeHead(outcome === 'stored' || outcome === 'repeated' ? 204 : 401).end();
  };
  const server = createServer((request, response) => {
    receive(request, response).catch((error: unknown) => {
      log.push(`a webhook could not be stored: ${String(error)}`);
      response.writeHead(500).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const world: World = {
    schedule,
    sql,
    place,
    connectionId,
    twin,
    url: lob.url,
    runners,
    log,
    async replace(index) {
      const runner = await make();
      runners[index] = runner;
      everyRunner.push(runner);
    },
    async turn(seconds) {
      // No request is under way for days: what Lob still works at, for a client that has given up,
      // ends before the clocks are turned.
      await eventually('what Lob works at ends', async () =>
        (await twin.requests()).every(({ ms }) => ms !== null),
      );
      for (const runner of runners) if (runner.still !== null) runner.loseLeases();
      await turnClock(sql, seconds * 1000);
      await twin.advance({ seconds });
      // pg-boss keeps real time.
      await sql`
        update postrider_queue.job
        set started_on = started_on - make_interval(secs => ${seconds})
        where state = 'active'`;
    },
    async grow(by) {
      size += by;
      await syncPeople(sql, place, people(size));
    },
    takeAll() {
      refuses = 0;
    },
    async [Symbol.asyncDispose]() {
      for (const runner of everyRunner) runner.loseLeases();
      await Promise.all(runners.map(async ({ context }) => await context.callLog.end()));
      await lob.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
  for (let index = 0; index < schedule.runners; index += 1) await world.replace(index);
  await world.grow(schedule.people);
  if (schedule.webhooks !== null)
    await twin.webhook(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return world;
}
