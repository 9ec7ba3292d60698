/** `bench latency`, `bench idle` and `bench queries`. */
import { createPipeline, integrationsOf } from '@postrider/core';
import type postgres from 'postgres';
import { crowd } from './crowd.ts';
import { median } from './median.ts';
import { noopPorts } from './noop-ports.ts';
import { addPending, fill, inScratch } from './scratch.ts';

function noopPipeline(sql: postgres.Sql) {
  return createPipeline({
    sql,
    integrations: integrationsOf(noopPorts()),
    restoreWatermark: 'not kept',
  });
}

async function pause(ms: number): Promise<void> {
  return await new Promise((resolve) => setTimeout(resolve, ms));
}

function percentile(sorted: readonly number[], p: number): number {
  return Number(
    (sorted[Math.min(sorted.length - 1, Math.ceil((p / 100) * sorted.length) - 1)] ?? 0).toFixed(2),
  );
}

/**
 * Pending → proofing on an idle system, by the database's own clock: from the statement that makes
 * somebody pending to the begin of their cohort.
 */
export async function benchLatency(url: string, say: (line: string) => void, samples = 100) {
  return await inScratch(url, async (scratch) => {
    const at = await fill(scratch.sql, 0);
    const pipeline = noopPipeline(scratch.connect(12));
    await pipeline.start();
    await pause(1000);
    try {
      for (let n = 0; n < samples; n += 1) {
        await addPending(scratch.sql, at, 1, `s${n}-`);
        // Until the system is idle again.
        while (
          (await scratch.sql`select from postrider.recipient_state where state not in ('sent')`)
            .length > 0
        )
          await pause(5);
        await pause(20);
      }
    } finally {
      await pipeline.stop({ timeoutMs: 5000 });
    }
    const rows = await scratch.sql<{ ms: number }[]>`
      select extract(epoch from b.at - a.at)::float8 * 1000 as ms from postrider.recipient_event a
      join postrider.recipient_event b using (organization_id, recipient_id)
      where a.to_state = 'pending' and b.to_state = 'proofing' order by 1`;
    const ms = rows.map((row) => row.ms);
    const figures = {
      samples: ms.length,
      p50_ms: percentile(ms, 50),
      p95_ms: percentile(ms, 95),
      p99_ms: percentile(ms, 99),
    };
    say(
      `pending → proofing on an idle system: p50 ${figures.p50_ms} ms, p95 ${figures.p95_ms} ms, p99 ${figures.p99_ms} ms`,
    );
    return figures;
  });
}

/**
 * Statements that an idle runner sends in a minute, counted where they are sent, after it has
 * settled.
 */
export async function benchIdle(url: string, say: (line: string) => void, seconds = 60) {
  return await inScratch(url, async (scratch) => {
    await fill(scratch.sql, 0);
    let statements = 0;
    const pipeline = noopPipeline(scratch.connect(12, { onQuery: () => (statements += 1) }));
    await pipeline.start();
    await pause(15_000);
    const before = statements;
    await pause(seconds * 1000);
    const perMinute = Math.round(((statements - before) * 60) / seconds);
    await pipeline.stop({ timeoutMs: 5000 });
    say(`an idle runner sends ${perMinute} statements a minute`);
    return { statements_per_minute: perMinute, seconds };
  });
}

/** What people ask, with many recipients in the tables: the median of five, in milliseconds. */
export async function benchQueries(url: string, say: (line: string) => void, people = 1_000_000) {
  return await inScratch(url, async (scratch) => {
    const { sql } = scratch;
    say(`making ${people} recipients …`);
    const at = await fill(sql, 0);
    await crowd(sql, at, people);
    await sql`vacuum analyze`.simple();
    const [some] = await sql<{ id: string; email: string; reference: string }[]>`
      select id, email, reference from postrider.recipient where organization_id = ${at.organizationId} and external_id = 'm20'`;
    const time = async (what: string, query: () => Promise<unknown>): Promise<number> => {
      const runs: number[] = [];
      for (let n = 0; n < 6; n += 1) {
        const started = performance.now();
        await query();
        if (n > 0) runs.push(performance.now() - started);
      }
      const ms = Number(median(runs).toFixed(2));
      say(`${what}: ${ms} ms`);
      return ms;
    };
    const rolledBack = new Error('rolled back');
    const figures = {
      recipients: people,
      funnel_ms: await time('funnel', async () => await sql`select * from postrider.funnel`),
      stuck_ms: await time('stuck', async () => await sql`select * from postrider.stuck`),
      queue_ms: await time('queue', async () => await sql`select * from postrider.queue`),
      trace_by_id_ms: await time(
        'trace by id',
        async () => await sql`select * from postrider.trace(${some?.id ?? ''})`,
      ),
      trace_by_email_ms: await time(
        'trace by e-mail',
        async () => await sql`select * from postrider.trace(${some?.email ?? ''})`,
      ),
      what_waits_ms: await time(
        'what waits',
        async () => await sql`select * from postrider.what_waits()`,
      ),
      doctor_ms: await time('doctor', async () => await sql`select * from postrider.doctor()`),
      why_ms: await time(
        'why',
        async () => await sql`select * from postrider.why(${some?.reference ?? ''})`,
      ),
      claim_ms: await time('claim of 50', async () => {
        await sql
          .begin(async (tx) => {
            await tx`select postrider.stage_round('proof', 1, 50)`;
            throw rolledBack;
          })
          .catch((error: unknown) => {
            if (error !== rolledBack) throw error;
          });
      }),
    };
    return {
      ...figures,
      worst_ms: Math.max(
        ...Object.entries(figures).flatMap(([name, value]) =>
          name.endsWith('_ms') ? [value] : [],
        ),
      ),
    };
  });
}
