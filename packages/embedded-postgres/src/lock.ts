/**
 * One process at a time sets up, starts or stops the server of a home.
 *
 * A file made by link(2), so that it never exists without its holder's name in it. A holder who
 * died is replaced, by one heir. Should all of this fail, PostgreSQL's own interlock
 * (postmaster.pid) and the rename of a finished data directory still keep the data safe.
 */
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServerError, fileError } from './errors.ts';
import { isAlive, startTick } from './processes.ts';

/**
 * A holder on another host (a shared directory) cannot be looked at: it is believed for so long.
 */
const FOREIGN_HOLDER_MS = 120_000;

/** A claim lives for as long as its owner waits; older ones were left by a killed process. */
const CLAIM_LIFE_MS = 3_600_000;

export async function withLock<T>(
  path: string,
  timeoutMs: number,
  body: () => Promise<T>,
): Promise<T> {
  const id = randomUUID();
  const claim = `${path}.${id}`;
  const me = `${hostname()} ${process.pid} ${startTick(process.pid)} ${id}`;
  try {
    writeFileSync(claim, me, { mode: 0o644, flag: 'wx' });
    await take(path, claim, timeoutMs);
    sweep(path);
  } catch (error) {
    throw fileError(error, path);
  } finally {
    rmSync(claim, { force: true });
  }
  try {
    return await body();
  } finally {
    if (holder(path) === me) rmSync(path, { force: true });
  }
}

async function take(path: string, claim: string, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      linkSync(claim, path);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const held = holder(path);
    if (held !== null && isGone(held, path) && inherit(path, claim, held)) continue;
    if (Date.now() > deadline) {
      const other = held?.split(' ')[1] ?? 'unknown';
      throw new ServerError('busy', {
        what:
          `Another process (${other}) has been setting up or stopping the embedded PostgreSQL ` +
          `for ${Math.round(timeoutMs / 1000)} s.`,
        kept: 'Nothing was changed by this one.',
        remedy: `Wait for it, or end it and run the same command again. Its lock is ${path}.`,
      });
    }
    await sleep(15);
  }
}

/**
 * Removes the lock of a dead holder; false when that is somebody else's task. Between our look and
 * now the lock may have passed to a living process, so only one waiter at a time, the heir of this
 * very holder, may look again and remove it: nobody else changes it meanwhile.
 */
function inherit(path: string, claim: string, held: string): boolean {
  const heir = `${path}.heir-${held.split(' ')[3] ?? ''}`;
  try {
    linkSync(claim, heir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const other = holder(heir);
    if (other !== null && isGone(other, heir)) rmSync(heir, { force: true });
    return false;
  }
  try {
    if (holder(path) === held) rmSync(path);
  } finally {
    rmSync(heir, { force: true });
  }
  return true;
}

function sweep(path: string): void {
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(`${basename(path)}.`)) continue;
    const file = join(dirname(path), name);
    const made = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    if (made !== undefined && Date.now() - made > CLAIM_LIFE_MS) rmSync(file, { force: true });
  }
}

function holder(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function isGone(held: string, path: string): boolean {
  const [host, pid, tick] = held.split(' ');
  if (host !== hostname())
    return (
      Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) >
      FOREIGN_HOLDER_MS
    );
  return !isAlive(Number(pid)) || startTick(Number(pid)) !== tick;
}
