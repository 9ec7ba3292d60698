/**
 * Waits until everybody has arrived. What the beats would do every 15 seconds is done here a few
 * times a second: a wake-up by NOTIFY, a job for whatever is due. A person who only waits for a
 * back-off is fetched from it by pulling `available_at` forward, as an operator may: nothing that a
 * lease or a quiet period protects is shortened.
 */
import { createServer, type AddressInfo } from 'node:net';
import type postgres from 'postgres';
import { states } from '../support/machine.ts';
import { beatOfSync, type Scenario } from './scenario.ts';

/** What the beats would do now. */
export async function nudge(sql: postgres.Sql): Promise<void> {
  await sql`select pg_notify('postrider_moved', 'pending,proofed,track,cancel')`;
  await sql`
    select postrider.enqueue(
      due.queue, array[gen_random_uuid()], array[jsonb_build_object('organization_id', due.id)],
      due.id::text
    )
    from (
      select 'effects' as queue, organization_id as id
      from postrider.effect
      where state = 'waiting' and available_at <= postrider.now()
      union
      select 'enrich', organization_id
      from postrider.recipient_state
      where waiting_state = 'address_enrichable'
      union
      select 'enrich', organization_id
      from postrider.enrichment_batch
      where closed_at is null and next_poll_at <= postrider.now()
    ) due`;
}

/**
 * Ends waits that protect nothing. An unknown outcome is left to rest for its quiet period; only
 * its later back-offs are cut short.
 */
async function hurry(sql: postgres.Sql): Promise<void> {
  await sql`update postrider.recipient_state set available_at = postrider.now()
    where state in ('pending', 'proofed', 'address_enrichable') and available_at > postrider.now()`;
  await sql`
    update postrider.mailpiece
    set available_at = postrider.now()
    where status = 'unknown' and available_at > postrider.now() + interval '4 seconds'`;
  // Effects and batches are claimed for minutes; what was claimed by a runner that is gone would be
  // taken up after that.
  await sql`
    update postrider.effect
    set available_at = postrider.now()
    where state = 'waiting'
      and available_at between postrider.now() and postrider.now() + interval '110 seconds'`;
  await sql`
    update postrider.enrichment_batch
    set next_poll_at = postrider.now()
    where closed_at is null
      and next_poll_at between postrider.now() and postrider.now() + interval '55 seconds'`;
}

// Long enough for a machine that does other things as well; short where a test is expected to fail
// (test/mutants).
const PATIENCE_MS = Number(process.env['POSTRIDER_CRASH_PATIENCE_MS'] ?? 240_000);

export interface ConvergeOptions {
  /** The states in which somebody has arrived. */
  readonly arrived?: readonly string[];
  readonly deadlineMs?: number;
  /** False: back-offs are waited out. */
  readonly hurries?: boolean;
  /** Called every round. */
  readonly meanwhile?: () => Promise<void>;
}

async function whatIsLeft(sql: postgres.Sql): Promise<string> {
  const counts = await states(sql);
  const [moves] = await sql<
    { moves: Record<string, number> }[]
  >`select postrider.ready_work() as moves`;
  const stuck = await sql`
    select state, reason, why, what_helps, count(*)::int as rows
    from postrider.stuck
    group by 1, 2, 3, 4`;
  const sessions = await sql`
    select application_name as who, state, wait_event as waits,
      round(extract(epoch from now() - state_change)) as since, left(query, 70) as query
    from pg_stat_activity
    where datname = current_database() and application_name like 'runner-%'
    order by 1, 2`;
  const jobs = await sql`
    select name, state, count(*)::int as jobs
    from postrider_queue.job
    where state < 'completed'
    group by 1, 2`;
  return JSON.stringify({ counts, moves: moves?.moves, stuck, sessions, jobs });
}

/**
 * Resolves when everybody has arrived and nothing moves any more. Rejects with the whole situation
 * where that takes too long.
 */
export async function converge(scenario: Scenario, options: ConvergeOptions = {}): Promise<void> {
  const { arrived = ['sent'], deadlineMs = PATIENCE_MS, hurries = true } = options;
  const { sql } = scenario.machine;
  const deadline = Date.now() + deadlineMs;
  for (let quiet = 0; quiet < 2;) {
    if (Date.now() > deadline) {
      const logs = scenario.runners.flatMap((runner) => [
        `${runner.name} ${runner.alive ? 'lives' : 'is dead'}:`,
        ...runner.log.slice(-15),
      ]);
      throw new Error(
        `not everybody has arrived after ${deadlineMs} ms: ` +
          `${await whatIsLeft(sql)}\n${logs.join('\n')}`,
      );
    }
    await options.meanwhile?.();
    await nudge(sql);
    if (hurries) await hurry(sql);
    await new Promise((resolve) => setTimeout(resolve, 250));
    const [left] = await sql<{ people: number; missing: boolean; moves: Record<string, number> }[]>`
      select count(*) filter (where s.state <> all (${arrived}::text[]))::int as people,
        count(*) < ${scenario.people} as missing, postrider.ready_work() as moves
      from postrider.recipient_state s`;
    const moves = Object.values(left?.moves ?? { none: 1 }).some((count) => count > 0);
    const waits = await sql`select from postrider.effect where state = 'waiting' limit 1`;
    if (left?.missing === true) await beatOfSync(sql, scenario.place.organizationId);
    quiet = left?.people === 0 && !left.missing && !moves && waits.length === 0 ? quiet + 1 : 0;
  }
}

/** Polls until `ask` says true. */
export async function eventually(
  what: string,
  ask: () => Promise<boolean>,
  patienceMs = 240_000,
): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await ask())) {
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/**
 * Three minutes pass while no runner lives: leases, locks, quiet periods and back-offs are over,
 * and so is the rest of a batch that may be on its way to the enricher. The machine's clock is
 * turned; pg-boss keeps real time, so what it knows of active jobs is made older.
 */
export async function minutesPass(scenario: Scenario): Promise<void> {
  if (scenario.runners.some((runner) => runner.alive))
    throw new Error('time is only turned while nobody works');
  const { sql } = scenario.machine;
  await sql`select postrider.turn_clock('3 minutes')`;
  await sql`
    update postrider_queue.job
    set started_on = started_on - interval '3 minutes',
      heartbeat_on = heartbeat_on - interval '3 minutes'
    where state = 'active'`;
}

/** A port of this machine that is free now. */
export async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
