/** `klaviyo-twin`: the twin of Klaviyo as a process. See `option-flags.ts` for its flags. */
import { runTwin } from '../kit/process.ts';
import { klaviyoCommand } from './command.ts';

void runTwin(klaviyoCommand(process.argv.slice(2), process.env));
