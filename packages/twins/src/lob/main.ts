/** `lob-twin`: the twin of Lob as a process. See `option-flags.ts` for its flags. */
import { runTwin } from '../kit/process.ts';
import { lobCommand } from './command.ts';

void runTwin(lobCommand(process.argv.slice(2), process.env));
