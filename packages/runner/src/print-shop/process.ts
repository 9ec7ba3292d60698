/**
 * The folder print shop of the project: as a process beside the demonstration, in the background,
 * or in the foreground.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  makeFolder,
  ShopError,
  spawnPrintShop,
  startPrintShop,
  type PrintShopOptions,
  type SpawnedPrintShop,
} from '@postrider/twins';
import type { Cli } from '../cli/cli.ts';
import type { Sql } from '../cli/database.ts';
import { CliError } from '../cli/errors.ts';
import { exitCodes, type ExitCode } from '../cli/exit-codes.ts';
import { count } from '../cli/text.ts';
import type { Project } from '../config/project.ts';
import { endForSure } from './ending.ts';
import { requireSameLedger } from './ledger.ts';
import {
  answers,
  folderOf,
  notedPrintShop,
  notePrintShop,
  ownPrintShop,
  printNow,
  tellWebhooks,
  TOKEN,
  WEBHOOK_SECRET,
  type GoesOn,
  type NotedPrintShop,
} from './own.ts';

const FOLDER_IN_USE = 75;
/** A shop whose runner was killed finishes its PDF before it lets go of the folder. */
const PATIENCE_MS = 15_000;

export interface ShopSettings {
  /** Null: where it printed last, at first out/print-shop of the project. */
  readonly folder: string | null;
  /** Null: any free one. */
  readonly port: number | null;
  /** Null: as it was started last in this folder, at first as fast as real days. */
  readonly daysPerSecond: number | null;
  /**
   * Full files only, until they are closed. Null: as it was started last in this folder, at first
   * not.
   */
  readonly collect: boolean | null;
  /** With another ledger also where cards may be printed twice. */
  readonly yes: boolean;
}

function folderFor(project: Project, settings: ShopSettings): string {
  return settings.folder === null
    ? folderOf(project, notedPrintShop(project))
    : resolve(settings.folder);
}

/**
 * What is not told goes on as it was in the same folder: a start after a crash prints no batch that
 * nobody has closed.
 */
function goingOn(project: Project, settings: ShopSettings): GoesOn {
  const last =
    notedPrintShop(project)?.goesOn?.[relative(project.directory, folderFor(project, settings))];
  return {
    daysPerSecond: settings.daysPerSecond ?? last?.daysPerSecond ?? null,
    collect: settings.collect ?? last?.collect ?? false,
  };
}

function note(
  project: Project,
  options: PrintShopOptions,
  { url, ledger }: { readonly url: string; readonly ledger: string },
  pid: number,
  goesOn: GoesOn,
): void {
  const folder = options.folder === project.printsDirectory ? null : options.folder;
  const { daysPerSecond = null, collect = false } = options;
  const known = notedPrintShop(project)?.goesOn;
  notePrintShop(project, {
    url,
    pid,
    ledger,
    folder,
    daysPerSecond,
    collect,
    goesOn: { ...known, [relative(project.directory, options.folder)]: goesOn },
  });
}

/** Token and webhook secret are made once for the project, and kept in var/secrets. */
function optionsOf(project: Project, settings: ShopSettings): PrintShopOptions {
  const folder = folderFor(project, settings);
  const { daysPerSecond, collect } = goingOn(project, settings);
  project.makeDataDirectory();
  mkdirSync(project.proofsDirectory, { recursive: true });
  makeFolder(folder);
  return {
    folder,
    collect,
    port: settings.port ?? 0,
    artwork: [project.proofsDirectory],
    token: project.ensureSecret(TOKEN, () => randomBytes(24).toString('base64url')),
    webhookSecret: project.ensureSecret(
      WEBHOOK_SECRET,
      () => `whsec_${randomBytes(32).toString('base64')}`,
    ),
    ...(daysPerSecond === null ? {} : { daysPerSecond }),
  };
}

