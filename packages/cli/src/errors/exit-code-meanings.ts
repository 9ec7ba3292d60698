/** What the exit codes mean, as `--help` and docs/reference/cli.md say it. */
import { exitCodes, type ExitCode } from '@postrider/runner/process';

export const exitCodeMeanings: readonly (readonly [ExitCode, string])[] = [
  [exitCodes.ok, 'done'],
  [exitCodes.failed, 'failed, or doctor found something bad'],
  [exitCodes.usage, 'wrong usage'],
  [exitCodes.badData, 'bad input data'],
  [exitCodes.unavailable, 'database, printer or port not available'],
  [exitCodes.cannotWrite, 'cannot write (disk full)'],
  [exitCodes.tryLater, 'busy: try again later'],
  [exitCodes.noRights, 'no rights'],
  [exitCodes.configuration, 'wrong configuration'],
  [exitCodes.interrupted, 'interrupted (Ctrl-C)'],
];
