/** How the stages ask adapters that own no lease: each call has an end, and none outlives the pipeline. */
import type { CallContext } from '../ports/index.ts';
import { ask } from './asking.ts';
import type { PipelineContext } from './context.ts';

/** Rejects as soon as the signal aborts, whatever becomes of the work. */
export const unlessAborted = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  await new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });

export interface Patience {
  /** Default: `adapterTimeoutMs`. */
  readonly silenceMs?: number;
  /** Default: until the pipeline stops. */
  readonly signal?: AbortSignal;
}

/** Asks any adapter but a printer, or has one made. Throws `SilentAdapterError`, the signal's reason, and whatever the call throws. */
export const askAdapter = async <Answer>(
  context: PipelineContext,
  who: string,
  call: (context: CallContext) => Promise<Answer>,
  { silenceMs = context.settings.adapterTimeoutMs, signal = context.stopping }: Patience = {},
): Promise<Answer> =>
  await ask({ who, silenceMs }, async (asked) => {
    const either = AbortSignal.any([asked.signal, signal]);
    return await unlessAborted(call(context.callContext(either)), signal);
  });
