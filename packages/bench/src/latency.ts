/** `bench latency`: how soon somebody moves on an idle system. */
import type { DatabaseAddress } from '@postrider/core';
import { noopPipeline } from './noop-ports.ts';
import { pause } from './pause.ts';
import { addPending, fill, inScratch } from './scratch.ts';

/**
 * Pending → proofing on an idle system, by the database's own clock: from the statement that makes
 * somebody pending to the begin of their cohort.
 */
export async function benchLatency(
  address: DatabaseAddress,
  say: (line: string) => void,
  samples = 100,
) {
  return await inScratch(address, async (scratch) => {
    const at = await fill(scratch.sql, 0);
    const pipeline = noopPipeline(scratch.connect(12));
    await pipeline.start();
    await pause(1000);
    try {
      for (let n = 0; n < samples; n += 1) {
        await addPending(scratch.sql, at, 1, `s${n}-`);
        // Until the system is idle again.
        const underWay = () => scratch.sql`
          select from postrider.recipient_state where state not in ('sent')`;
        while ((await underWay()).length > 0) await pause(5);
        await pause(20);
      }
    } finally {
      await pipeline.stop({ timeoutMs: 5000 });
    }
    const rows = await scratch.sql<{ ms: number }[]>`
      select extract(epoch from b.at - a.at)::float8 * 1000 as ms
      from postrider.recipient_event a
      join postrider.recipient_event b using (organization_id, recipient_id)
      where a.to_state = 'pending'
        and b.to_state = 'proofing'
      order by 1`;
    const ms = rows.map((row) => row.ms);
    const figures = {
      samples: ms.length,
      p50_ms: percentile(ms, 50),
      p95_ms: percentile(ms, 95),
      p99_ms: percentile(ms, 99),
    };
    say(
      `pending → proofing on an idle system: p50 ${figures.p50_ms} ms, ` +
        `p95 ${figures.p95_ms} ms, p99 ${figures.p99_ms} ms`,
    );
    return figures;
  });
}

function percentile(sorted: readonly number[], p: number): number {
  return Number(
    (sorted[Math.min(sorted.length - 1, Math.ceil((p / 100) * sorted.length) - 1)] ?? 0).toFixed(2),
  );
}
