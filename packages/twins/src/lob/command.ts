/** The twin of Lob as a command: for its own `main.ts` and for those who start twins by name. */
import { twinProcess, type TwinProcess } from '../kit/process.ts';
import { fromArguments, usage } from './settings.ts';

export function lobCommand(argv: readonly string[], environment: NodeJS.ProcessEnv): TwinProcess {
  return twinProcess('lob twin', usage, {
    read: () => fromArguments(argv, environment),
    open: async (options) => await (await import('./twin.ts')).openLob(options),
  });
}
