/** The folder print shop as a command: for `main.ts`, and for those who start twins by name. */
import type { TwinProcess } from '../kit/process.ts';
import { fromArguments, usage } from './options.ts';

export function printShopCommand(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
): TwinProcess {
  return {
    what: 'print shop',
    usage,
    read() {
      const commandLine = fromArguments(argv, environment);
      if (commandLine === null) return null;
      return {
        untilStdinEnds: commandLine.untilStdinEnds,
        async start() {
          const { startPrintShop } = await import('./shop.ts');
          return await startPrintShop(commandLine.options);
        },
      };
    },
  };
}
