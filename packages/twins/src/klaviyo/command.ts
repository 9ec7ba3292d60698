/**
 * The twin of Klaviyo as a command: for its own `main.ts` and for those who start twins by name.
 */
import type { TwinProcess } from '../kit/process.ts';
import { fromArguments, usage } from './settings.ts';

export function klaviyoCommand(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
): TwinProcess {
  return {
    what: 'klaviyo twin',
    usage,
    read() {
      const commandLine = fromArguments(argv, environment);
      if (commandLine === null) return null;
      return {
        untilStdinEnds: commandLine.untilStdinEnds,
        async start() {
          const { openKlaviyo } = await import('./twin.ts');
          return await openKlaviyo(commandLine.options);
        },
      };
    },
  };
}
