/** `once`: everything that can be done now, to its end; and what waits after that. */
import { beatEffects } from '../stages/effects.ts';
import { beatEnrich, workEnrich } from '../stages/enrich.ts';
import { beatReconcile } from '../stages/reconcile.ts';
import { workSync } from '../stages/sync.ts';
import { pollPrinters } from '../stages/poll.ts';
import type { PipelineContext } from './context.ts';

const LOOK_MS = 100;

/** What waits, for what, and until when. */
export interface Waiting {
  readonly organization: string;
  readonly campaign: string;
  /** Of people; or `effect usage_meter`, `effect event_sink`: what follows from their cards. */
  readonly state: string;
  readonly people: number;
  /** Of what failed with the cause in brackets, as the adapter told it. */
  readonly why: string;
  readonly until: Date | null;
}

export interface OnceOptions {
  /** false: nothing is synced or looked up first, for whoever has just done it. */
  readonly sync?: boolean;
  readonly signal?: AbortSignal;
}

/** Counts of what can still move, by kind; all zero: nothing. */
export const whatMoves = async (context: PipelineContext): Promise<Record<string, number>> => {
  const [row] = await context.sql<{ moves: Record<string, number> }[]>`select postrider.what_moves() as moves`;
  return row?.moves ?? {};
};

export const whatWaits = async (context: PipelineContext): Promise<Waiting[]> => {
  const rows = await context.sql`select organization, campaign, state, people::int as people, why, until from postrider.what_waits()`;
  return rows.map((row) => ({
    organization: String(row['organization']),
    campaign: String(row['campaign']),
    state: String(row['state']),
    people: Number(row['people']),
    why: String(row['why']),
    until: row['until'] instanceof Date ? row['until'] : null,
  }));
};

/** Resolves when nothing can move any more without an outside event or a later time, or when the pipeline stops. */
export const untilIdle = async (context: PipelineContext, signal?: AbortSignal): Promise<void> => {
  const isOver = (): boolean => signal?.aborted === true || context.stopping.aborted;
  for (let quiet = 0; quiet < 2 && !isOver();) {
    const moves = await whatMoves(context);
    const busy = Object.values(moves).some((count) => count > 0);
    quiet = busy ? 0 : quiet + 1;
    if (!busy) continue;
    context.wake('proof');
    context.wake('mail');
    context.wake('track');
    if ((moves['unknown'] ?? 0) > 0) await beatReconcile(context);
    if ((moves['batches'] ?? 0) > 0) await beatEnrich(context, true);
    if ((moves['effects'] ?? 0) > 0) await beatEffects(context);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
};

const organizations = async (rows: PromiseLike<readonly { id: string }[]>): Promise<string[]> => (await rows).map(({ id }) => id);

/** One failure, of a source or an enricher, is logged and does not stop the next: as with the beats. */
export const once = async (context: PipelineContext, options: OnceOptions): Promise<Waiting[]> => {
  const { sql } = context;
  if (options.sync !== false) {
    const toSync = sql<{ id: string }[]>`select distinct organization_id as id from postrider.sync_candidates()`;
    for (const id of await organizations(toSync)) await workSync(context, id);
    const toEnrich = sql<{ id: string }[]>`select distinct organization_id as id from postrider.enrich_candidates(false)`;
    for (const id of await organizations(toEnrich)) await workEnrich(context, id, false);
  }
  // Nobody may be listening for webhooks: what printers have to tell is asked for.
  await pollPrinters(context, '0 seconds');
  await untilIdle(context, options.signal);
  return await whatWaits(context);
};
