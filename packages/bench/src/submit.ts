/**
 * `bench submit`: cards that a runner orders at Lob's twin, a process of its own that answers after
 * 150 ms. First one runner without a limit; then two runners that share Lob's, of which the twin
 * tells how it was kept and how much of it was used. Cards, artwork, requests and records are real.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createFolderImageHost } from '@postrider/adapters/folder';
import { createLobPrinter } from '@postrider/adapters/lob';
import { createTypstRenderer } from '@postrider/adapters/typst';
import {
  applyCampaign,
  armPrinter,
  Connections,
  createPipeline,
  defineCampaign,
  integrationsOf,
  launch,
  makeConnection,
  type DatabaseAddress,
  type Integrations,
  type Pipeline,
  type Ports,
} from '@postrider/core';
import type { SpawnedTwin } from '@postrider/twins';
import { lobTwinClient, spawnLob } from '@postrider/twins/lob';
import type postgres from 'postgres';
import { noopPorts } from './noop-ports.ts';
import { pause } from './pause.ts';
import { addPending, fill, inScratch, type Place, type Scratch } from './scratch.ts';
import { usedShare, worstWindow } from './worst-window.ts';

const KEY = 'live_of_this_bench';
const ANSWER_MS = 150;
/** Lob's, for each endpoint and key. */
const LIMIT = { requests: 150, ms: 5000 };
/** Cards of the second part: eight windows, and the first. */
const MOST_LIMITED = 9 * LIMIT.requests;
const RUNNERS = 2;

const bakery = fileURLToPath(new URL('../../../examples/bakery', import.meta.url));

interface Surroundings {
  readonly scratch: Scratch;
  readonly folder: string;
  readonly say: Say;
}

type Say = (line: string) => void;

