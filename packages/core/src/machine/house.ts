/**
 * Typed calls of what keeps the rest going: runners and lost work, beats and what is due at them,
 * housekeeping, and the counts of what fails.
 */
import { onlyRow, resultOf, type Sql } from './calls.ts';
import type { ConnectionKey } from './connections.ts';
import { withMachineErrors } from './errors.ts';
import * as calls from './generated/index.generated.ts';
import type { Marks, Watermark, Witness } from './restore.ts';

export interface RunnerBeat {
  readonly id: string;
  readonly name: string;
  readonly proofSlots: number;
  readonly mailSlots: number;
  readonly version: string;
  readonly leaseMs: number;
}

export interface Tick {
  /** People who were given back. */
  readonly back: number;
  readonly watermark: Watermark;
  /** Begins at printers that are under way, of whichever runner. */
  readonly witnesses: readonly Witness[];
  /** Connections that this runner is to probe now. */
  readonly probes: readonly ConnectionKey[];
}

export interface TickOptions {
  /** How long a job may be away before its cohort is given up. */
  readonly graceMs: number;
  /** How long an unknown outcome rests before the printer is asked. */
  readonly quietMs: number;
  readonly remembered: Marks;
  /** So many connections it would probe. */
  readonly probes?: number;
}

/**
 * Gives back what crashes, lost jobs and deletions by hand left behind; says that this runner is
 * alive, and what it remembers of the database. The grace grows with the longest lease.
 */
export async function tick(sql: Sql, runner: RunnerBeat, options: TickOptions): Promise<Tick> {
  const { id: runnerId, ...told } = runner;
  return await calls.tick(sql, { runnerId, ...told, ...options });
}

/** How many people a runner has begun and not settled. */
export async function peopleAtWork(sql: Sql, runnerId: string): Promise<number> {
  return await resultOf(
    sql<{ result: number }[]>`
      select count(*)::int as result
      from postrider.cohort c
      join postrider.recipient_state s
        on s.organization_id = c.organization_id
        and s.cohort_id = c.id
        and s.state in ('proofing', 'sending')
      where c.runner_id = ${runnerId} and c.closed_at is null`,
  );
}

/** The name of a runner that is alive. Null: none is. */
export async function oneLiveRunner(sql: Sql): Promise<string | null> {
  const [runner] = await withMachineErrors(
    sql<{ name: string }[]>`
      select name
      from postrider.runner
      where postrider.runner_is_alive(p_seen_at => seen_at)
      limit 1`,
  );
  return runner?.name ?? null;
}

/** Says that a runner has ended. One with open cohorts may be at them still: its lease counts. */
export async function deregisterRunner(sql: Sql, runnerId: string): Promise<void> {
  await calls.deregisterRunner(sql, { runnerId });
}

/**
 * What a beat of seconds would otherwise ask one by one: organizations by what is due for them, and
 * whether webhooks wait.
 */
export interface Due {
  readonly reconcile: readonly string[];
  readonly callBack: readonly string[];
  readonly effects: readonly string[];
  readonly unmatched: readonly string[];
  readonly webhooks: boolean;
}

export async function dueWork(sql: Sql): Promise<Due> {
  return onlyRow(await calls.due<Due>(sql));
}

/**
 * Notes that these beats were done, and says what is due.
 * @param every how often each of them comes, as intervals.
 */
export async function noteBeats(
  sql: Sql,
  names: readonly string[],
  every: readonly string[],
): Promise<
  Due & {
    /** Something of these beats failed before, and was not done since. */
    readonly failing: boolean;
  }
> {
  return onlyRow(await calls.beat<Due & { failing: boolean }>(sql, { names, every }));
}

/** What failed of one part of a beat. */
export interface PartFailure {
  readonly part: string;
  /** Those that it failed for, where it works for each by itself. */
  readonly organizations: readonly string[];
  /** The SQLSTATE; null where it was not the database that said it. */
  readonly code: string | null;
  /** Null: it was not tried, and fails still if it did. */
  readonly message: string | null;
  readonly hint: string | null;
}

