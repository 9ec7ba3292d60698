/** The folder that a twin works in, made where it is missing. */
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { exitCodes, messageOf, TwinError } from './errors.ts';

/**
 * Throws `TwinError` where it cannot be. Step by step, because Node's own `recursive` never ends
 * where a file system that takes no folder says that there is none (`/proc`).
 */
export function makeFolder(path: string, mode = 0o777): void {
  const whole = resolve(path);
  const missing: string[] = [];
  for (let at = whole; !existsSync(at) && at !== dirname(at); at = dirname(at)) missing.unshift(at);
  const parent = missing[0] === undefined ? whole : dirname(missing[0]);
  try {
    if (!statSync(parent).isDirectory()) throw new Error(`ENOTDIR: ${parent} is not a folder`);
    accessSync(parent, constants.W_OK | constants.X_OK);
    for (const one of missing) makeOne(one, mode);
  } catch (error) {
    const why = missing.length > 0 && !messageOf(error).includes(parent) ? ` (in ${parent})` : '';
    throw unusableFolder(path, error, why);
  }
}

/** The error of a folder that cannot be read or written. */
export function unusableFolder(folder: string, error: unknown, why = ''): TwinError {
  return new TwinError(
    exitCodes.cannotCreate,
    `The folder ${folder} cannot be used: ${messageOf(error)}${why}. Nothing was accepted.`,
    { cause: error },
  );
}

/** For a promise that fails where a folder cannot be used. */
export function unwritable(folder: string): (error: unknown) => never {
  return (error) => {
    throw error instanceof TwinError ? error : unusableFolder(folder, error);
  };
}

function makeOne(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Somebody else was faster.
    if (!existsSync(path)) throw error;
  }
}
