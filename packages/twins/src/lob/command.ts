/** The twin of Lob as a command: for its own `main.ts` and for those who start twins by name. */
import type { TwinProcess } from '../kit/process.ts';
import { fromArguments, usage } from './settings.ts';

export function lobCommand(argv: readonly string[], environment: NodeJS.ProcessEnv): TwinProcess {
  return {
    what: 'lob twin',
    usage,
    read() {
      const commandLine = fromArguments(argv, environment);
      if (commandLine === null) return null;
      return {
        untilStdinEnds: commandLine.untilStdinEnds,
        async start() {
          const { openLob } = await import('./twin.ts');
          return await openLob(commandLine.options);
        },
      };
    },
  };
}
