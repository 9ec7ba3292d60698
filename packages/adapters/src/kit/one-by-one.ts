/**
 * Effects of which each is a request of its own, some of them at a time. A provider that does not
 * answer is not asked for each that waits: a few tries say it for all of them.
 */
import type { CallContext, EffectItem, EffectResult } from '@postrider/core/ports';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** Core gives a call up after a minute: within it nothing new is begun after so long. */
export const BEGIN_WITHIN = 40 * SECOND;
/** So many without an answer, one after the other, say that the provider is down. */
const DOWN_AFTER = 4;

/** What became of one effect, and what it says of the next. */
export interface Tried {
  readonly result: EffectResult;
  readonly answered: boolean;
  /** The provider asks for so much time. */
  readonly pauseMs?: number;
}

export interface OneByOne {
  /** Most at the same time. */
  readonly atOnce: number;
  /** How errors call the provider, for example `The endpoint`. */
  readonly who: string;
  readonly context: CallContext;
  /** When the call of the port began, by `performance.now()`. */
  readonly started: number;
  send(item: EffectItem): Promise<Tried>;
}

/**
 * One result an item, in their order, when every request has ended. What `send` throws is the
 * result of its item: to core, the answers of the others would be lost with it.
 */
export async function oneByOne(
  items: readonly EffectItem[],
  { atOnce, who, context, started, send }: OneByOne,
): Promise<EffectResult[]> {
  const results: EffectResult[] = [];
  const left = items.entries();
  let silent = 0;
  /** What holds for all that was not begun yet. */
  let rest: EffectResult | null = null;
  const lane = async (): Promise<void> => {
    for (const [index, item] of left) {
      if (context.signal.aborted)
        rest ??= untried(SECOND, 'The runner is stopping; the event was not sent.');
      else if (performance.now() - started > BEGIN_WITHIN)
        rest ??= untried(SECOND, `${who} is slow: the event waits for its turn.`);
      if (rest !== null) {
        results[index] = rest;
        continue;
      }
      const { result, answered, pauseMs } = await send(item).catch(thrown);
      results[index] = result;
      silent = answered ? 0 : silent + 1;
      if (result.outcome === 'refused') rest = result;
      else if (result.outcome === 'retry' && (pauseMs !== undefined || silent >= DOWN_AFTER))
        rest ??= untried(pauseMs ?? MINUTE, `Not sent after another: ${result.message}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return results;
}

function thrown(error: unknown): Tried {
  const message = error instanceof Error ? error.message : String(error);
  return { result: { outcome: 'retry', afterMs: MINUTE, message }, answered: false };
}

/** The provider was not asked for this one. */
export function untried(afterMs: number, message: string): EffectResult {
  return { outcome: 'retry', afterMs, message, untried: true };
}
