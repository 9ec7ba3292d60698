/** Where settings come from: the environment before postrider.yaml before the defaults. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defaults, type Settings } from './settings.ts';

/** Each setting by its name in the environment and its place in the file. */
const table = [
  ['POSTRIDER_HOST', ['http', 'host']],
  ['POSTRIDER_PORT', ['http', 'port']],
  ['POSTRIDER_PROOF_SLOTS', ['runner', 'proof_slots']],
  ['POSTRIDER_MAIL_SLOTS', ['runner', 'mail_slots']],
  ['POSTRIDER_COHORT_SIZE', ['runner', 'cohort_size']],
  ['POSTRIDER_LEASE_SECONDS', ['runner', 'lease_seconds']],
  ['POSTRIDER_CALLS_KEPT_DAYS', ['runner', 'calls_kept_days']],
  ['POSTRIDER_STATEMENT_TIMEOUT_SECONDS', ['sql', 'statement_timeout_seconds']],
  ['POSTRIDER_LOG_LEVEL', ['log', 'level']],
  ['POSTRIDER_LOG_FORMAT', ['log', 'format']],
  ['POSTRIDER_PROGRESS_SECONDS', ['log', 'progress_seconds']],
] as const;

/** Throws `ConfigurationError`. */
export async function loadSettings(directory: string, env: NodeJS.ProcessEnv): Promise<Settings> {
  const file = join(directory, 'postrider.yaml');
  const given = table.filter(([name]) => env[name] !== undefined && env[name] !== '');
  // zod and yaml cost more to load than most commands take.
  if (given.length === 0 && !existsSync(file)) return defaults;
  const { readSettings } = await import('./settings-file.ts');
  return await readSettings(
    file,
    given.map(([name, path]) => ({ name, path, value: env[name] ?? '' })),
  );
}
