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
import type { IncomingMessage, Server } from 'node:http';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAdaptorServer } from '@hono/node-server';
import { ArtworkReader } from './artwork.ts';
import { Books, type Plan } from './books.ts';
import { ShopClock } from './clock.ts';
import { LEDGER_VERSION, type Commit, type Entry } from './entries.ts';
import { exitCodes, hasCode, messageOf, ShopError } from './errors.ts';
import { Faults } from './faults.ts';
import { removeUnfinished, writeAtomically } from './files.ts';
import { lockFolder } from './folder-lock.ts';
import { makeFolder } from './folders.ts';
import { Intake } from './intake.ts';
import { Ledger, ledgerPath } from './ledger.ts';
import { manifestPart, partPath } from './manifest.ts';
import { settle, type PrintShopOptions, type Settings } from './options.ts';
import { Press } from './press.ts';
import { createApp, type Shop } from './server.ts';
import { Tracking } from './tracking.ts';
import { Webhooks } from './webhooks.ts';

const HOST = '127.0.0.1';
/**
 * Longer than the pools of clients keep a connection: the shop never hangs up on a request that is
 * just being sent.
 */
const KEEP_ALIVE_MS = 120_000;
const ANSWER_MS = 500;

export interface RunningPrintShop {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  /** The id of its ledger. */
  readonly ledger: string;
  /** Resolves when the shop can no longer write; it answers 503 until it is stopped. */
  readonly broken: Promise<ShopError>;
  /** Finishes what is being written and leaves the rest in the ledger. */
  stop(): Promise<void>;
}

