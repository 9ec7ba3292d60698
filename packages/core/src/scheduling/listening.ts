/**
 * The database says when people have moved: one notification per statement, each of which wakes the
 * stages that have work now.
 */
import type { PipelineContext, Wake } from '../runtime/context.ts';

const woken: Readonly<Record<string, Wake>> = {
  pending: 'proof',
  proofed: 'mail',
  track: 'track',
  cancel: 'reconcile',
};

/**
 * @param onListening called whenever a connection listens, the first time and again: nobody knows
 * what was missed before. Returns how to end it.
 */
export async function startListening(
  context: PipelineContext,
  onListening: () => void,
): Promise<() => Promise<void>> {
  const listening = await context.sql.listen(
    'postrider_moved',
    (payload) => {
      for (const word of payload.split(',')) {
        const what = woken[word];
        if (what !== undefined) context.wake(what);
      }
    },
    onListening,
  );
  return async () => await listening.unlisten().catch(() => undefined);
}
