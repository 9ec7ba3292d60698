/** What prints in a demonstration: the print shop, or the twin of a provider. */
import type { Sql } from '@postrider/runner/database';
import type { Project } from '@postrider/runner/project';
import { type CampaignFile, readCampaignFile } from '../campaign-file/read.ts';
import { openTwin, requireSameTwin } from '../lob-twin/beside-command.ts';
import { connectTwin, TWIN_CONNECTION, type TwinAccount } from '../lob-twin/connection.ts';
import { twinFolder } from '../lob-twin/note.ts';
import { openShop } from '../print-shop/beside-command.ts';
import { printsDirectory } from '../print-shop/own-shop.ts';
import type { Cli } from '../program/cli.ts';
import type { TwinName } from '../twins/names.ts';
import { exampleCampaign } from './checkout.ts';
import { readCards } from './cards.ts';

/** Of the twins those that the example is mailed through. */
export const printerKinds = ['print-shop', 'lob'] as const satisfies readonly TwinName[];
export type PrinterKind = (typeof printerKinds)[number];

/** A printer as a demonstration needs it, whether it started it or found it running. */
export interface OpenPrinter {
  /** What it keeps its cards in. */
  readonly folder: string;
  /** Why its cards are not received while somebody waits for them; null where they are. */
  readonly slowBecause: string | null;
  /** Throws where it has ended by itself. */
  assertOpen(): void;
  /** Before the campaign that names it is applied: makes what that needs. */
  prepare(organizationId: string): Promise<void>;
  /** Tells it that we listen at this address. */
  redirect(organizationId: string, root: string): Promise<void>;
  /** The mailpiece of every card that it has made. */
  cards(): Promise<readonly string[]>;
  /** The project's own folder: cards of another database do not belong there. */
  readonly own: CardFolder;
  /** Ends it, or leaves it as it was where it ran already. */
  stop(): Promise<void>;
}

export interface CardFolder {
  readonly folder: string;
  cards(): Promise<readonly string[]>;
}

export interface OpenWith {
  readonly cli: Cli;
  readonly project: Project;
  readonly sql: Sql;
  /** Null: nobody asked for a pace. */
  readonly daysPerSecond: number | null;
}

export interface DemoPrinter {
  /** On screen, in at most eleven letters. */
  readonly title: string;
  /** What is said of it there once it is open. */
  readonly does: string;
  /** How the same demonstration is given again. */
  readonly command: string;
  /** In its folder: the list of its cards. */
  readonly manifest: string;
  /** The example, as this printer prints it. */
  file(): Promise<CampaignFile>;
  open(given: OpenWith): Promise<OpenPrinter>;
}

export const demoPrinters: Readonly<Record<PrinterKind, DemoPrinter>> = {
  'print-shop': {
    title: 'print shop',
    does: 'prints into',
    command: 'demo',
    manifest: 'manifest.csv',
    file: async () => await readCampaignFile(exampleCampaign),
    open: openPrintShop,
  },
  lob: {
    title: 'twin of Lob',
    does: 'stands in for Lob, and keeps its ledger in',
    command: 'demo --printer lob',
    manifest: 'ledger.ndjson',
    file: fileForLob,
    open: openLobTwin,
  },
};

/** Folders of cards that belong to the database of this project. */
export function cardFolders(project: Project): readonly string[] {
  return [printsDirectory(project), twinFolder(project)];
}

async function openPrintShop({ cli, project, sql, daysPerSecond }: OpenWith): Promise<OpenPrinter> {
  const shop = await openShop(cli, project, sql, daysPerSecond);
  const { definition } = await readCampaignFile(exampleCampaign);
  const prints = printsDirectory(project);
  return {
    ...shop,
    prepare: async () => await Promise.resolve(),
    redirect: async (organizationId, root) =>
      await shop.redirect(
        organizationId,
        `${root}/webhooks/${organizationId}/${definition.printer_name}`,
      ),
    cards: async () => await readCards(shop.folder),
    own: { folder: prints, cards: async () => await readCards(prints) },
  };
}

/** Unless told otherwise: a card takes six business days. */
const LOB_DAYS_PER_SECOND = 4;
/** Shorter than the lease of a demonstration. */
const LOB_TIMEOUT_MS = 10_000;

/**
 * The people of the example, as customers of an organization of its own: nobody of one
 * demonstration is left out because the other has mailed them.
 */
async function fileForLob(): Promise<CampaignFile> {
  const file = await readCampaignFile(exampleCampaign);
  const { definition } = file;
  // The twin shows what it has made at once.
  const printer = {
    kind: 'lob',
    connection: TWIN_CONNECTION,
    timeoutMs: LOB_TIMEOUT_MS,
    readLagMs: 0,
  };
  return {
    ...file,
    organization: `${file.organization} (Lob)`,
    definition: {
      ...definition,
      name: `${definition.name}-lob`,
      printer_name: TWIN_CONNECTION,
      integrations: { ...definition.integrations, printer },
    },
  };
}

async function openLobTwin({ cli, project, sql, daysPerSecond }: OpenWith): Promise<OpenPrinter> {
  const twin = await openTwin(cli, project, daysPerSecond ?? LOB_DAYS_PER_SECOND);
  let account: TwinAccount | null = null;
  const own: CardFolder = { folder: twin.folder, cards: async () => await twin.pieces() };
  return {
    ...own,
    own,
    slowBecause: null,
    assertOpen: () => twin.assertOpen(),
    async prepare(organizationId) {
      await requireSameTwin(project, sql, twin, { organizationId, name: TWIN_CONNECTION });
      account = await connectTwin(project, sql, { organizationId, url: twin.url });
    },
    async redirect(_organizationId, root) {
      if (account === null) throw new Error('its connection is made first');
      await twin.redirect(`${root}/webhooks/${TWIN_CONNECTION}/${account.endpointId}`);
    },
    stop: async () => await twin.stop(),
  };
}