/** Throws `ShopError`, whose `exitCode` says what kind of trouble it is. */
export async function startPrintShop(options: PrintShopOptions): Promise<RunningPrintShop> {
  const settings = settle(options);
  const output = resolve(settings.folder);
  const own = join(output, 'shop');
  const parts = join(own, 'manifest');
  makeFolder(output);
  makeFolder(parts, 0o700);
  const lock = await lockFolder(join(own, 'lock')).catch(unwritable(output));
  try {
    return await open(settings, { output, parts, ledger: ledgerPath(output) }, () =>
      lock.release(),
    );
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function open(
  settings: Settings,
  paths: { output: string; parts: string; ledger: string },
  unlock: () => Promise<void>,
): Promise<RunningPrintShop> {
  const { log } = settings;
  await removeUnfinished(paths.output).catch(unwritable(paths.output));
  await removeUnfinished(paths.parts).catch(unwritable(paths.output));
  const books = new Books();
  const clock = new ShopClock(settings.daysPerSecond);
  const lostParts: { readonly file: number; readonly rows: string }[] = [];
  books.onPrinted = (plan: Plan): void => {
    if (!existsSync(partPath(paths.parts, plan.file)))
      lostParts.push({ file: plan.file, rows: manifestPart(plan) });
  };
  const broken = Promise.withResolvers<ShopError>();
  let breakage: ShopError | null = null;
  let entries = 0;
  const ledger = await Ledger.open<Entry>(
    paths.ledger,
    (entry) => {
      if (entries === 0 && entry.kind !== 'opened')
        throw new Error('it does not begin as a ledger of a print shop does');
      entries += 1;
      books.apply(entry);
      clock.resume(entry, entry.kind === 'turned' ? entry.days : 0);
    },
    (error) => {
      breakage = error;
      log(error.message);
      broken.resolve(error);
    },
  ).catch(unwritable(paths.output));
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
  const onError = (error: unknown): void => {
    if (error !== breakage) log(messageOf(error));
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
  const webhookOptions = {
    secret: settings.webhookSecret,
    duplicates: settings.webhookDuplicates,
    shuffle: settings.webhookShuffle,
  };
  const webhooks = new Webhooks(books, commit, () => durableEvents, webhookOptions, log);
  const closed = Promise.withResolvers<void>();
  const requests = new Map<Promise<void>, IncomingMessage>();
  let closing = false;

  const shop: Shop = {
    settings,
    books,
    clock,
    faults: new Faults(),
    intake: new Intake(books, clock, artwork, commit, () => ledger.settled(), settings),
    press,
    commit,
    settled: () => ledger.settled(),
    get durableEvents() {
      return durableEvents;
    },
    get broken() {
      return breakage;
    },
    get closing() {
      return closing;
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
    async attend(request, incoming) {
      requests.set(request, incoming);
      await request.finally(() => requests.delete(request));
    },
    pause: (ms) => {
      const { promise, resolve: end } = Promise.withResolvers<void>();
      const timer = Number.isFinite(ms) ? setTimeout(end, ms) : undefined;
      void closed.promise.then(end);
      return promise.finally(() => clearTimeout(timer));
    },
  };

  const server = createAdaptorServer({
    fetch: createApp(shop).fetch,
    overrideGlobalObjects: false,
  }) as Server;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const stopParts = async (): Promise<void> => {
    // Whoever is still sending gets a moment. Nothing of such a request was done.
    const patience = setTimeout(() => {
      for (const incoming of requests.values()) if (!incoming.complete) incoming.destroy();
    }, ANSWER_MS);
    await Promise.allSettled(requests.keys());
    clearTimeout(patience);
    await press.stop();
    await tracking.stop();
    await webhooks.stop();
    await ledger.close();
  };
  try {
    await refuseForeignFiles(paths.output, books);
    if (entries === 0)
      await commit({ kind: 'opened', version: LEDGER_VERSION, ledger: randomUUID() });
    // Given on the command line as before, it does not undo what a request has said since.
    if (settings.webhook !== null && settings.webhook !== books.webhook.started) {
      await commit({ kind: 'webhook', url: settings.webhook, from: 'start' });
    }
    for (const { file, rows } of lostParts)
      await writeAtomically(partPath(paths.parts, file), [rows]);
    await listen(server, settings.port);
    tracking.start(onError);
    await press.start();
    webhooks.start(onError);
  } catch (error) {
    server.close();
    await stopParts();
    throw error;
  }
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : settings.port;
  if (books.size > 0)
    log(`${books.size} pieces in the ledger, ${books.waitingSheets.size} cards wait to be printed`);

  let stopping: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    closing = true;
    closed.resolve();
    const ended = new Promise<void>((end) => server.close(() => end()));
    server.closeIdleConnections();
    await stopParts();
    // Answers that are just being sent get a moment; who holds a connection open for nothing does
    // not.
    await Promise.race([ended, sleep(ANSWER_MS, undefined, { ref: false })]);
    server.closeAllConnections();
    await ended;
    await unlock();
  };
  return {
    url: `http://${HOST}:${port}`,
    port,
    ledger: books.ledger,
    broken: broken.promise,
    stop: () => (stopping ??= stop()),
  };
}

/**
 * PDFs that the ledger does not know: it was lost, or is an old copy, and numbering on from it
 * would print cards again and over others.
 */
async function refuseForeignFiles(output: string, books: Books): Promise<void> {
  for (const name of (await readdir(output)).toSorted()) {
    const file = Number(/^cards-(\d+)\.pdf$/.exec(name)?.[1] ?? 0);
    if (file < books.nextFile || file === books.openPlan?.file) continue;
    throw new ShopError(
      exitCodes.badData,
      `The folder ${output} holds ${name}, which its ledger does not know: the ledger is lost or old. ` +
        `Nothing was changed. Restore ${join('shop', 'ledger.ndjson')}, or use another folder.`,
    );
  }
}

async function listen(server: Server, port: number): Promise<void> {
  if (port !== 0 && (await isBlocked(port))) {
    throw new ShopError(
      exitCodes.unavailable,
      `Port ${port} of ${HOST} is one that HTTP clients do not connect to. Choose another with --port, or 0 for any.`,
    );
  }
  const { promise, resolve: listening, reject } = Promise.withResolvers<void>();
  server.once('error', (error) => {
    const why = hasCode(error, 'EADDRINUSE') ? 'is in use' : `cannot be used: ${messageOf(error)}`;
    reject(
      new ShopError(
        exitCodes.unavailable,
        `Port ${port} of ${HOST} ${why}. Choose another with --port, or 0 for any.`,
        { cause: error },
      ),
    );
  });
  server.listen(port, HOST, listening);
  await promise;
}

/**
 * Fetch connects to some ports (22, 6000, …) never, whoever listens there: a shop there would be
 * open, and found by nobody.
 */
async function isBlocked(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://${HOST}:${port}`, {
      method: 'HEAD',
      signal: AbortSignal.timeout(1000),
    });
    await answer.body?.cancel();
    return false;
  } catch (error) {
    return (
      error instanceof Error && error.cause instanceof Error && error.cause.message === 'bad port'
    );
  }
}

function unwritable(folder: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof ShopError) throw error;
    throw new ShopError(
      exitCodes.cannotCreate,
      `The folder ${folder} cannot be used: ${messageOf(error)}. Nothing was accepted.`,
      {
        cause: error,
      },
    );
  };
}
