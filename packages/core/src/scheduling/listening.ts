/**
 * The database says when people have moved: one notification per statement, each of which wakes the
 * stages that have work now.
 */
import type { PipelineContext, Wake } from '../runtime/context.ts';

const woken: Readonly<Record<string, readonly Wake[]>> = {
  pending: ['proof'],
  proofed: ['mail'],
  track: ['track'],
  cancel: ['callBack', 'reconcile'],
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
      for (const word of payload.split(','))
        for (const what of woken[word] ?? []) context.wake(what);
    },
    onListening,
  );
  return async () => await listening.unlisten().catch(() => undefined);
}
