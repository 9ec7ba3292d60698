/** The folder print shop of the project: as a process beside the demonstration, or by itself in the foreground. */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { ShopError, spawnPrintShop, startPrintShop, type PrintShopOptions, type SpawnedPrintShop } from '@postrider/twins';
import type { Cli } from '../cli/cli.ts';
import { openDatabase } from '../cli/database.ts';
import { CliError } from '../cli/errors.ts';
import { exitCodes } from '../cli/exit-codes.ts';
import { printerNamed } from '../cli/names.ts';
import type { Project } from '../config/project.ts';
import { notePrintShopUrl } from '../wiring/print-shop-address.ts';

export const TOKEN = 'PRINT_SHOP_TOKEN';
export const WEBHOOK_SECRET = 'PRINT_SHOP_WEBHOOK_SECRET';
const FOLDER_IN_USE = 75;
/** A shop whose runner was killed finishes its PDF before it lets go of the folder. */
const PATIENCE_MS = 15_000;

/** Token and webhook secret, made once for the project. */
function secrets(project: Project): { token: string; webhookSecret: string } {
  return {
    token: project.ensureSecret(TOKEN, () => randomBytes(24).toString('base64url')),
    webhookSecret: project.ensureSecret(WEBHOOK_SECRET, () => `whsec_${randomBytes(32).toString('base64')}`),
  };
}

async function optionsOf(project: Project, folder: string, daysPerSecond: number | null): Promise<PrintShopOptions> {
  await mkdir(project.proofsDirectory, { recursive: true });
  await mkdir(folder, { recursive: true });
  return { folder, artwork: [project.proofsDirectory], ...secrets(project), ...(daysPerSecond === null ? {} : { daysPerSecond }) };
}

export interface DemoShop {
  readonly url: string;
  /** Where it is told to send its webhooks. */
  redirect(webhook: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the shop as a process that ends with this one, however that ends. Throws `ShopError`. */
export async function openShop(cli: Cli, project: Project, daysPerSecond: number): Promise<DemoShop> {
  const options = await optionsOf(project, project.printsDirectory, daysPerSecond);
  const shop = await spawnWhenFree(cli, options);
  notePrintShopUrl(project, shop.url);
  return {
    url: shop.url,
    redirect: async (url) => {
      const response = await fetch(`${shop.url}/v1/webhook`, {
        method: 'POST',
        headers: { authorization: `Bearer ${options.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ url }),
      });
      if (!response.ok) throw new CliError(exitCodes.unavailable, `the print shop does not take the address of its webhooks: ${await response.text()}`);
    },
    stop: async () => await shop.stop(),
  };
}

async function spawnWhenFree(cli: Cli, options: PrintShopOptions): Promise<SpawnedPrintShop> {
  const deadline = Date.now() + PATIENCE_MS;
  for (let said = false; ; said = true) {
    try {
      return await spawnPrintShop({ ...options, log: (line) => cli.out.detail(`print shop: ${line}`) });
    } catch (error) {
      if (!(error instanceof ShopError) || error.exitCode !== FOLDER_IN_USE || Date.now() > deadline) throw error;
      if (!said) cli.out.note('another print shop still works in this folder; waiting until it is done');
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
}

export interface PrintShopRun {
  readonly folder: string | null;
  readonly port: number;
  readonly daysPerSecond: number | null;
  readonly printer: string;
  readonly organization: string | undefined;
}

/** Runs until it is told to stop. */
export async function runPrintShop(cli: Cli, run: PrintShopRun): Promise<void> {
  const project = await cli.project();
  const { host, port } = project.settings.http;
  const webhook = await webhookOf(cli, run, `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`);
  const options = await optionsOf(project, run.folder ?? project.printsDirectory, run.daysPerSecond);
  const stopped = new Promise<void>((resolve) => cli.signals.catch(() => resolve()));
  const shop = await startPrintShop({ ...options, port: run.port, webhook, log: (line) => cli.out.note(`print shop: ${line}`) });
  notePrintShopUrl(project, shop.url);
  if (cli.out.json) cli.out.emit({ event: 'ready', url: shop.url, folder: options.folder, webhook });
  else cli.out.note(`${cli.out.tint('green', 'open')}: takes cards on ${shop.url}, prints into ${options.folder}, reports to ${webhook}. Ctrl-C stops`);
  const broken = await Promise.race([stopped.then(() => null), shop.broken]);
  await shop.stop();
  if (broken !== null) throw broken;
  cli.out.note('closed; what waits is in its ledger');
  if (cli.signals.received === 'SIGINT') process.exitCode = 130;
}

async function webhookOf(cli: Cli, run: PrintShopRun, runner: string): Promise<string> {
  await using database = await openDatabase(cli);
  const printer = await printerNamed(database.sql, run.printer, run.organization);
  return `${runner}/webhooks/${printer.organizationId}/${printer.name}`;
}
