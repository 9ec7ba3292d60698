/**
 * The twin put together: opens the folder, replays the ledger, starts what lets time pass and what
 * tells of it, and listens.
 */
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
import { endpoints, keyIn, LobApi } from './api.ts';
import { Books } from './books.ts';
import { lobControl } from './control.ts';
import { LEDGER_VERSION, type Commit, type Entry, type EntryBody } from './entries.ts';
import { type LobOptions } from './options.ts';
import { settle, type Settings } from './settings.ts';
import { refusal } from './refusals.ts';
import { Tracking } from './tracking.ts';
import { createWebhooks } from './webhooks.ts';

/** Throws `TwinError`, whose `exitCode` says what kind of trouble it is. */
export async function openLob(options: LobOptions): Promise<ListeningTwin> {
  const settings = settle(options);
  const folder = resolve(settings.folder);
  return await openInFolder(
    { folder, what: 'twin of Lob' },
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
  const clock = new TwinClock(settings.daysPerSecond);
  const faults = new Faults<Misfortune>();
  const requests = new RequestLog(settings.keepRequests);
  const spec = await ApiSpec.read(new URL('openapi.json', import.meta.url));
  const memory = await openMemory<Entry>({
    path: join(folder, 'ledger.ndjson'),
    folder,
    words: { twin: 'twin of Lob', entry: 'piece' },
    whose: 'this twin',
    clock,
    apply: (entry) => books.apply(entry),
    log,
  });
  const { ledger } = memory;

  const commit: Commit = async (entry: EntryBody, stamp = clock.now()) => {
    const before = books.events.length;
    const whole = { ...entry, ...stamp } as Entry;
    books.apply(whole);
    const news = books.events.slice(before);
    await ledger.append(whole);
    // Told once it is on the disk.
    for (const event of news) if (event.webhook === null) webhooks.add(event);
    if (news.length > 0) webhooks.pump();
  };
  const tracking = new Tracking(books, clock, commit, settings);
  const webhooks = createWebhooks({ books, clock, commit, faults }, settings);
  const server = new TwinServer();
  const settled = (): Promise<void> => ledger.settled();
  const api = new LobApi({
    books,
    clock,
    commit,
    spec,
    settings,
    server,
    faults,
    settled,
    follow: (piece) => tracking.follow(piece),
    url: () => server.url,
    now: () => clock.now().at,
  });
  const routes = {
    ...controlRoutes({
      requests,
      faults,
      clock,
      endpoints: [...endpoints, 'webhook'],
      async turnClock(days) {
        clock.advance(days);
        await commit({ kind: 'turned', days });
        await tracking.catchUp();
        webhooks.pump();
      },
      traffic: () => api.traffic(),
    }),
    ...lobControl({ books, settings, commit, settled, waiting: () => webhooks.waiting }),
  };
  const listener = front({
    server,
    requests,
    serve: (request, noted) => api.serve(request, noted),
    control: keyedControl(routes, memory, {
      keys: settings.keys,
      keyIn,
      refused: () => refusal('unauthorized'),
    }),
    tooLarge: () => ({ ...refusal('file_size_exceeds_limit'), status: 413 }),
    failed: () => refusal('internal_server_error'),
    log,
  });
  return await beginTwin(server, {
    async begin() {
      if (memory.isNew)
        await commit({ kind: 'opened', version: LEDGER_VERSION, ledger: randomUUID() });
      // Given on the command line as before, it does not undo what a request has said since.
      for (const mode of ['test', 'live'] as const) {
        const { webhook: url } = settings;
        if (url !== null && url !== books.started[mode])
          await commit({ kind: 'webhook', mode, url, fromStart: true });
      }
      for (const event of books.events) if (event.webhook === null) webhooks.add(event);
      await server.listen(listener, settings.port);
      tracking.start(memory.onError);
      webhooks.start();
    },
    async end() {
      await tracking.stop();
      await webhooks.stop();
      await ledger.close();
    },
    unlock,
    ledger: () => books.ledger,
    broken: memory.broken,
  });
}