export interface OpenShop {
  readonly url: string;
  /** Throws where it has ended by itself, for example on a full disk, with what it said last. */
  assertOpen(): void;
  /** Tells it where to send the webhooks of an organization. */
  redirect(organizationId: string, webhook: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the shop as a process that ends with this one, however that ends. Throws `ShopError`. */
export async function openShop(
  cli: Cli,
  project: Project,
  sql: Sql,
  daysPerSecond: number,
): Promise<OpenShop> {
  const folder = project.printsDirectory;
  await requireSameLedger(cli, project, notedPrintShop(project), folder, sql);
  let said = '';
  const log = (line: string): void => {
    said = line;
    cli.out.detail(`print shop: ${line}`);
  };
  const options = {
    ...optionsOf(project, { folder, port: null, daysPerSecond, collect: false, yes: false }),
    log,
  };
  const shop = await spawnWhenFree(cli, options);
  note(
    project,
    options,
    shop,
    shop.pid,
    goingOn(project, { folder, port: null, daysPerSecond: null, collect: null, yes: false }),
  );
  let ended: ShopError | null = null;
  void shop.exited.then(({ code, signal }) => {
    // Ended by somebody, it said nothing of it.
    const why = code === null || code === 0 ? (signal ?? 'somebody stopped it') : said;
    ended = new ShopError(
      code === null || code === 0 ? exitCodes.unavailable : code,
      `the print shop has ended: ${why}`,
    );
  });
  return {
    url: shop.url,
    assertOpen: () => {
      if (ended !== null) throw ended;
    },
    redirect: async (organizationId, webhook) => {
      if (await tellWebhooks(project, shop.url, { [organizationId]: webhook })) return;
      throw new CliError(
        exitCodes.unavailable,
        'the print shop does not take the address of its webhooks',
        'nothing was mailed; the same command goes on',
      );
    },
    stop: async () => await shop.stop(),
  };
}

async function spawnWhenFree(cli: Cli, options: PrintShopOptions): Promise<SpawnedPrintShop> {
  const deadline = Date.now() + PATIENCE_MS;
  for (let said = false; ; said = true) {
    try {
      return await spawnPrintShop(options);
    } catch (error) {
      if (!(error instanceof ShopError) || error.exitCode !== FOLDER_IN_USE) throw error;
      if (Date.now() > deadline)
        throw new CliError(
          exitCodes.tryLater,
          error.message,
          '`postrider print-shop stop` ends one in the background; another demonstration may be running',
          error,
        );
      if (!said)
        cli.out.note('another print shop still works in this folder; waiting until it is done');
      await sleep(300);
    }
  }
}

export async function runInForeground(cli: Cli, settings: ShopSettings): Promise<void> {
  const project = await cli.project();
  if (!settings.yes)
    await requireSameLedger(
      cli,
      project,
      notedPrintShop(project),
      folderFor(project, settings),
      null,
    );
  const options = optionsOf(project, settings);
  const stopped = new Promise<void>((end) => cli.signals.catch(() => end()));
  const shop = await startPrintShop({
    ...options,
    log: (line) => cli.out.note(`print shop: ${line}`),
  });
  note(project, options, shop, process.pid, goingOn(project, settings));
  if (cli.out.json)
    cli.out.emit({ event: 'ready', url: shop.url, pid: process.pid, folder: options.folder });
  else
    cli.out.note(
      `${cli.out.tint('green', 'open')}: takes cards on ${shop.url}, prints into ${options.folder}. Ctrl-C stops`,
    );
  const broken = await Promise.race([stopped.then(() => null), shop.broken]);
  await shop.stop();
  if (broken !== null) throw broken;
  cli.out.note('closed; what waits is in its ledger');
  if (cli.signals.received === 'SIGINT') process.exitCode = 130;
}

/** What was asked of a start, and the shop that runs already does otherwise. */
function differences(
  project: Project,
  settings: ShopSettings,
  noted: NotedPrintShop | null,
): string[] {
  return [
    ...(settings.folder !== null && resolve(settings.folder) !== folderOf(project, noted)
      ? ['--folder']
      : []),
    ...(settings.port !== null &&
    settings.port !== 0 &&
    String(settings.port) !== new URL(noted?.url ?? 'http://127.0.0.1').port
      ? ['--port']
      : []),
    ...(settings.daysPerSecond !== null &&
    settings.daysPerSecond !== (noted?.daysPerSecond ?? 1 / 86_400)
      ? ['--days-per-second']
      : []),
    ...(settings.collect !== null && settings.collect !== (noted?.collect ?? false)
      ? [settings.collect ? '--collect' : '--no-collect']
      : []),
  ];
}

export async function startInBackground(cli: Cli, settings: ShopSettings): Promise<void> {
  const project = await cli.project();
  const known = ownPrintShop(project);
  if (known !== null && (await answers(project, known.url))) {
    const others = differences(
      project,
      settings,
      known.pid === null ? null : notedPrintShop(project),
    );
    if (others.length > 0)
      throw new CliError(
        exitCodes.tryLater,
        `a print shop runs already on ${known.url}, and not as ${others.join(' and ')} would have it`,
        '`postrider print-shop stop` ends it; then start it again. Nothing was changed',
      );
    cli.out.result({ state: 'running', started: false, ...known }, `it runs already: ${known.url}`);
    return;
  }
  const folder = folderFor(project, settings);
  const { daysPerSecond, collect } = goingOn(project, settings);
  if (!settings.yes) await requireSameLedger(cli, project, notedPrintShop(project), folder, null);
  // Said here, at once, and not by a process in the background.
  makeFolder(folder);
  const log = project.stateFile('print-shop.log');
  const file = openSync(log, 'w', 0o600);
  const flags = [
    '--folder',
    folder,
    // Asked above, once.
    '--yes',
    ...(settings.port === null ? [] : ['--port', String(settings.port)]),
    ...(daysPerSecond === null ? [] : ['--days-per-second', String(daysPerSecond)]),
    collect ? '--collect' : '--no-collect',
  ];
  const before = [
    ...(settings.collect === null && collect ? ['--collect (--no-collect ends that)'] : []),
    ...(settings.daysPerSecond === null && daysPerSecond !== null
      ? [`--days-per-second ${daysPerSecond}`]
      : []),
  ];
  if (before.length > 0) cli.out.note(`goes on as it was started last: ${before.join(', ')}`);
  const child = spawn(
    process.execPath,
    [...process.execArgv, cli.entry, 'print-shop', 'run', ...flags],
    {
      detached: true,
      stdio: ['ignore', file, file],
      env: { ...process.env, POSTRIDER_HOME: project.directory },
    },
  );
  closeSync(file);
  let ended: number | null = null;
  child.once('exit', (code) => (ended = code ?? exitCodes.failed));
  child.unref();
  for (
    const deadline = Date.now() + PATIENCE_MS;
    Date.now() < deadline && ended === null;
    await sleep(50)
  ) {
    const shop = notedPrintShop(project);
    if (shop === null || shop.pid !== child.pid || !(await answers(project, shop.url))) continue;
    cli.out.result(
      { state: 'running', started: true, ...shop, folder, log },
      `open on ${shop.url} (process ${shop.pid})\n  prints  ${folder}\n  log     ${log}`,
    );
    return;
  }
  const late =
    ended === null
      ? `the print shop was not ready within ${PATIENCE_MS / 1000} s, and was ended`
      : 'the print shop did not start';
  // Not left behind where it runs and cannot be reached.
  await endForSure(child);
  const said = readFileSync(log, 'utf8')
    .trim()
    .replace(/^postrider: /gm, '');
  const why =
    ended === null
      ? `${late}; ${said === '' ? 'it said nothing' : `it had said: ${said}`}`
      : said || late;
  throw new CliError(codeOf(ended), why, `its log is ${log}`);
}

function codeOf(ended: number | null): ExitCode {
  return (
    Object.values(exitCodes).find((code) => code === ended && code !== exitCodes.ok) ??
    exitCodes.unavailable
  );
}

export async function stopInBackground(cli: Cli): Promise<void> {
  const project = await cli.project();
  const shop = ownPrintShop(project);
  // Only a shop that knows our token: its process number may belong to somebody else by now.
  if (shop === null || shop.pid === null || !(await answers(project, shop.url))) {
    cli.out.result({ state: 'stopped', stopped: false }, 'it was not running');
    return;
  }
  process.kill(shop.pid, 'SIGTERM');
  for (
    const deadline = Date.now() + PATIENCE_MS;
    await answers(project, shop.url);
    await sleep(50)
  ) {
    if (Date.now() > deadline)
      throw new CliError(
        exitCodes.tryLater,
        `process ${shop.pid} does not end`,
        'it may be writing a large PDF: try again',
      );
  }
  cli.out.result({ state: 'stopped', stopped: true }, 'stopped; what waits is in its ledger');
}

/** Prints what waits for a file to fill up: the day's batch is whole. */
export async function closeFiles(cli: Cli): Promise<void> {
  const project = await cli.project();
  const shop = ownPrintShop(project);
  if (shop === null || !(await answers(project, shop.url)))
    throw new CliError(
      exitCodes.unavailable,
      'the print shop does not run',
      '`postrider print-shop start` starts it; what waits is in its ledger',
    );
  const { files, failed } = await printNow(project, shop.url);
  const cards = files.reduce((sum, one) => sum + one.cards, 0);
  const spoiled =
    failed === 0
      ? ''
      : `; ${count(failed, 'card')} could not be printed, the log of the print shop says why`;
  const folder = folderOf(project, notedPrintShop(project));
  cli.out.result(
    { files, cards, failed, folder },
    files.length === 0
      ? `nothing waited${spoiled}`
      : `${count(cards, 'card')} in ${count(files.length, 'file')}${spoiled}\n${files.map((one) => `  ${one.file}  ${one.cards}`).join('\n')}`,
  );
}
