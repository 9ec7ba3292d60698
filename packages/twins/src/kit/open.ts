/**
 * How a twin opens and ends: in a folder that is its own until it stops, with control routes for
 * those who have its key, and whole or not at all.
 */
import { join } from 'node:path';
import { control, type ControlRoutes } from './control.ts';
import { json, type Answer, type TwinRequest } from './exchange.ts';
import { makeFolder, unwritable } from './folders.ts';
import { lockFolder } from './lock.ts';
import type { Memory } from './memory.ts';
import { once, type RunningTwin } from './process.ts';
import type { TwinServer } from './server.ts';

export interface ListeningTwin extends RunningTwin {
  readonly port: number;
}

/**
 * Opens a twin that works in `folder`, and keeps its lock below `own`. What `open` is given ends
 * the lock. Throws `TwinError` where the folder cannot be used, or is in use.
 */
export async function openInFolder<Twin>(
  { folder, own = folder, what }: { folder: string; own?: string; what: string },
  open: (unlock: () => Promise<void>) => Promise<Twin>,
): Promise<Twin> {
  makeFolder(own, 0o700);
  const lock = await lockFolder(join(own, 'lock'), what).catch(unwritable(folder));
  try {
    return await open(() => lock.release());
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Answers below `/twin/`: its health to anybody, the rest to those who have one of its keys. */
export function keyedControl(
  routes: ControlRoutes,
  memory: Pick<Memory<object>, 'breakage'>,
  parts: {
    readonly keys: readonly string[];
    keyIn(request: TwinRequest): string | null;
    /** In the provider's words. */
    refused(): Answer;
  },
): (request: TwinRequest) => Promise<Answer> {
  return async (request) => {
    if (request.path === '/twin/health') {
      const isBroken = memory.breakage() !== null;
      return json(isBroken ? 503 : 200, { status: isBroken ? 'broken' : 'ok' });
    }
    const key = parts.keyIn(request);
    if (key === null || !parts.keys.includes(key)) return parts.refused();
    return await control(routes, request);
  };
}

/** A twin that has begun; where it cannot begin, all of it is ended again. */
export async function beginTwin(
  server: TwinServer,
  parts: {
    /** Prepares it, listens, and starts what goes on by itself. */
    begin(): Promise<void>;
    /** Ends what `begin` has started, and the ledger. */
    end(): Promise<void>;
    unlock(): Promise<void>;
    /** The ledger's id, known when it has begun. */
    ledger(): string;
    readonly broken: RunningTwin['broken'];
  },
): Promise<ListeningTwin> {
  try {
    await parts.begin();
  } catch (error) {
    server.abandon();
    await server.settle();
    await parts.end();
    throw error;
  }
  const { url, port } = server;
  const stop = async (): Promise<void> => {
    await server.stop(() => parts.end());
    await parts.unlock();
  };
  return { url, port, ledger: parts.ledger(), broken: parts.broken, stop: once(stop) };
}
