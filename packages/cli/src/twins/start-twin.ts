/** Starts a twin by the name of its provider, in this process, until it ends it. */
import { exitCodes, UserError } from '@postrider/runner/process';
import { runTwin, twinCommands } from '@postrider/twins/commands';
import type { Cli } from '../program/cli.ts';
import { isTwin, twinNames } from './names.ts';

/** @param options what the twin reads by itself. Resolves where they asked for its help. */
export async function startTwin(
  { signals }: Cli,
  provider: string,
  options: readonly string[],
): Promise<void> {
  if (!isTwin(provider))
    throw new UserError(
      exitCodes.usage,
      `there is no twin of ${provider}`,
      `there are: ${twinNames.join(', ')}`,
    );
  const twin = await twinCommands[provider]();
  // The twin stops by itself.
  signals.catch(() => undefined);
  if ((await runTwin(twin(options, process.env))) === 'ready') await new Promise(() => undefined);
}
