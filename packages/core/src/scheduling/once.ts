/** `once`: everything that can be done now, to its end; and what waits after that. */
import { organizationsToEnrich } from '../machine/enrich.ts';
import { organizationsToSync } from '../machine/sync.ts';
import {
  upcomingWork,
  readyWork,
  waitingWork,
  type Coming,
  type Waiting,
} from '../machine/waiting.ts';
import type { PipelineContext } from '../runtime/context.ts';
import { beatEffects } from '../stages/effects/effects.ts';
import { beatEnrich, workEnrich } from '../stages/enrich/enrich.ts';
import { beatReconcile } from '../stages/mail/reconcile.ts';
import { workSync } from '../stages/sync/sync.ts';
import { pollPrinters } from '../stages/track/poll.ts';

const RECHECK_MS = 100;
/**
 * How often it is asked what comes and whether anything moved forward, while something can move.
 */
const PROGRESS_MS = 1000;
const PATIENCE_MS = 30_000;

export interface OnceOptions {
  /** false: nothing is synced or looked up first, for a caller that has just done so. */
  readonly sync?: boolean;
  /**
   * How long what failed in passing is waited for, again and again while anything moves forward.
   * Default: 30,000 ms.
   */
  readonly patienceMs?: number;
  readonly signal?: AbortSignal;
}

function plural(count: number, one: string, several: string): string {
  return `${count} ${count === 1 ? one : several}`;
}

function describe({ people, effects, unknown, inMs }: Coming): string {
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
 * on while anything moves forward: a printer that stays away is an outside event. A recipient that
 * is tried in vain ends in error after so many tries, so this ends too.
 */
export async function untilIdle(
  context: PipelineContext,
  signal?: AbortSignal,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const isOver = (): boolean => signal?.aborted === true || context.stopping.aborted;
  let stepsLeft = Infinity;
  let progressedAt = performance.now();
  let checkedAt = -Infinity;
  let isAnnounced = false;
  for (let quiet = 0; quiet < 2 && !isOver();) {
    const moves = await readyWork(context.sql);
    const busy = Object.values(moves).some((count) => count > 0);
    if (!busy || performance.now() - checkedAt > PROGRESS_MS) {
      checkedAt = performance.now();
      const left = patienceMs - (checkedAt - progressedAt);
      const coming = await upcomingWork(context.sql, Math.max(0, left));
      // Compared with the last look and not with the lowest: newcomers and news make more steps.
      const hasProgressed = coming.stepsLeft < stepsLeft;
      stepsLeft = coming.stepsLeft;
      if (hasProgressed) {
        [progressedAt, isAnnounced] = [performance.now(), false];
        // It is asked again with the whole patience.
        checkedAt = -Infinity;
        if (!busy) continue;
      }
      if (!busy && coming.inMs !== null) {
        quiet = 0;
        if (!isAnnounced) context.logger.warn({}, describe(coming));
        isAnnounced = true;
        await new Promise((resolve) =>
          setTimeout(resolve, Math.min(coming.inMs ?? 0, PROGRESS_MS / 2)),
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
    await new Promise((resolve) => setTimeout(resolve, RECHECK_MS));
  }
}

/**
 * One failure, of a source or an enricher, is logged and does not stop the next: as with the beats.
 */
export async function once(context: PipelineContext, options: OnceOptions): Promise<Waiting[]> {
  const { sql } = context;
  if (options.sync !== false) {
    for (const id of await organizationsToSync(sql)) await workSync(context, id);
    for (const id of await organizationsToEnrich(sql, { onlyDue: false }))
      await workEnrich(context, id, false);
  }
  // No webhook may reach this process: what printers have to tell is asked for.
  await pollPrinters(context, 0);
  await untilIdle(context, options.signal, options.patienceMs);
  return await waitingWork(sql);
}
