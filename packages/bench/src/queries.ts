/** `bench queries`: the questions of operators, and the claim that a runner makes most. */
import type { DatabaseAddress } from '@postrider/core';
import { crowd } from './crowd.ts';
import { median } from './median.ts';
import { fill, inScratch } from './scratch.ts';

/** What people ask, with many recipients in the tables: the median of five, in milliseconds. */
export async function benchQueries(
  address: DatabaseAddress,
  say: (line: string) => void,
  people = 1_000_000,
) {
  return await inScratch(address, async (scratch) => {
    const { sql } = scratch;
    say(`making ${people} recipients …`);
    const at = await fill(sql, 0);
    await crowd(sql, at, people);
    await sql`vacuum analyze`.simple();
    const [some] = await sql<{ id: string; email: string; reference: string }[]>`
      select id, email, reference
      from postrider.recipient
      where organization_id = ${at.organizationId}
        and external_id = 'm20'`;
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
        async () => await sql`select * from postrider.trace(p_who => ${some?.id ?? ''})`,
      ),
      trace_by_email_ms: await time(
        'trace by e-mail',
        async () => await sql`select * from postrider.trace(p_who => ${some?.email ?? ''})`,
      ),
      waiting_work_ms: await time(
        'what waits',
        async () => await sql`select * from postrider.waiting_work()`,
      ),
      doctor_ms: await time('doctor', async () => await sql`select * from postrider.doctor()`),
      why_ms: await time(
        'why',
        async () => await sql`select * from postrider.why(p_who => ${some?.reference ?? ''})`,
      ),
      claim_ms: await time('claim of 50', async () => {
        await sql
          .begin(async (tx) => {
            await tx`select postrider.stage_round(p_stage => 'proof', p_window => 1, p_size => 50)`;
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
