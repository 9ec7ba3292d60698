/**
 * The inbox of tracking. Webhooks that could be read when they came are applied by the database
 * alone, by the thousand; the others are read here, up to 200 at a time. And events that found no
 * piece when they came.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PartFailure, Due } from '../../machine/house.ts';
import {
  applyReadWebhooks,
  claimWebhooks,
  matchEvents,
  readWebhooksAgain,
  webhooksWaitFor,
  type AppliedWebhooks,
  type StoredWebhook,
} from '../../machine/track.ts';
import { forEachOrganization } from '../../runtime/part-failure.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { applyGroup, readWebhooks, reportPutOff } from './apply-webhooks.ts';
import { isPassing, keyOf, makePrinters, type Printers } from './inbox-printers.ts';

const READ_BATCH = 2000;
const BATCH = 200;
/** So long webhooks wait to be applied while others pour in, and no longer. */
const LONGEST_WAIT_MS = 5 * 60_000;

/** Webhooks that were read when they came. */
async function applyRead(context: PipelineContext): Promise<AppliedWebhooks> {
  try {
    const read = await context.sql.begin(async (tx) => {
      const told = await applyReadWebhooks(tx, READ_BATCH);
      if (told.applied > 0) await context.reach('track.claimed');
      return told;
    });
    reportPutOff(context, read.putOff);
    return read;
  } catch (error) {
    if (isPassing(error)) throw error;
    await readWebhooksAgain(context.sql, READ_BATCH);
    return { applied: 0, putOff: 0 };
  }
}

/**
 * Up to 200 webhooks in one transaction; null where a printer is still to be made, and none was
 * applied.
 */
async function applyBatch(
  context: PipelineContext,
  printers: Printers,
): Promise<{ inbox: readonly StoredWebhook[]; applied: number | null }> {
  return await context.sql.begin(async (tx) => {
    const inbox = await claimWebhooks(tx, BATCH);
    if (!inbox.every((webhook) => printers.has(keyOf(webhook)))) return { inbox, applied: null };
    if (inbox.length > 0) await context.reach('track.claimed');
    const groups = await readWebhooks(context, tx, printers, inbox);
    let putOff = 0;
    for (const group of groups) putOff += group.length - (await applyGroup(context, tx, group));
    return { inbox, applied: inbox.length - putOff };
  });
}

/** Pipelines that apply stored webhooks just now, and whether they are to look once more. */
const atWork = new WeakMap<PipelineContext, { again: boolean }>();

/**
 * Applies stored webhooks until none is left, and returns how many. Where a beat and a notification
 * meet, one does it for both: two would wait for each other's cards.
 */
export async function applyInbox(context: PipelineContext, waits = true): Promise<number> {
  const other = atWork.get(context);
  if (other !== undefined) {
    other.again = true;
    return 0;
  }
  const turn = { again: false };
  atWork.set(context, turn);
  let count = 0;
  try {
    do {
      turn.again = false;
      count += await applyAll(context, waits);
    } while (turn.again && !context.stopping.aborted);
  } finally {
    atWork.delete(context);
  }
  return count;
}

/**
 * True when webhooks no longer pour in, or when the oldest of them has waited for its time: it is
 * looked at once a second. False where the pipeline stops, or who asks does not wait.
 */
async function isTheirTurn(
  { sql, flood, stopping }: PipelineContext,
  waits: boolean,
): Promise<boolean> {
  while (flood.isOn() && !(await webhooksWaitFor(sql, LONGEST_WAIT_MS))) {
    if (!waits || stopping.aborted) return false;
    await sleep(1000, undefined, { signal: stopping }).catch(() => undefined);
  }
  return !stopping.aborted;
}

async function applyAll(context: PipelineContext, waits: boolean): Promise<number> {
  const printers: Printers = new Map();
  let count = 0;
  for (let failures = 0; !context.stopping.aborted;) {
    try {
      if (!(await isTheirTurn(context, waits))) break;
      const read = await applyRead(context);
      const { inbox, applied } = await applyBatch(context, printers);
      failures = 0;
      if (applied === null) await makePrinters(context, printers, inbox);
      const done = read.applied + (applied ?? 0);
      if (done > 0) await context.reach('track.applied');
      context.meter.webhooks(done);
      count += done;
      const isFull = inbox.length === BATCH || read.applied + read.putOff === READ_BATCH;
      if (applied !== null && !isFull) break;
    } catch (error) {
      // Rolled back as a whole; the next beat would try again, but a deadlock is over at once.
      failures += 1;
      if (failures > 3 || !isPassing(error)) throw error;
    }
  }
  return count;
}

export async function beatInbox(context: PipelineContext, due: Due): Promise<void> {
  // The beat does not wait for the end of a flood, which would hold up all beats; a notification
  // does.
  if (due.webhooks) await applyInbox(context, false);
}

/** Events that found no piece when they came. */
export async function beatUnmatched(
  { sql }: PipelineContext,
  due: Due,
): Promise<readonly PartFailure[]> {
  return await forEachOrganization(
    'unmatched events',
    due.unmatched,
    async (id) => await matchEvents(sql, id),
  );
}
