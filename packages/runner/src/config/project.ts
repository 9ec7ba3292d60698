/**
 * The project directory: where the embedded database, secrets and printed cards live.
 *
 *   postrider.yaml  settings, where there are any
 *   var/postgres/   the embedded server
 *   var/secrets/    one file a secret, mode 0600; the environment wins
 *   var/data/       what adapters keep: proofs, look-up batches
 *   out/            what is printed here
 *
 * It is POSTRIDER_HOME, else the nearest directory upwards that has a postrider.yaml, else the
 * checkout this program is part of: never simply the directory one happens to stand in. A second,
 * empty database would not know who has been mailed, and mail everybody again.
 */
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../process/exit-codes.ts';
import { UserError } from '../process/user-error.ts';
import { loadSettings } from './load-settings.ts';
import type { Settings } from './settings.ts';

export interface Project {
  readonly directory: string;
  readonly settings: Settings;
  readonly dataDirectory: string;
  readonly proofsDirectory: string;
  /** Makes it, for its owner only: proofs and look-ups hold names and addresses. */
  makeDataDirectory(): void;
  /** Below var/, made when asked for. */
  stateFile(name: string): string;
  /**
   * The value of a secret: NAME, the file named by NAME_FILE, or var/secrets/NAME. Undefined where
   * it is not set.
   */
  secret(name: string): string | undefined;
  /**
   * The secret, made and kept in var/secrets/ where it is not set. Safe from several processes at
   * once.
   */
  ensureSecret(name: string, make: () => string): string;
}

const checkout = fileURLToPath(new URL('../../../..', import.meta.url));

function projectDirectory(env: NodeJS.ProcessEnv): string {
  const from = process.cwd();
  const given = env['POSTRIDER_HOME'];
  if (given !== undefined && given !== '') return resolve(from, given);
  for (let at = from; ; at = dirname(at)) {
    if (existsSync(join(at, 'postrider.yaml'))) return at;
    if (dirname(at) === at) return resolve(checkout);
  }
}

/**
 * Throws `ConfigurationError` (postrider.yaml, a setting of the environment) or a file system
 * error.
 */
export async function openProject(env: NodeJS.ProcessEnv = process.env): Promise<Project> {
  // It is made by what writes into it: a question to a folder that is not there makes none.
  const directory = projectDirectory(env);
  refuseFileInTheWay(directory);
  const settings = await loadSettings(directory, env);
  const data = join(directory, 'var', 'data');
  const secrets = join(directory, 'var', 'secrets');
  const secret = (name: string): string | undefined => {
    const value = env[name]?.trim();
    if (value !== undefined && value !== '') return value;
    const file = env[`${name}_FILE`];
    return file === undefined || file === ''
      ? readSecret(join(secrets, name))
      : readSecret(resolve(directory, file));
  };
  return {
    directory,
    settings,
    dataDirectory: data,
    proofsDirectory: join(data, 'proofs'),
    makeDataDirectory: () => void mkdirSync(data, { recursive: true, mode: 0o700 }),
    stateFile(name) {
      mkdirSync(join(directory, 'var'), { recursive: true });
      return join(directory, 'var', name);
    },
    secret,
    ensureSecret(name, make) {
      const known = secret(name);
      if (known !== undefined) return known;
      mkdirSync(secrets, { recursive: true, mode: 0o700 });
      const draft = join(secrets, `.${name}.${randomUUID()}`);
      writeFileSync(draft, `${make()}\n`, { mode: 0o600, flag: 'wx' });
      try {
        // link fails where another process was faster; then its secret counts.
        linkSync(draft, join(secrets, name));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      } finally {
        rmSync(draft, { force: true });
      }
      const made = secret(name);
      if (made === undefined)
        throw new UserError(
          exitCodes.cannotWrite,
          `the secret ${name} could not be kept in ${secrets}`,
        );
      return made;
    },
  };
}

/** Throws the error of the file system. A folder that is not there is none. */
function refuseFileInTheWay(directory: string): void {
  try {
    if (!statSync(directory).isDirectory()) mkdirSync(directory, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function readSecret(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return undefined;
    throw error;
  }
}
