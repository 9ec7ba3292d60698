/** `once`: everything that can be done now, to its end; and what waits after that. */
import { mapped } from '../machine/errors.ts';
import { beatEffects } from '../stages/effects/effects.ts';
import { beatEnrich, workEnrich } from '../stages/enrich/enrich.ts';
import { beatReconcile } from '../stages/mail/reconcile.ts';
import { workSync } from '../stages/sync/sync.ts';
import { pollPrinters } from '../stages/track/poll.ts';
import type { PipelineContext } from '../runtime/context.ts';

const LOOK_MS = 100;
/**
 * How often it is asked what comes and whether anything moved forward, while something can move.
 */
const GLANCE_MS = 1000;
const PATIENCE_MS = 30_000;

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
  /**
   * How long what failed in passing is waited for, again and again while anything moves forward.
   * Default: 30,000 ms.
   */
  readonly patienceMs?: number;
  readonly signal?: AbortSignal;
}

interface Coming {
  readonly people: number;
  readonly effects: number;
  readonly unknown: number;
  /** null: nothing comes. */
  readonly inMs: number | null;
  readonly stepsLeft: number;
}

/** Counts of what can still move, by kind; all zero: nothing. */
export async function whatMoves(context: PipelineContext): Promise<Record<string, number>> {
  const [row] = await context.sql<
    { moves: Record<string, number> }[]
  >`select postrider.what_moves() as moves`;
  return row?.moves ?? {};
}

export async function whatWaits(context: PipelineContext): Promise<Waiting[]> {
  const rows = await context.sql`
    select organization, campaign, state, people::int as people, why, pg_catalog.to_json(until) as until from postrider.what_waits()`;
  return rows.map((row) => ({
    organization: String(row['organization']),
    campaign: String(row['campaign']),
    state: String(row['state']),
    people: Number(row['people']),
    why: String(row['why']),
    until:
      typeof row['until'] === 'string' && row['until'] !== 'infinity'
        ? new Date(row['until'])
        : null,
  }));
}

async function whatComes({ sql }: PipelineContext, withinMs: number): Promise<Coming> {
  const [row] = await mapped(sql<Coming[]>`
    select people::int as people, effects::int as effects, unknown::int as unknown, steps_left::float8 as "stepsLeft",
      extract(epoch from first_in)::float8 * 1000 as "inMs"
    from postrider.what_comes(${`${withinMs} milliseconds`}::interval)`);
  return row ?? { people: 0, effects: 0, unknown: 0, inMs: null, stepsLeft: 0 };
}

function plural(count: number, one: string, several: string): string {
  return `${count} ${count === 1 ? one : several}`;
}

function inWords({ people, effects, unknown, inMs }: Coming): string {
  const all = [
    ...(people === 0 ? [] : [plural(people, 'person', 'people')]),
    ...(unknown === 0
      ? []
      : [plural(unknown, 'card whose outcome nobody knows', 'cards whose outcome nobody knows')]),
    ...(effects === 0 ? [] : [plural(effects, 'effect', 'effects')]),
  ];
  const verb = people + effects + unknown === 1 ? 'is' : 'are';
  return `${all.join(' and ')} ${verb} tried again in ${Math.ceil((inMs ?? 0) / 1000)} s`;
}

/**
 * Resolves when nothing can move any more without an outside event or a later time, or when the
 * pipeline stops. What failed in passing and comes back within `patienceMs` is waited for, and so
 * on while anything moves forward: a printer that stays away is an outside event. Whoever is tried
 * in vain ends in error after so many tries, so this ends too.
 */
export async function untilIdle(
  context: PipelineContext,
  signal?: AbortSignal,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const isOver = (): boolean => signal?.aborted === true || context.stopping.aborted;
  let stepsLeft = Infinity;
  let forwardAt = performance.now();
  let glancedAt = -Infinity;
  let isTold = false;
  for (let quiet = 0; quiet < 2 && !isOver();) {
    const moves = await whatMoves(context);
    const busy = Object.values(moves).some((count) => count > 0);
    if (!busy || performance.now() - glancedAt > GLANCE_MS) {
      glancedAt = performance.now();
      const left = patienceMs - (glancedAt - forwardAt);
      const coming = await whatComes(context, Math.max(0, left));
      // Since the last glance, and not ever: newcomers and news make more steps.
      const isForward = coming.stepsLeft < stepsLeft;
      stepsLeft = coming.stepsLeft;
      if (isForward) {
        [forwardAt, isTold] = [performance.now(), false];
        // Asked again with all of the patience.
        glancedAt = -Infinity;
        if (!busy) continue;
      }
      if (!busy && coming.inMs !== null) {
        quiet = 0;
        if (!isTold) context.logger.warn({}, inWords(coming));
        isTold = true;
        await new Promise((resolve) =>
          setTimeout(resolve, Math.min(coming.inMs ?? 0, GLANCE_MS / 2)),
        );
        continue;
      }
    }
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
}

async function organizations(rows: PromiseLike<readonly { id: string }[]>): Promise<string[]> {
  return (await rows).map(({ id }) => id);
}

/**
 * One failure, of a source or an enricher, is logged and does not stop the next: as with the beats.
 */
export async function once(context: PipelineContext, options: OnceOptions): Promise<Waiting[]> {
  const { sql } = context;
  if (options.sync !== false) {
    const toSync = sql<
      { id: string }[]
    >`select distinct organization_id as id from postrider.sync_candidates()`;
    for (const id of await organizations(toSync)) await workSync(context, id);
    const toEnrich = sql<
      { id: string }[]
    >`select distinct organization_id as id from postrider.enrich_candidates(false)`;
    for (const id of await organizations(toEnrich)) await workEnrich(context, id, false);
  }
  // Nobody may be listening for webhooks: what printers have to tell is asked for.
  await pollPrinters(context, '0 seconds');
  await untilIdle(context, options.signal, options.patienceMs);
  return await whatWaits(context);
}
