/** The print shop as a process beside a command, which ends with it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from '@postrider/runner/database';
import { exitCodes, UserError } from '@postrider/runner/process';
import type { Project } from '@postrider/runner/project';
import { TwinError } from '@postrider/twins';
import {
  spawnPrintShop,
  type PrintShopOptions,
  type SpawnedPrintShop,
} from '@postrider/twins/print-shop';
import type { Cli } from '../program/cli.ts';
import { requireSameLedger } from './ledger.ts';
import type { OpenShop } from './open-shop.ts';
import { printsDirectory, setWebhookUrls } from './own-shop.ts';
import { joinRunningShop, slowBecause } from './running-shop.ts';
import { PATIENCE_MS, settingsInForce, noteShop, optionsOf } from './settings.ts';

const FOLDER_IN_USE = 75;

/** Unless told otherwise: a card takes six days. */
const DAYS_PER_SECOND = 4;

/**
 * The shop that runs already, or one that is started as a process that ends with this one, however
 * that ends. `daysPerSecond`: null where nobody asked for a pace. Throws `TwinError`.
 */
export async function openShop(
  cli: Cli,
  project: Project,
  sql: Sql,
  daysPerSecond: number | null,
): Promise<OpenShop> {
  return (
    (await joinRunningShop(cli, project, daysPerSecond)) ??
    (await startShop(cli, project, sql, daysPerSecond ?? DAYS_PER_SECOND))
  );
}

async function startShop(
  cli: Cli,
  project: Project,
  sql: Sql,
  daysPerSecond: number,
): Promise<OpenShop> {
  const folder = printsDirectory(project);
  await requireSameLedger(cli, project, folder, sql);
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
  // A demonstration has a pace of its own: the next start goes on as before it.
  const asBefore = { folder, port: null, daysPerSecond: null, collect: null, yes: false };
  const goesOn = settingsInForce(project, asBefore);
  noteShop(project, options, shop, { goesOn, endsWithCommand: true });
  let ended: TwinError | null = null;
  void shop.exited.then(({ code, signal }) => {
    // Ended by somebody, it said nothing of it.
    const why = code === null || code === 0 ? (signal ?? 'somebody stopped it') : said;
    ended = new TwinError(
      code === null || code === 0 ? exitCodes.unavailable : code,
      `the print shop has ended: ${why}`,
    );
  });
  return {
    url: shop.url,
    folder,
    slowBecause: slowBecause({ daysPerSecond, collect: false }),
    assertOpen: () => {
      if (ended !== null) throw ended;
    },
    redirect: async (organizationId, webhook) => {
      if (await setWebhookUrls(project, shop.url, { [organizationId]: webhook })) return;
      throw new UserError(
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
      if (!(error instanceof TwinError) || error.exitCode !== FOLDER_IN_USE) throw error;
      if (Date.now() > deadline)
        throw new UserError(
          exitCodes.tryLater,
          error.message,
          '`postrider print-shop stop` ends one in the background; ' +
            'another demonstration may be running',
          error,
        );
      if (!said)
        cli.out.note('another print shop still works in this folder; waiting until it is done');
      await sleep(300);
    }
  }
}
