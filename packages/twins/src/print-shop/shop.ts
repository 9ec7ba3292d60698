/**
 * The shop put together: opens the folder, replays the ledger, starts press, tracking and webhooks,
 * and listens.
 *
 * Everything that changes goes through `commit`: an entry changes the books at once, and what
 * depends on it (an answer, a file, a webhook) waits until it is on the disk.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { TwinClock } from '../kit/clock.ts';
import { exitCodes, TwinError } from '../kit/errors.ts';
import { Faults } from '../kit/faults.ts';
import { removeUnfinished, writeAtomically } from '../kit/files.ts';
import { makeFolder, unwritable } from '../kit/folders.ts';
import { openMemory } from '../kit/memory.ts';
import { beginTwin, openInFolder, type ListeningTwin } from '../kit/open.ts';
import { TwinServer } from '../kit/server.ts';
import { ArtworkReader } from './artwork.ts';
import { Books } from './books.ts';
import type { Plan } from './pieces.ts';
import { LEDGER_VERSION, type Commit, type Entry } from './entries.ts';
import { Intake } from './intake.ts';
import { ledgerPath } from './ledger.ts';
import { manifestPart, partPath } from './manifest.ts';
import { settle, type PrintShopOptions, type Settings } from './options.ts';
import { Press } from './press.ts';
import { createApp } from './server.ts';
import type { Shop } from './shop-interface.ts';
import { Tracking } from './tracking.ts';
import { createWebhooks } from './webhooks.ts';

/** Throws `TwinError`, whose `exitCode` says what kind of trouble it is. */
export async function startPrintShop(options: PrintShopOptions): Promise<ListeningTwin> {
  const settings = settle(options);
  const output = resolve(settings.folder);
  const own = join(output, 'shop');
  const parts = join(own, 'manifest');
  makeFolder(output);
  makeFolder(parts, 0o700);
  return await openInFolder(
    { folder: output, own, what: 'print shop' },
    async (unlock) => await open(settings, { output, parts, ledger: ledgerPath(output) }, unlock),
  );
}

async function open(
  settings: Settings,
  paths: { output: string; parts: string; ledger: string },
  unlock: () => Promise<void>,
): Promise<ListeningTwin> {
  const { log } = settings;
  await removeUnfinished(paths.output).catch(unwritable(paths.output));
  await removeUnfinished(paths.parts).catch(unwritable(paths.output));
  const books = new Books();
  const clock = new TwinClock(settings.daysPerSecond);
  const lostParts: { readonly file: number; readonly rows: string }[] = [];
  books.onPrinted = (plan: Plan): void => {
    if (!existsSync(partPath(paths.parts, plan.file)))
      lostParts.push({ file: plan.file, rows: manifestPart(plan) });
  };
  const { ledger, isNew, breakage, broken, onError } = await openMemory<Entry>({
    path: paths.ledger,
    folder: paths.output,
    words: { twin: 'shop', entry: 'piece' },
    whose: 'a print shop',
    clock,
    apply: (entry) => books.apply(entry),
    log,
  });
  books.onPrinted = () => undefined;
  books.live = true;

  let durableEvents = books.events.length;
  const commit: Commit = async (entry, stamp = clock.now()) => {
    const whole = { ...entry, ...stamp } as Entry;
    books.apply(whole);
    const seen = books.events.length;
    await ledger.append(whole);
    durableEvents = Math.max(durableEvents, seen);
    webhooks.wake();
  };
  const artwork = new ArtworkReader(settings.artwork.map((directory) => resolve(directory)));
  const tracking = new Tracking(books, clock, commit, settings);
  const folders = { output: paths.output, parts: paths.parts };
  const press = new Press({
    books,
    clock,
    commit,
    artwork,
    tracking,
    onError,
    options: { folders, printAfterMs: settings.printAfterMs, collect: settings.collect },
  });
  const webhooks = createWebhooks(books, commit, () => durableEvents, settings);
  const server = new TwinServer();

  const shop: Shop = {
    settings,
    books,
    clock,
    faults: new Faults(),
    intake: new Intake(
      { books, clock, artwork, commit, settled: () => ledger.settled() },
      settings,
    ),
    press,
    commit,
    settled: () => ledger.settled(),
    get durableEvents() {
      return durableEvents;
    },
    get broken() {
      return breakage();
    },
    get closing() {
      return server.closing;
    },
    get webhooks() {
      const { url, organizations } = books.webhook;
      return { url, organizations, failing: webhooks.failing };
    },
    async turnClock(days) {
      clock.advance(days);
      await commit({ kind: 'turned', days });
      await tracking.catchUp();
    },
    async redirectWebhooks(url, organizations) {
      await commit({ kind: 'webhook', url, organizations, from: 'request' });
      webhooks.redirect();
    },
    attend: (request, incoming) => server.attend(request, incoming),
    pause: (ms) => server.pause(ms),
  };
  return await beginTwin(server, {
    async begin() {
      await refuseForeignFiles(paths.output, books);
      if (isNew) await commit({ kind: 'opened', version: LEDGER_VERSION, ledger: randomUUID() });
      // Given on the command line as before, it does not undo what a request has said since.
      if (settings.webhook !== null && settings.webhook !== books.webhook.started) {
        await commit({ kind: 'webhook', url: settings.webhook, from: 'start' });
      }
      for (const { file, rows } of lostParts)
        await writeAtomically(partPath(paths.parts, file), [rows]);
      await server.listen(createApp(shop), settings.port);
      tracking.start(onError);
      await press.start();
      webhooks.start(onError);
      if (books.size > 0)
        log(
          `${books.size} pieces in the ledger, ${books.waitingSheets.size} cards wait to be printed`,
        );
    },
    async end() {
      await press.stop();
      await tracking.stop();
      await webhooks.stop();
      await ledger.close();
    },
    unlock,
    ledger: () => books.ledger,
    broken,
  });
}

/**
 * PDFs that the ledger does not know: it was lost, or is an old copy, and numbering on from it
 * would print cards again and over others.
 */
async function refuseForeignFiles(output: string, books: Books): Promise<void> {
  for (const name of (await readdir(output)).toSorted()) {
    const file = Number(/^cards-(\d+)\.pdf$/.exec(name)?.[1] ?? 0);
    if (file < books.nextFile || file === books.openPlan?.file) continue;
    throw new TwinError(
      exitCodes.badData,
      `The folder ${output} holds ${name}, which its ledger does not know: ` +
        `the ledger is lost or old. ` +
        `Nothing was changed. Restore ${join('shop', 'ledger.ndjson')}, or use another folder.`,
    );
  }
}
