/**
 * `bench webhooks`: signed webhooks of Lob from a process outside, taken over HTTP by the server of
 * a runner, kept, and applied, while the pipeline goes on beside it. Everything is real but the
 * cards: they are put there as sent. Some webhooks come twice, and those of near cards in any
 * order.
 */
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  applyCampaign,
  createPipeline,
  defineCampaign,
  integrationsOf,
  makeConnection,
  type DatabaseAddress,
} from '@postrider/core';
import { startHttp } from '@postrider/runner/http';
import { createIntegrations } from '@postrider/runner/integrations';
import { openProject } from '@postrider/runner/project';
import type postgres from 'postgres';
import { paceOf, received, supplied } from './beside.ts';
import { cardsOf, KINDS } from './event-bodies.ts';
import { noopPorts } from './noop-ports.ts';
import { pause } from './pause.ts';
import { fill, inScratch, PRINTER, type Place, type Scratch } from './scratch.ts';
import { addSentCards } from './sent-cards.ts';
import type { Sending, Sent } from './webhook-sender.ts';

const CONNECTION = 'lob-main';
const SECRET = 'of this bench alone';
const CONNECTIONS = 100;
/** Posted at a time on each of them. */
const TOGETHER = 4;
const REPEAT_EVERY = 50;

export async function benchWebhooks(
  address: DatabaseAddress,
  say: (line: string) => void,
  events = 1_000_000,
) {
  const folder = await mkdtemp(join(tmpdir(), 'postrider-bench-'));
  try {
    return await inScratch(
      address,
      async (scratch) => await measure(scratch, { folder, events }, say),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(
  scratch: Scratch,
  { folder, events }: { readonly folder: string; readonly events: number },
  say: (line: string) => void,
) {
  const { sql } = scratch;
  const cards = cardsOf(events);
  say(`making ${cards} cards that are sent …`);
  const beside = await fill(sql, 0);
  const { place, endpointId } = await account(sql, beside.organizationId);
  await addSentCards(sql, place, cards);
  const { url, stop } = await runner(scratch, { folder, beside });
  const supply = supplied(sql, beside);
  try {
    // By itself first; what a server has to warm up is warm then.
    const seconds = Math.min(15, Math.max(1, events / 20_000));
    while ((await received(sql, beside)) < Math.min(1000, events / 10)) await pause(50);
    const alone = await paceOf(sql, beside, async () => await pause(seconds * 1000));
    say(`the pipeline by itself: ${Math.round(alone.pace)} recipients/s`);

    const began = performance.now();
    const together = await paceOf(sql, beside, async () => {
      const target = `${url}/webhooks/${CONNECTION}/${endpointId}`;
      const { organizationId } = place;
      return await send({ ...defaults, url: target, organizationId, events }, say);
    });
    const sent = together.result;
    await supply.end();
    say(
      `${Math.round(events / sent.seconds)} webhooks/s accepted, ` +
        `${Math.round(together.pace)} recipients/s beside it`,
    );
    const appliedMs = await untilApplied(sql, say);
    const came = await whatCame(sql, place, events);
    return {
      accepted_per_second: Math.round(events / sent.seconds),
      applied_per_second: Math.round(events / ((appliedMs - began) / 1000)),
      applied: came.applied,
      lost: events - came.applied,
      doubled: came.doubled,
      pipeline_ratio: alone.pace === 0 ? null : Number((together.pace / alone.pace).toFixed(2)),
      pipeline_alone_per_second: Math.round(alone.pace),
      pipeline_beside_per_second: Math.round(together.pace),
      answer_p50_ms: sent.p50Ms,
      answer_p99_ms: sent.p99Ms,
      repeats: sent.repeats,
      sent_again: sent.again,
      events,
      cards,
    };
  } finally {
    await supply.end();
    await stop();
  }
}

const defaults = {
  secret: SECRET,
  connections: CONNECTIONS,
  together: TOGETHER,
  repeatEvery: REPEAT_EVERY,
};

/** An account at Lob, and a campaign that mails by it. */
async function account(
  sql: postgres.Sql,
  organizationId: string,
): Promise<{ readonly place: Place; readonly endpointId: string }> {
  const { endpointId } = await makeConnection(sql, {
    organizationId,
    connectionId: randomUUID(),
    name: CONNECTION,
    provider: 'lob',
    mode: 'live',
    options: {},
    secrets: [
      { purpose: 'api_key', reference: 'env:BENCH_KEY' },
      { purpose: 'webhook', reference: 'env:BENCH_WEBHOOK' },
    ],
    finding: null,
  });
  const { campaignId } = await applyCampaign(
    sql,
    organizationId,
    defineCampaign({
      name: 'by an account',
      template: 'none',
      format: '4x6',
      printer_name: null,
      integrations: {
        printer: { connection: CONNECTION },
        renderer: { kind: 'noop' },
        image_host: { kind: 'noop' },
      },
    }),
  );
  return { place: { organizationId, campaignId }, endpointId };
}

interface Runner {
  readonly url: string;
  stop(): Promise<void>;
}

async function runner(
  scratch: Scratch,
  { folder, beside }: { readonly folder: string; readonly beside: Place },
): Promise<Runner> {
  const project = await openProject({
    POSTRIDER_HOME: folder,
    BENCH_KEY: 'live_of_this_bench',
    BENCH_WEBHOOK: SECRET,
  });
  const sql = scratch.connect(14);
  const byAccount = createIntegrations(project, { sql });
  const ports = noopPorts({
    maxBatch: 200,
    onEvents: async (told) => {
      await pause(250);
      await pipeline.applyEvents(beside.organizationId, PRINTER, told);
    },
  });
  const local = integrationsOf(ports);
  const pipeline = createPipeline({
    sql,
    queueSql: scratch.connect(6, { synchronousCommit: 'off' }),
    restoreWatermark: 'not kept',
    settings: { proofSlots: 2, mailSlots: 2 },
    integrations: {
      ...local,
      printer: async (brief) =>
        await (brief.connectionId === null ? local : byAccount).printer(brief),
    },
  });
  const http = await startHttp({
    host: '127.0.0.1',
    port: 0,
    sql,
    pipeline,
    logger: silent,
    isReady: () => true,
  });
  await pipeline.start();
  return {
    url: http.url,
    stop: async () => {
      await http.close();
      await pipeline.stop({ timeoutMs: 5000 });
    },
  };
}

function nothing(): void {
  // The bench says what is to be said.
}
const silent = { debug: nothing, info: nothing, warn: nothing, error: console.error };

/** Sends from a process outside, and resolves when all is answered. */
async function send(sending: Sending, say: (line: string) => void): Promise<Sent> {
  const child = fork(new URL('./webhook-sender.ts', import.meta.url), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const step = Math.max(1, Math.floor(sending.events / 10));
  let toTell = step;
  return await new Promise<Sent>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the sender of webhooks ended with ${code}`)));
    child.on('message', (sent: Sent) => {
      if (sent.over) resolve(sent);
      else if (sent.answered >= toTell) {
        say(`${sent.answered} answered, ${Math.round(sent.answered / sent.seconds)} a second`);
        while (toTell <= sent.answered) toTell += step;
      }
    });
    child.send(sending);
  });
}

/** Resolves with the moment when nothing was left to apply. */
async function untilApplied(sql: postgres.Sql, say: (line: string) => void): Promise<number> {
  for (let told = performance.now(); ;) {
    const [row] = await sql<{ webhooks: number }[]>`
      select count(*)::int as webhooks from postrider.waiting_webhook`;
    const left = row?.webhooks ?? 0;
    if (left === 0) return performance.now();
    if (performance.now() - told > 5000) {
      told = performance.now();
      say(`${left} webhooks are still to be applied`);
    }
    await pause(100);
  }
}

/** Events that were applied to their card, and whatever was done twice. */
async function whatCame(sql: postgres.Sql, { organizationId, campaignId }: Place, events: number) {
  const [row] = await sql<{ applied: number; doubled: number }[]>`
    select
      (select count(distinct e.event_id)::int
        from postrider.mailpiece_event e
        join postrider.mailpiece m
          on m.organization_id = e.organization_id and m.id = e.mailpiece_id
        where m.organization_id = ${organizationId} and m.campaign_id = ${campaignId}) as applied,
      (select count(*)::int - count(distinct delivery_id)::int from postrider.provider_event)
      + (select count(*)::int - count(distinct event_id)::int
        from postrider.mailpiece_event
        where printer_name = ${CONNECTION})
      + (select count(*)::int - count(distinct recipient_id)::int
        from postrider.recipient_event
        where campaign_id = ${campaignId} and to_state = 'received') as doubled`;
  const [state] = await sql<{ people: number }[]>`
    select count(*)::int as people
    from postrider.recipient_state s
    join postrider.mailpiece m using (organization_id, recipient_id)
    where s.campaign_id = ${campaignId} and s.state = 'received' and m.status = 'delivered'`;
  // The last card may lack its last events.
  const whole = Math.floor(events / KINDS.length);
  if (state?.people !== whole)
    throw new Error(`${whole} cards were delivered, and ${state?.people} are known to be`);
  return { applied: row?.applied ?? 0, doubled: row?.doubled ?? 0 };
}
