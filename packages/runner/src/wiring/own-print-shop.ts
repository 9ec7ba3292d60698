/**
 * The print shop of the project itself: where it is, and where it reports to. Whoever starts it writes its address down, whoever sends cards reads it, and a
 * runner tells it where it listens. So a campaign file needs no address that changes with every start.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Project } from '../config/project.ts';

export const TOKEN = 'PRINT_SHOP_TOKEN';
export const WEBHOOK_SECRET = 'PRINT_SHOP_WEBHOOK_SECRET';
const TIMEOUT_MS = 3000;

export interface OwnPrintShop {
  readonly url: string;
  /** Null where it is not ours to stop: PRINT_SHOP_URL names it. */
  readonly pid: number | null;
}

/** As it was written down last; it may have ended since. Null: it was never started here. */
export function ownPrintShop(project: Project, env: NodeJS.ProcessEnv = process.env): OwnPrintShop | null {
  const given = env['PRINT_SHOP_URL']?.trim();
  if (given !== undefined && given !== '') return { url: given, pid: null };
  try {
    const noted = JSON.parse(readFileSync(noteOf(project), 'utf8')) as Partial<OwnPrintShop>;
    return typeof noted.url === 'string' && typeof noted.pid === 'number' ? { url: noted.url, pid: noted.pid } : null;
  } catch {
    return null;
  }
}

export function notePrintShop(project: Project, shop: { readonly url: string; readonly pid: number }): void {
  const file = noteOf(project);
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, `${JSON.stringify({ url: shop.url, pid: shop.pid })}\n`);
  renameSync(draft, file);
}

function noteOf(project: Project): string {
  return project.stateFile('print-shop.json');
}

/** Whether the shop answers, and to our token: another program may have its port by now. */
export async function answers(project: Project, url: string): Promise<boolean> {
  return (await ask(project, url, '/v1/events?limit=1'))?.ok === true;
}

/** Tells it where to send its webhooks; null: nowhere. False where it does not answer. */
export async function tellWebhook(project: Project, url: string, webhook: string | null): Promise<boolean> {
  return (await ask(project, url, '/v1/webhook', { url: webhook }))?.ok === true;
}

async function ask(project: Project, url: string, path: string, body?: unknown): Promise<Response | null> {
  const token = project.secret(TOKEN);
  if (token === undefined) return null;
  try {
    const response = await fetch(`${url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response;
  } catch {
    return null;
  }
}
