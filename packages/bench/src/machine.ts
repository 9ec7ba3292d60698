/**
 * `bench machine`: audited, checked moves per second in one session, against a bare UPDATE with its
 * event INSERT in one statement and no trigger, on tables of the same shape. Both take turns, so
 * that a noisy machine does not favour either; the ratio is the median of the pairs.
 */
import type { DatabaseAddress } from '@postrider/core';
import type postgres from 'postgres';
import { median } from './median.ts';
import { fill, inScratch } from './scratch.ts';

export interface MachineFigures {
  readonly ratio: number;
  /** By rows a statement. */
  readonly batches: Readonly<
    Record<string, { audited_per_second: number; bare_per_second: number; ratio: number }>
  >;
}

const SETUP = `
  create schema bench;
  create table bench.recipient_state (like postrider.recipient_state including all)
    with (fillfactor = 70);
  insert into bench.recipient_state (
    organization_id, recipient_id, campaign_id, state, since, move_no, attempt, losses,
    available_at, cohort_id, reason, detail, held_at, cancel_requested_at)
  select
    organization_id, recipient_id, campaign_id, state, since, move_no, attempt, losses,
    available_at, cohort_id, reason, detail, held_at, cancel_requested_at
  from postrider.recipient_state;
  create table bench.recipient_event (like postrider.recipient_event including all)
    partition by range (at);
  create table bench.recipient_event_now partition of bench.recipient_event
    for values from ('2000-01-01') to ('2100-01-01');
  analyze bench.recipient_state;
  create function bench.audited(
    p_organization_id uuid,
    p_ids uuid[],
    p_from text,
    p_to text,
    p_cohort uuid
  ) returns int language plpgsql set plan_cache_mode = force_custom_plan as $$
  declare
    v_before text := postrider.act_as(p_actor => 'proof');
    v_now timestamptz := postrider.now();
    v_rows int;
  begin
    update postrider.recipient_state
    set state = p_to, since = v_now, move_no = move_no + 1,
      cohort_id = p_cohort, reason = 'staged', detail = null
    where organization_id = p_organization_id
      and recipient_id = any (p_ids)
      and state = p_from;
    get diagnostics v_rows = row_count;
    return v_rows;
  end $$;
  create function bench.bare(
    p_organization_id uuid,
    p_ids uuid[],
    p_from text,
    p_to text,
    p_cohort uuid
  ) returns int language plpgsql set plan_cache_mode = force_custom_plan as $$
  declare
    v_now timestamptz := postrider.now();
    v_rows int;
  begin
    with moved as (
      update bench.recipient_state
      set state = p_to, since = v_now, move_no = move_no + 1,
        cohort_id = p_cohort, reason = 'staged', detail = null
      where organization_id = p_organization_id
        and recipient_id = any (p_ids)
        and state = p_from
      returning
        organization_id, recipient_id, move_no, campaign_id, state, reason, detail, cohort_id
    )
    insert into bench.recipient_event (
      organization_id, recipient_id, move_no, at, campaign_id, from_state, to_state,
      actor, reason, detail, cohort_id, by_role)
    select
      organization_id, recipient_id, move_no, v_now, campaign_id, p_from, state,
      'proof', reason, detail, cohort_id, session_user
    from moved;
    get diagnostics v_rows = row_count;
    return v_rows;
  end $$;`;

const cohort = '00000000-0000-7000-8000-000000000001';

interface Round {
  readonly organizationId: string;
  readonly ids: readonly string[];
  readonly size: number;
  readonly there: boolean;
}

/** Moves everybody there or back, `size` at a time; returns moves per second. */
async function round(
  sql: postgres.Sql,
  how: 'audited' | 'bare',
  { organizationId, ids, size, there }: Round,
) {
  const [from, to, fence] = there
    ? ['pending', 'proofing_staged', cohort]
    : ['proofing_staged', 'pending', null];
  const started = performance.now();
  for (let at = 0; at < ids.length; at += size) {
    const some = ids.slice(at, at + size);
    const [row] = await sql<{ moved: number }[]>`
      select ${sql.unsafe(`bench.${how}`)}(
        ${organizationId}, ${some}::uuid[], ${from}, ${to}, ${fence}::uuid
      ) as moved`;
    if (row?.moved !== some.length) throw new Error(`${how} moved ${row?.moved} of ${some.length}`);
  }
  return ids.length / ((performance.now() - started) / 1000);
}

export async function benchMachine(
  address: DatabaseAddress,
  say: (line: string) => void,
  rounds = 7,
): Promise<MachineFigures> {
  return await inScratch(address, async (scratch) => {
    const sql = scratch.connect(1);
    const { organizationId } = await fill(scratch.sql, 6000);
    await scratch.sql.unsafe(SETUP);
    const everybody = await scratch.sql<{ id: string }[]>`
      select recipient_id as id from postrider.recipient_state order by 1`;
    const ids = everybody.map((row) => row.id);
    const batches: Record<
      string,
      { audited_per_second: number; bare_per_second: number; ratio: number }
    > = {};
    for (const size of [10, 100, 1000]) {
      const some = ids.slice(0, size === 10 ? 1500 : ids.length);
      const audited: number[] = [];
      const bare: number[] = [];
      for (let n = 0; n <= rounds * 2; n += 1) {
        // Alternating who goes first; the first pair warms up and does not count.
        const order = n % 4 < 2 ? (['audited', 'bare'] as const) : (['bare', 'audited'] as const);
        for (const how of order) {
          const rate = await round(sql, how, {
            organizationId,
            ids: some,
            size,
            there: n % 2 === 0,
          });
          if (n > 0) (how === 'audited' ? audited : bare).push(rate);
        }
      }
      // Everybody is staged now, in both: back for the next size.
      for (const how of ['audited', 'bare'] as const)
        await round(sql, how, { organizationId, ids: some, size, there: false });
      await scratch.sql`vacuum analyze postrider.recipient_state, bench.recipient_state`.simple();
      batches[size] = {
        audited_per_second: Math.round(median(audited)),
        bare_per_second: Math.round(median(bare)),
        ratio: Number(median(audited.map((rate, n) => rate / (bare[n] ?? rate))).toFixed(3)),
      };
      say(
        `${size} rows a statement: ${batches[size].audited_per_second} audited, ` +
          `${batches[size].bare_per_second} bare moves/s, ratio ${batches[size].ratio}`,
      );
    }
    return { ratio: batches['100']?.ratio ?? 0, batches };
  });
}
