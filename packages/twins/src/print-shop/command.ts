/** The folder print shop as a command: for `main.ts`, and for those who start twins by name. */
import { twinProcess, type TwinProcess } from '../kit/process.ts';
import { fromArguments, usage } from './options.ts';

export function printShopCommand(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
): TwinProcess {
  return twinProcess('print shop', usage, {
    read: () => fromArguments(argv, environment),
    open: async (options) => await (await import('./shop.ts')).startPrintShop(options),
  });
}
