/** The twin put together: opens the folder, replays the ledger, and listens. */
import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { TwinClock } from '../kit/clock.ts';
import { controlRoutes } from '../kit/control.ts';
import { Faults } from '../kit/faults.ts';
import { front } from '../kit/front.ts';
import { openMemory } from '../kit/memory.ts';
import type { Misfortune } from '../kit/misfortunes.ts';
import { beginTwin, keyedControl, openInFolder, type ListeningTwin } from '../kit/open.ts';
import { ApiSpec } from '../kit/openapi.ts';
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

/** Throws `TwinError`, whose `exitCode` says what kind of trouble it is. */
export async function openKlaviyo(options: KlaviyoOptions): Promise<ListeningTwin> {
  const settings = settle(options);
  const folder = resolve(settings.folder);
  return await openInFolder(
    { folder, what: 'twin of Klaviyo' },
    async (unlock) => await open(settings, folder, unlock),
  );
}

async function open(
  settings: Settings,
  folder: string,
  unlock: () => Promise<void>,
): Promise<ListeningTwin> {
  const { log } = settings;
  const books = new Books();
  const clock = new TwinClock(0);
  const faults = new Faults<Misfortune>();
  const requests = new RequestLog(settings.keepRequests);
  const spec = await ApiSpec.read(new URL('openapi.json', import.meta.url));
  const memory = await openMemory<Entry>({
    path: join(folder, 'ledger.ndjson'),
    folder,
    words: { twin: 'twin of Klaviyo', entry: 'event' },
    whose: 'this twin',
    clock,
    apply: (entry) => books.apply(entry),
    log,
  });
  const { ledger } = memory;

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
    control: keyedControl(routes, memory, {
      keys: settings.keys,
      keyIn,
      refused: () => refusal('not_authenticated'),
    }),
    tooLarge: () => refusal('payload_too_large'),
    failed: () => refusal('error'),
    log,
  });
  return await beginTwin(server, {
    async begin() {
      if (memory.isNew)
        await commit({ kind: 'opened', version: LEDGER_VERSION, ledger: randomUUID() });
      await server.listen(listener, settings.port);
    },
    end: async () => await ledger.close(),
    unlock,
    ledger: () => books.ledger,
    broken: memory.broken,
  });
}
