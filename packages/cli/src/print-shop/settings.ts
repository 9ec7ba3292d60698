/** How the print shop is started: what was asked for, and what it goes on with from last time. */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import type { Project } from '@postrider/runner/project';
import { makeFolder } from '@postrider/twins';
import type { PrintShopOptions } from '@postrider/twins/print-shop';
import {
  folderOf,
  notedPrintShop,
  notePrintShop,
  printsDirectory,
  TOKEN,
  WEBHOOK_SECRET,
  type NotedPrintShop,
  type SettingsInForce,
} from './own-shop.ts';

/** A shop whose runner was killed finishes its PDF before it lets go of the folder. */
export const PATIENCE_MS = 15_000;

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

export function folderFor(project: Project, settings: ShopSettings): string {
  return settings.folder === null
    ? folderOf(project, notedPrintShop(project))
    : resolve(settings.folder);
}

/**
 * What is not told goes on as it was in the same folder: a start after a crash prints no batch that
 * nobody has closed.
 */
export function settingsInForce(project: Project, settings: ShopSettings): SettingsInForce {
  const last =
    notedPrintShop(project)?.goesOn?.[relative(project.directory, folderFor(project, settings))];
  return {
    daysPerSecond: settings.daysPerSecond ?? last?.daysPerSecond ?? null,
    collect: settings.collect ?? last?.collect ?? false,
  };
}

export interface ShopNote extends Pick<NotedPrintShop, 'endsWithCommand'> {
  /** What the next start in the folder goes on with. */
  readonly goesOn: SettingsInForce;
}

export function noteShop(
  project: Project,
  options: PrintShopOptions,
  { url, ledger, pid }: { readonly url: string; readonly ledger: string; readonly pid: number },
  { goesOn, endsWithCommand = false }: ShopNote,
): void {
  const folder = options.folder === printsDirectory(project) ? null : options.folder;
  const { daysPerSecond = null, collect = false } = options;
  const known = notedPrintShop(project)?.goesOn;
  notePrintShop(project, {
    url,
    pid,
    ledger,
    folder,
    daysPerSecond,
    collect,
    endsWithCommand,
    goesOn: { ...known, [relative(project.directory, options.folder)]: goesOn },
  });
}

/** Token and webhook secret are made once for the project, and kept in var/secrets. */
export function optionsOf(project: Project, settings: ShopSettings): PrintShopOptions {
  const folder = folderFor(project, settings);
  const { daysPerSecond, collect } = settingsInForce(project, settings);
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
