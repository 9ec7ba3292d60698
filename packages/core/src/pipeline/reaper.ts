/** Looks for lost work every few seconds, on every runner; the same statement says that this runner lives. */
import { tick } from '../machine/cohorts.ts';
import { VERSION } from '../version.ts';
import type { PipelineContext } from './context.ts';
import { messageOf } from './message-of.ts';

/** Looks once, so that the runner is known, and from then on by itself. Never throws. Returns how to end it. */
export const startReaper = async (context: PipelineContext, onError: (error: unknown) => void): Promise<() => void> => {
  const { sql, settings, runnerId, logger, watermark } = context;
  const { runnerName: name, proofSlots, mailSlots, leaseMs, graceMs, quietMs } = settings;
  let isReaping = false;
  const reap = async (): Promise<void> => {
    if (isReaping) return;
    isReaping = true;
    try {
      const runner = { id: runnerId, name, proofSlots, mailSlots, version: VERSION, leaseMs };
      const { back, ...told } = await tick(sql, runner, leaseMs + graceMs, quietMs, watermark.marks);
      watermark.learn(told.watermark, { others: told.witnesses });
      if (back > 0) logger.warn({ people: back }, 'lost work was found; its people are back');
    } catch (error) {
      logger.warn({ error: messageOf(error) }, 'lost work could not be looked for; trying again');
      onError(error);
    }
    try {
      await watermark.kept();
      await watermark.hear();
    } catch (error) {
      logger.error({ error: messageOf(error) }, 'no card can be sent; trying again');
    } finally {
      isReaping = false;
    }
  };
  await reap();
  const timer = setInterval(() => void reap(), settings.reapMs);
  return () => clearInterval(timer);
};