/**
 * The housekeeping of a minute. Returns the parts that failed.
 * @param parts null: all of them, in one statement.
 */
export async function runHousekeeping(
  sql: Sql,
  keepCallsMs: number,
  parts: readonly string[] | null = null,
): Promise<readonly PartFailure[]> {
  return await calls.runHousekeeping<PartFailure>(sql, { parts, keepCallsMs });
}

/** The names of the parts of housekeeping, in their order. */
export async function housekeepingParts(sql: Sql): Promise<readonly string[]> {
  return await calls.housekeepingParts(sql);
}

export interface BeatFailure extends PartFailure {
  readonly beat: string;
  readonly stage: string;
}

export interface NotedFailure {
  readonly beat: string;
  readonly part: string;
  /** In a row. */
  readonly failures: number;
  readonly since: Date;
  readonly isOver: boolean;
}

/**
 * Remembers what failed of these beats in this round. Returns the failures with their count, and
 * what is over.
 * @param isWhole nothing interrupted the round: what had failed before and is not in it is over.
 */
export async function noteFailures(
  sql: Sql,
  beats: readonly string[],
  failures: readonly BeatFailure[],
  isWhole: boolean,
): Promise<readonly NotedFailure[]> {
  const round = { beats, failures, whole: isWhole };
  return (await calls.noteFailures<InText<NotedFailure>>(sql, round)).map(dated);
}

/** `collect`: what the enricher found; `call_back`: cards at the printer. */
export type WorkName =
  | 'sync'
  | 'enrich'
  | 'collect'
  | 'poll'
  | 'reconcile'
  | 'call_back'
  | 'usage_meter'
  | 'event_sink'
  | 'image_cleanup'
  | 'effects';

/** Work of a campaign, at a printer, or, with neither, a whole job of the organization. */
export interface Work {
  readonly organizationId: string;
  readonly work: WorkName;
  readonly campaignId?: string;
  readonly printer?: string;
}

export interface FailureCount {
  /** In a row. */
  readonly failures: number;
  readonly since: Date;
}

export interface WorkError {
  readonly message: string;
  readonly code: string | null;
  readonly hint: string | null;
}

/** Counts a failure of the work. */
export async function noteWorkFailed(
  sql: Sql,
  work: Work,
  { message, code, hint }: WorkError,
): Promise<FailureCount | null> {
  const failed = { ...asGiven(work), error: message, code, hint };
  const [count] = await calls.workFailed<InText<FailureCount>>(sql, failed);
  return count === undefined ? null : dated(count);
}

/** The work was done. Returns what had failed of it and is over. */
export async function noteWorkDone(sql: Sql, work: Work): Promise<readonly FailureCount[]> {
  return (await calls.workDone<InText<FailureCount>>(sql, asGiven(work))).map(dated);
}

function asGiven({ campaignId, printer, ...work }: Work) {
  return { ...work, campaignId: campaignId ?? null, printerName: printer ?? null };
}

/** A row with its time as SQL tells it. */
type InText<Row> = Omit<Row, 'since'> & { readonly since: string };

function dated<Row extends { readonly since: string }>(row: Row): Row & { readonly since: Date } {
  return { ...row, since: new Date(row.since) };
}

/**
 * Months of the history whose bounds are no month of UTC, by the name of their partition; none
 * where this role may not mend them (`mend_event_partitions`).
 */
export async function misdatedPartitions(sql: Sql): Promise<readonly string[]> {
  const mayAsk = await resultOf(
    sql<{ result: boolean }[]>`
      select has_function_privilege('postrider.misdated_partitions()', 'execute') as result`,
  );
  if (!mayAsk) return [];
  const rows = await withMachineErrors(
    sql<{ name: string }[]>`
      select partition_name as name
      from postrider.misdated_partitions()`,
  );
  return rows.map(({ name }) => name);
}
