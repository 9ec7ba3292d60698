/**
 * The twin of Klaviyo as a command: for its own `main.ts` and for those who start twins by name.
 */
import { twinProcess, type TwinProcess } from '../kit/process.ts';
import { fromArguments, usage } from './settings.ts';

export function klaviyoCommand(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
): TwinProcess {
  return twinProcess('klaviyo twin', usage, {
    read: () => fromArguments(argv, environment),
    open: async (options) => await (await import('./twin.ts')).openKlaviyo(options),
  });
}
