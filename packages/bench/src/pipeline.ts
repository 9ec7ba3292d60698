/**
 * `bench pipeline`: recipients per second from pending to received with no-op adapters, in one
 * process on this machine: every move, job, lease, mailpiece and event is real, only the printer
 * and the renderer answer at once. Against the same moves at the same cohort size in plain SQL in
 * one session, and against one pg-boss job per recipient and stage.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createPipeline,
  integrationsOf,
  launch,
  restoreWatermarkFolder,
  type DatabaseAddress,
} from '@postrider/core';
import type postgres from 'postgres';
import { jobPerRecipient } from './job-per-recipient.ts';
import { median } from './median.ts';
import { noopPorts } from './noop-ports.ts';
import { plainSql } from './plain-sql.ts';
import { fill, inScratch, PRINTER } from './scratch.ts';

export interface PipelineFigures {
  /** Pipeline against plain SQL at cohort 50. */
  readonly ratio: number;
  readonly recipients_per_second: number;
  readonly plain_sql_per_second: number;
  readonly job_per_recipient_per_second: number;
  readonly against_job_per_recipient: number;
  readonly cohorts: Readonly<
    Record<string, { recipients_per_second: number; plain_sql_per_second: number; ratio: number }>
  >;
}

async function received(sql: postgres.Sql, campaignId: string): Promise<number> {
  const [row] = await sql<{ people: number }[]>`
    select received::int as people from postrider.funnel where campaign_id = ${campaignId}`;
  return row?.people ?? 0;
}

/** Seconds from the launch to the last person received, by the database's clock. */
async function runPipeline(
  address: DatabaseAddress,
  people: number,
  cohortSize: number,
): Promise<number> {
  return await inScratch(address, async (scratch) => {
    const at = await fill(scratch.sql, people, false);
    const ports = noopPorts({
      maxBatch: 200,
      // Later than the answer, as it is with every printer.
      onEvents: async (events) => {
        await new Promise((resolve) => setTimeout(resolve, 250));
        await pipeline.applyEvents(at.organizationId, PRINTER, events);
      },
    });
    const pipeline = createPipeline({
      sql: scratch.connect(8),
      queueSql: scratch.connect(6, { synchronousCommit: 'off' }),
      restoreWatermark: restoreWatermarkFolder(join(tmpdir(), `postrider-bench-${process.pid}`)),
      settings: { proofSlots: 2, mailSlots: 2, cohortSize },
      integrations: integrationsOf(ports),
    });
    await pipeline.start();
    try {
      await launch(scratch.sql, at, { mode: 'live' });
      while ((await received(scratch.sql, at.campaignId)) < people)
        await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      await pipeline.stop({ timeoutMs: 5000 });
    }
    const [span] = await scratch.sql<{ seconds: number }[]>`
      select extract(epoch from max(at) filter (where to_state = 'received')
        - min(at) filter (where to_state = 'proofing_staged'))::float8 as seconds
      from postrider.recipient_event`;
    return span?.seconds ?? 0;
  });
}

/** Of cohorts of fifty, which both ways are compared by. */
const ROUNDS = 3;

export async function benchPipeline(
  address: DatabaseAddress,
  say: (line: string) => void,
  people = 6000,
): Promise<PipelineFigures> {
  const cohorts: Record<string, PipelineFigures['cohorts'][string]> = {};
  for (const size of [10, 50, 200]) {
    const ours: number[] = [];
    const plain: number[] = [];
    for (let n = 0; n < (size === 50 ? ROUNDS : 1); n += 1) {
      ours.push(people / (await runPipeline(address, people, size)));
      plain.push(people / (await plainSql(address, people, size)));
    }
    cohorts[size] = {
      recipients_per_second: Math.round(median(ours)),
      plain_sql_per_second: Math.round(median(plain)),
      ratio: Number(median(ours.map((rate, n) => rate / (plain[n] ?? rate))).toFixed(3)),
    };
    say(
      `cohorts of ${size}: ${cohorts[size].recipients_per_second} recipients/s, ` +
        `plain SQL ${cohorts[size].plain_sql_per_second}/s, ratio ${cohorts[size].ratio}`,
    );
  }
  const few = Math.min(people, 1500);
  const single = few / (await jobPerRecipient(address, few));
  const fifty = cohorts['50'];
  say(`one job per recipient and stage: ${Math.round(single)} recipients/s`);
  return {
    ratio: fifty?.ratio ?? 0,
    recipients_per_second: fifty?.recipients_per_second ?? 0,
    plain_sql_per_second: fifty?.plain_sql_per_second ?? 0,
    job_per_recipient_per_second: Math.round(single),
    against_job_per_recipient: Number(((fifty?.recipients_per_second ?? 0) / single).toFixed(1)),
    cohorts,
  };
}
