/** `print-shop`: the folder print shop as a process. See `options.ts` for its flags. */
import { runTwin } from '../kit/process.ts';
import { printShopCommand } from './command.ts';

void runTwin(printShopCommand(process.argv.slice(2), process.env));
