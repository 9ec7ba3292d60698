/** How the stages ask adapters without a lease of their own: each call has an end. */
import type { CallAccount } from '../machine/provider-calls.ts';
import type { CallContext } from '../ports/index.ts';
import { ask } from './asking.ts';
import type { PipelineContext } from './context.ts';
import type { AdapterPort } from './meter.ts';

export interface AskedAdapter {
  /** For people. */
  readonly who: string;
  /** Null: it is only made, which is no call of it. */
  readonly port: AdapterPort | null;
  /** On whose behalf; null: it has no connection. */
  readonly account: CallAccount | null;
}

/**
 * Asks any adapter but a printer, or has one made. It is told when the pipeline stops, and may
 * still answer. Throws `SilentAdapterError`, and whatever the call throws.
 */
export async function askAdapter<Answer>(
  context: PipelineContext,
  { who, port, account }: AskedAdapter,
  call: (context: CallContext) => Promise<Answer>,
  silenceMs = context.settings.adapterTimeoutMs,
): Promise<Answer> {
  const asked = async (): Promise<Answer> =>
    await ask(
      { who, silenceMs },
      async ({ signal }) =>
        await call(context.callContext(AbortSignal.any([signal, context.stopping]), account)),
    );
  return port === null ? await asked() : await context.meter.call(port, asked);
}
