/**
 * Looks for lost work every few seconds, on every runner; the same statement says that this runner
 * lives.
 */
import { messageOf } from '../common/message-of.ts';
import { tick } from '../machine/house.ts';
import type { PipelineContext } from '../runtime/context.ts';
import { VERSION } from '../version.ts';

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
  let said: unknown = null;
  const nothingSent = (error: unknown): void => {
    // Both run into the one of whoever heard nothing last.
    if (error !== said)
      logger.error({ error: messageOf(error) }, 'no card can be sent; trying again');
    said = error;
  };
  let isReaping = false;
  const reap = async (): Promise<void> => {
    if (isReaping) return;
    isReaping = true;
    try {
      const runner = { id: runnerId, name, proofSlots, mailSlots, version: VERSION, leaseMs };
      const { back, ...told } = await tick(
        sql,
        runner,
        leaseMs + graceMs,
        quietMs,
        watermark.marks,
      );
      watermark.learn(told.watermark, { others: told.witnesses });
      if (back > 0) logger.warn({ people: back }, 'lost work was found; its people are back');
    } catch (error) {
      logger.warn({ error: messageOf(error) }, 'lost work could not be looked for; trying again');
      onError(error);
    }
    try {
      await watermark.kept();
    } catch (error) {
      nothingSent(error);
    } finally {
      isReaping = false;
    }
  };
  // By itself: a database that lets this one wait, and then comes back as an older one, is told
  // from it by what others remember.
  let isHearing = false;
  const hear = async (): Promise<void> => {
    if (isHearing) return;
    isHearing = true;
    try {
      await watermark.hear();
    } catch (error) {
      nothingSent(error);
    } finally {
      isHearing = false;
    }
  };
  await reap();
  await hear();
  const timers = [reap, hear].map((work) => setInterval(() => void work(), settings.reapMs));
  return () => timers.forEach((timer) => clearInterval(timer));
}
