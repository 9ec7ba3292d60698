/**
 * Looks for lost work every few seconds, on every runner; the same statement says that this runner
 * lives.
 */
import { messageOf } from '../common/message-of.ts';
import { tick } from '../machine/house.ts';
import type { PipelineContext } from '../runtime/context.ts';
import { probeConnections } from '../stages/house/probes.ts';
import { VERSION } from '../version.ts';

/** Connections that one runner probes at a time. */
const PROBES = 4;

/**
 * Looks once, so that the runner is known, and from then on by itself. Never throws. Returns how to
 * end it.
 */
export async function startReaper(
  context: PipelineContext,
  onError: (error: unknown) => void,
): Promise<() => void> {
  const { sql, settings, runnerId, logger, watermark } = context;
  const { runnerName: name, proofSlots, mailSlots, leaseMs, graceMs, quietMs } = settings;
  let lastError: unknown = null;
  const reportOnce = (error: unknown): void => {
    // A refresh that failed is what the next save fails with: one error, told once.
    if (error !== lastError)
      logger.error({ error: messageOf(error) }, 'no card can be sent; trying again');
    lastError = error;
  };
  let isReaping = false;
  const reap = async (): Promise<void> => {
    if (isReaping) return;
    isReaping = true;
    try {
      const runner = { id: runnerId, name, proofSlots, mailSlots, version: VERSION, leaseMs };
      const { back, probes, ...told } = await tick(sql, runner, {
        graceMs: leaseMs + graceMs,
        quietMs,
        remembered: watermark.marks,
        probes: PROBES,
      });
      // A provider may be silent for seconds.
      void probeConnections(context, probes);
      watermark.observe(told.watermark, { others: told.witnesses });
      if (back > 0) logger.warn({ people: back }, 'lost work was found; its people are back');
    } catch (error) {
      logger.warn({ error: messageOf(error) }, 'lost work could not be looked for; trying again');
      onError(error);
    }
    try {
      await watermark.saved();
    } catch (error) {
      reportOnce(error);
    } finally {
      isReaping = false;
    }
  };
  // On a timer of its own: a database may let `reap` wait, and come back as an older state of
  // itself. What other runners remember tells that.
  let isRefreshing = false;
  const refresh = async (): Promise<void> => {
    if (isRefreshing) return;
    isRefreshing = true;
    try {
      await watermark.refresh();
    } catch (error) {
      reportOnce(error);
    } finally {
      isRefreshing = false;
    }
  };
  await reap();
  await refresh();
  const timers = [reap, refresh].map((work) => setInterval(() => void work(), settings.reapMs));
  return () => timers.forEach((timer) => clearInterval(timer));
}