export async function benchSubmit(address: DatabaseAddress, say: Say, cards = 5000) {
  const folder = await mkdtemp(join(tmpdir(), 'postrider-bench-'));
  try {
    return await inScratch(address, async (scratch) => {
      const around = { scratch, folder, say };
      const free = await withoutLimit(around, cards);
      const shared = await withLimit(around, Math.min(cards, MOST_LIMITED));
      return { ...free, ...shared };
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function withoutLimit({ scratch, folder, say }: Surroundings, cards: number) {
  const { sql } = scratch;
  await using twin = await twinOf(join(folder, 'free'), 0);
  const at = await fill(sql, cards, false);
  await launch(sql, at, { mode: 'live' });
  say(`making ${cards} proofs …`);
  await proofAll(scratch, folder, at);
  const printer = createLobPrinter(
    {},
    {
      baseDirectory: bakery,
      dataDirectory: folder,
      secret: () => undefined,
      connection: {
        organizationId: at.organizationId,
        name: 'of a bench',
        provider: 'lob',
        mode: 'live',
        options: { url: `${twin.url}/v1` },
        secrets: (purpose) => (purpose === 'api_key' ? [KEY] : []),
      },
    },
  );
  const cpu = process.cpuUsage();
  const pipeline = runner({ scratch, folder }, integrationsOf({ ...noopPorts(), printer }));
  await sendAll(sql, [pipeline], at, cards);
  const used = process.cpuUsage(cpu);
  const [span] = await sql<{ seconds: number }[]>`
    select extract(epoch from max(at) filter (where to_state = 'sent')
      - min(at) filter (where to_state = 'sending'))::float8 as seconds
    from postrider.recipient_event
    where campaign_id = ${at.campaignId}`;
  const perSecond = Math.round(cards / (span?.seconds ?? 1));
  const made = (await twin.client.ledger()).length;
  if (made !== cards) throw new Error(`${cards} cards are sent, and the twin has made ${made}`);
  say(`one runner without a limit: ${perSecond} cards/s`);
  return {
    per_second: perSecond,
    cpu_ms_per_card: Number(((used.user + used.system) / 1000 / cards).toFixed(2)),
    cards,
  };
}

async function withLimit({ scratch, folder, say }: Surroundings, cards: number) {
  const { sql } = scratch;
  await using twin = await twinOf(join(folder, 'limited'), LIMIT.requests);
  const at = await byAccount(sql, twin.url, cards);
  await proofAll(scratch, folder, at);
  const connections = new Connections(sql, () => KEY);
  const runners = Array.from({ length: RUNNERS }, () => {
    const local = integrationsOf(noopPorts());
    return runner(
      { scratch, folder },
      {
        ...local,
        printer: async ({ organizationId, connectionId }) =>
          createLobPrinter(
            {},
            {
              baseDirectory: bakery,
              dataDirectory: folder,
              secret: () => undefined,
              connection: await connections.of(organizationId, connectionId ?? ''),
            },
          ),
      },
    );
  });
  await sendAll(sql, runners, at, cards);
  const requests = await twin.client.requests('create');
  const arrivals = requests.map((one) => Date.parse(one.at));
  const traffic = (await twin.client.traffic())['live create'];
  const first = Math.min(...arrivals) + LIMIT.ms;
  // Whole windows of it, without the first, in which a limit that rested is taken at once.
  const windows = Math.floor((Math.max(...arrivals) - first) / LIMIT.ms);
  const used =
    windows < 1
      ? null
      : Number(
          usedShare(arrivals, LIMIT, { from: first, to: first + windows * LIMIT.ms }).toFixed(3),
        );
  const worst = Math.max(worstWindow(arrivals, LIMIT.ms), traffic?.worstWindow ?? 0);
  say(`two runners with the limit: at most ${worst} of ${LIMIT.requests}, ${used} of it used`);
  return {
    worst_window: worst,
    limit: LIMIT.requests,
    used,
    refused_for_the_limit: traffic?.refused ?? 0,
    limited_cards: cards,
    windows,
  };
}

type OpenTwin = SpawnedTwin & {
  readonly client: ReturnType<typeof lobTwinClient>;
} & AsyncDisposable;

async function twinOf(folder: string, limit: number): Promise<OpenTwin> {
  const twin = await spawnLob({
    folder,
    keys: [KEY],
    limit,
    latencyMs: ANSWER_MS,
    daysPerSecond: 0,
    log: () => undefined,
  });
  return {
    ...twin,
    client: lobTwinClient(twin.url, KEY),
    [Symbol.asyncDispose]: async () => await twin.stop(),
  };
}

/** A campaign of people whose cards go by an account, which has a limit. */
async function byAccount(sql: postgres.Sql, url: string, people: number): Promise<Place> {
  const [row] = await sql<{ id: string }[]>`select id from postrider.organization`;
  const organizationId = row?.id ?? '';
  await makeConnection(sql, {
    organizationId,
    connectionId: randomUUID(),
    name: 'lob-main',
    provider: 'lob',
    mode: 'live',
    options: { url: `${url}/v1` },
    secrets: [{ purpose: 'api_key', reference: 'env:BENCH_KEY' }],
    finding: null,
  });
  const definition = defineCampaign({
    name: 'by an account',
    template: 'none',
    format: '4x6',
    printer_name: null,
    integrations: {
      printer: { connection: 'lob-main' },
      renderer: { kind: 'noop' },
      image_host: { kind: 'noop' },
    },
  });
  const { campaignId } = await applyCampaign(sql, organizationId, definition);
  const at = { organizationId, campaignId };
  await armPrinter(sql, organizationId, 'lob-main');
  await addPending(sql, at, people, 'limited');
  await launch(sql, at, { mode: 'live' });
  return at;
}

function runner(
  { scratch, folder }: Pick<Surroundings, 'scratch' | 'folder'>,
  integrations: Integrations,
  settings = {},
): Pipeline {
  return createPipeline({
    sql: scratch.connect(14),
    queueSql: scratch.connect(6, { synchronousCommit: 'off' }),
    restoreWatermark: 'not kept',
    artworkFolders: [folder],
    settings,
    integrations,
  });
}

/** Makes the proofs of a campaign, with a real template; no card is ordered. */
async function proofAll(scratch: Scratch, folder: string, at: Place): Promise<void> {
  const wiring = { baseDirectory: bakery, dataDirectory: folder, secret: () => undefined };
  const typst = await createTypstRenderer({}, wiring);
  const ports: Ports = {
    ...noopPorts(),
    imageHost: createFolderImageHost({}, wiring),
    renderer: {
      makes: typst.makes,
      render: async ({ cards, ...job }, context) =>
        await typst.render(
          {
            ...job,
            template: 'postcard.typ',
            cards: cards.map((card) => ({
              ...card,
              merge: { favorite: 'Rye', promo_code: card.reference },
            })),
          },
          context,
        ),
    },
  };
  // A printer that takes PDF, and is asked for nothing.
  const printer = createLobPrinter(
    {},
    {
      ...wiring,
      connection: {
        organizationId: at.organizationId,
        name: 'of a bench',
        provider: 'lob',
        mode: 'live',
        options: {},
        secrets: () => [],
      },
    },
  );
  const pipeline = runner({ scratch, folder }, integrationsOf({ ...ports, printer }), {
    mailSlots: 0,
  });
  await pipeline.start();
  const isLeft = async (): Promise<boolean> => {
    const rows = await scratch.sql`
      select from postrider.recipient_state
      where campaign_id = ${at.campaignId} and state not in ('proofed', 'sending_staged')
      limit 1`;
    return rows.length > 0;
  };
  while (await isLeft()) await pause(100);
  await pipeline.stop({ timeoutMs: 10_000 });
}

async function sendAll(
  sql: postgres.Sql,
  pipelines: readonly Pipeline[],
  { campaignId }: Place,
  cards: number,
): Promise<void> {
  await Promise.all(pipelines.map(async (pipeline) => await pipeline.start()));
  const isLeft = async (): Promise<boolean> => {
    const [row] = await sql<{ sent: number; lost: number }[]>`
      select sent::int, (error + skipped)::int as lost
      from postrider.funnel
      where campaign_id = ${campaignId}`;
    if ((row?.lost ?? 0) > 0) throw new Error(`${row?.lost} cards could not be ordered`);
    return (row?.sent ?? 0) < cards;
  };
  // Seldom: to count them all takes a part of what is measured.
  while (await isLeft()) await pause(500);
  await Promise.all(pipelines.map(async (pipeline) => await pipeline.stop({ timeoutMs: 10_000 })));
}
