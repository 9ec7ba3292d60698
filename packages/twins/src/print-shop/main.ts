/** `print-shop`: the folder print shop as a process. See `options.ts` for its flags. */
import { runTwin } from '../kit/process.ts';
import { fromArguments, usage } from './options.ts';

runTwin({
  what: 'print shop',
  usage,
  read() {
    const commandLine = fromArguments(process.argv.slice(2), process.env);
    if (commandLine === null) return null;
    return {
      untilStdinEnds: commandLine.untilStdinEnds,
      async start() {
        const { startPrintShop } = await import('./shop.ts');
        return await startPrintShop(commandLine.options);
      },
    };
  },
});
