/** Starts a twin by the name of its provider, in this process, until it ends it. */
import { exitCodes, UserError } from '@postrider/runner/process';
import { runTwin, twinCommands } from '@postrider/twins/commands';
import type { Cli } from '../program/cli.ts';

/** @param options what the twin reads by itself. Resolves where they asked for its help. */
export async function startTwin(
  { signals }: Cli,
  provider: string,
  options: readonly string[],
): Promise<void> {
  const load = Object.hasOwn(twinCommands, provider) ? twinCommands[provider] : undefined;
  if (load === undefined)
    throw new UserError(
      exitCodes.usage,
      `there is no twin of ${provider}`,
      `there are: ${Object.keys(twinCommands).join(', ')}`,
    );
  const twin = await load();
  // The twin stops by itself.
  signals.catch(() => undefined);
  if ((await runTwin(twin(options, process.env))) === 'ready') await new Promise(() => undefined);
}
