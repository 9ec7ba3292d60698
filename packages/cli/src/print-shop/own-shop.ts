/**
 * The print shop of the project itself: where it is, and where it reports to. The process that
 * starts it writes its address down, a process that sends cards reads it, and a runner tells it
 * where it listens. So a campaign file needs no address that changes with every start.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError, exitCodes } from '@postrider/runner/process';
import type { Project } from '@postrider/runner/project';
import { z } from 'zod';

export const TOKEN = 'PRINT_SHOP_TOKEN';
export const WEBHOOK_SECRET = 'PRINT_SHOP_WEBHOOK_SECRET';
const TIMEOUT_MS = 3000;
/** A PDF of 500 cards takes about a second, and a day may have many. */
const PRINTING_MS = 10 * 60_000;

export interface OwnPrintShop {
  readonly url: string;
  /** Null where it is not ours to stop: PRINT_SHOP_URL names it. */
  readonly pid: number | null;
  /**
   * The id of the ledger that knows our cards. Null where we cannot know: PRINT_SHOP_URL names it.
   */
  readonly ledger: string | null;
}

/** As the process that started it wrote it down. */
export interface NotedPrintShop extends OwnPrintShop {
  readonly pid: number;
  /** Null: that of `printsDirectory`, wherever the project is by now. */
  readonly folder: string | null;
  /** Null: as fast as real days. */
  readonly daysPerSecond: number | null;
  /** Full files only, until they are closed. */
  readonly collect?: boolean;
  /** Started by a command that takes it with it when it ends: nobody else should rely on it. */
  readonly endsWithCommand?: boolean;
  /**
   * What the next start in a folder goes on with, by its way from the project. Not a
   * demonstration's: that has a pace of its own.
   */
  readonly goesOn?: Readonly<Record<string, SettingsInForce>>;
}

export type SettingsInForce = Pick<NotedPrintShop, 'daysPerSecond'> & { readonly collect: boolean };

/**
 * Where the cards of this project go; it may have ended since. Null: no shop was ever started here.
 */
export function ownPrintShop(
  project: Project,
  env: NodeJS.ProcessEnv = process.env,
): OwnPrintShop | null {
  const given = env['PRINT_SHOP_URL']?.trim();
  if (given !== undefined && given !== '') return { url: given, pid: null, ledger: null };
  return notedPrintShop(project);
}

/** As it was written down last. Null: it was never started here. */
export function notedPrintShop(project: Project): NotedPrintShop | null {
  try {
    const {
      url,
      pid,
      ledger = null,
      folder = null,
      daysPerSecond = null,
      collect = false,
      endsWithCommand = false,
      goesOn = {},
    } = JSON.parse(readFileSync(noteOf(project), 'utf8')) as Partial<NotedPrintShop>;
    return typeof url === 'string' && typeof pid === 'number'
      ? { url, pid, ledger, folder, daysPerSecond, collect, endsWithCommand, goesOn }
      : null;
  } catch {
    return null;
  }
}

/** Where it prints unless told. */
export function printsDirectory({ directory }: Project): string {
  return join(directory, 'out', 'print-shop');
}

/** The folder that it prints into. */
export function folderOf(project: Project, noted: NotedPrintShop | null): string {
  return noted?.folder ?? printsDirectory(project);
}

export function notePrintShop(project: Project, shop: NotedPrintShop): void {
  const file = noteOf(project);
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, `${JSON.stringify(shop)}\n`);
  renameSync(draft, file);
}

function noteOf(project: Project): string {
  return project.stateFile('print-shop.json');
}

/** Whether the shop answers, and to our token: another program may have its port by now. */
export async function isAnswering(project: Project, url: string): Promise<boolean> {
  return (await ask(project, url, { path: '/v1/events?limit=1' })) !== null;
}

const webhookState = z.object({
  organizations: z.record(z.string(), z.string()),
  /** Organizations whose address takes nothing now. */
  failing: z.record(z.string(), z.string()),
});

/**
 * Where it sends the webhooks of each organization. Null where it does not answer, or something
 * else does.
 */
export async function askWebhooks(
  project: Project,
  url: string,
): Promise<z.infer<typeof webhookState> | null> {
  const answer = await ask(project, url, { path: '/v1/webhook' });
  try {
    return webhookState.parse(JSON.parse(answer ?? ''));
  } catch {
    return null;
  }
}

/** Tells it where to send the webhooks of each organization. False where it does not answer. */
export async function setWebhookUrls(
  project: Project,
  url: string,
  organizations: Readonly<Record<string, string>>,
): Promise<boolean> {
  return (
    (await ask(project, url, { path: '/v1/webhook', body: { url: null, organizations } })) !== null
  );
}

const pressState = z.object({
  waiting: z.number(),
  collect: z.boolean(),
  daysPerSecond: z.number(),
});

/** How it prints, and how many cards wait for it. Null where it does not answer, or cannot tell. */
export async function askPress(
  project: Project,
  url: string,
): Promise<z.infer<typeof pressState> | null> {
  const answer = await ask(project, url, { path: '/v1/print' });
  try {
    return pressState.parse(JSON.parse(answer ?? ''));
  } catch {
    return null;
  }
}

const printed = z.object({
  files: z.array(z.object({ file: z.string(), cards: z.number() })),
  failed: z.number(),
});
const refusal = z.object({ message: z.string() });

/** Has it print what waits. Throws `UserError` where it cannot, or does not answer. */
export async function printNow(project: Project, url: string): Promise<z.infer<typeof printed>> {
  try {
    const response = await request(project, url, {
      path: '/v1/print',
      body: {},
      timeoutMs: PRINTING_MS,
    });
    const answer: unknown = await response?.json();
    if (response?.ok === true) return printed.parse(answer);
    throw new Error(refusal.safeParse(answer).data?.message ?? 'it refuses our token');
  } catch (error) {
    const alive = await isAnswering(project, url);
    const why = alive
      ? error instanceof Error
        ? error.message
        : String(error)
      : 'it has ended meanwhile';
    throw new UserError(
      exitCodes.unavailable,
      `the print shop has not closed its files: ${why}`,
      'no card is lost, and none is printed twice: ' +
        (alive
          ? 'the same command goes on'
          : '`postrider print-shop start`, and then the same command, goes on'),
      error,
    );
  }
}

interface ShopRequest {
  readonly path: string;
  /** Undefined: it is only asked. */
  readonly body: unknown;
  readonly timeoutMs: number;
}

async function request(
  project: Project,
  url: string,
  { path, body, timeoutMs }: ShopRequest,
): Promise<Response | null> {
  const token = project.secret(TOKEN);
  if (token === undefined) return null;
  return await fetch(`${url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  });
}

/** The body of an answer that is 2xx; null otherwise. */
async function ask(
  project: Project,
  url: string,
  { path, body }: { readonly path: string; readonly body?: unknown },
): Promise<string | null> {
  try {
    const response = await request(project, url, { path, body, timeoutMs: TIMEOUT_MS });
    if (response === null) return null;
    if (response.ok) return await response.text();
    await response.body?.cancel();
    return null;
  } catch {
    return null;
  }
}
