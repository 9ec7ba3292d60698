/** The twin put together: opens the folder, replays the ledger, and listens. */
import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { TwinClock } from '../kit/clock.ts';
import { control, controlRoutes } from '../kit/control.ts';
import { TwinError } from '../kit/errors.ts';
import { json } from '../kit/exchange.ts';
import { Faults } from '../kit/faults.ts';
import { makeFolder, unusableFolder } from '../kit/folders.ts';
import { front } from '../kit/front.ts';
import { Ledger } from '../kit/ledger.ts';
import { lockFolder } from '../kit/lock.ts';
import type { Misfortune } from '../kit/misfortunes.ts';
import { ApiSpec } from '../kit/openapi.ts';
import type { RunningTwin } from '../kit/process.ts';
import { RequestLog } from '../kit/request-log.ts';
import { TwinServer } from '../kit/server.ts';
import { keyIn, KlaviyoApi } from './api.ts';
import { Books } from './books.ts';
import { klaviyoControl } from './control.ts';
import { LEDGER_VERSION, type Commit, type Entry, type EntryBody } from './entries.ts';
import { endpoints } from './limits.ts';
import type { KlaviyoOptions } from './options.ts';
import { refusal } from './refusals.ts';
import { settle, type Settings } from './settings.ts';

export interface RunningKlaviyo extends RunningTwin {
  readonly port: number;
}

/** Throws `TwinError`, whose `exitCode` says what kind of trouble it is. */
export async function openKlaviyo(options: KlaviyoOptions): Promise<RunningKlaviyo> {
  const settings = settle(options);
  const folder = resolve(settings.folder);
  makeFolder(folder, 0o700);
  const lock = await lockFolder(join(folder, 'lock'), 'twin of Klaviyo').catch(unwritable(folder));
  try {
    return await open(settings, folder, () => lock.release());
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function open(
  settings: Settings,
  folder: string,
  unlock: () => Promise<void>,
): Promise<RunningKlaviyo> {
  const { log } = settings;
  const books = new Books();
  const clock = new TwinClock(0);
  const faults = new Faults<Misfortune>();
  const requests = new RequestLog(settings.keepRequests);
  const broken = Promise.withResolvers<TwinError>();
  let breakage: TwinError | null = null;
  let entries = 0;
  const spec = await ApiSpec.read(new URL('openapi.json', import.meta.url));
  const ledger = await Ledger.open<Entry>(
    join(folder, 'ledger.ndjson'),
    { twin: 'twin of Klaviyo', entry: 'event' },
    (entry) => {
      if (entries === 0 && entry.kind !== 'opened')
        throw new Error('it does not begin as a ledger of this twin does');
      entries += 1;
      books.apply(entry);
      clock.resume(entry, entry.kind === 'turned' ? entry.days : 0);
    },
    (error) => {
      breakage = error;
      log(error.message);
      broken.resolve(error);
    },
  ).catch(unwritable(folder));

  const commit: Commit = async (entry: EntryBody, stamp = clock.now()) => {
    const whole = { ...entry, ...stamp } as Entry;
    books.apply(whole);
    await ledger.append(whole);
  };
  const server = new TwinServer();
  const settled = (): Promise<void> => ledger.settled();
  const api = new KlaviyoApi({
    books,
    spec,
    settings,
    commit,
    server,
    faults,
    now: () => clock.now().at,
  });
  const routes = {
    ...controlRoutes({
      requests,
      faults,
      clock,
      endpoints,
      async turnClock(days) {
        clock.advance(days);
        await commit({ kind: 'turned', days });
      },
      traffic: () => api.traffic(),
    }),
    ...klaviyoControl({ books, commit, settled }),
  };
  const listener = front({
    server,
    requests,
    serve: (request, noted) => api.serve(request, noted),
    async control(request) {
      if (request.path === '/twin/health')
        return json(breakage === null ? 200 : 503, { status: breakage === null ? 'ok' : 'broken' });
      const key = keyIn(request);
      if (key === null || !settings.keys.includes(key)) return refusal('not_authenticated');
      return await control(routes, request);
    },
    tooLarge: () => refusal('payload_too_large'),
    failed: () => refusal('error'),
    log,
  });
  try {
    if (entries === 0)
      await commit({ kind: 'opened', version: LEDGER_VERSION, ledger: randomUUID() });
    await server.listen(listener, settings.port);
  } catch (error) {
    server.abandon();
    await server.settle();
    await ledger.close();
    throw error;
  }
  let stopping: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    await server.stop(() => ledger.close());
    await unlock();
  };
  return {
    url: server.url,
    port: server.port,
    ledger: books.ledger,
    broken: broken.promise,
    stop: () => (stopping ??= stop()),
  };
}

function unwritable(folder: string): (error: unknown) => never {
  return (error) => {
    throw error instanceof TwinError ? error : unusableFolder(folder, error);
  };
}
