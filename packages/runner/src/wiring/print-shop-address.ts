/** Where the project's own print shop is: whoever starts it writes its address down, and whoever sends cards reads it. */
import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Project } from '../config/project.ts';

const name = 'print-shop.url';

/** Null: it was never started here, and PRINT_SHOP_URL is not set. */
export function printShopUrl(project: Project, env: NodeJS.ProcessEnv = process.env): string | null {
  const given = env['PRINT_SHOP_URL']?.trim();
  if (given !== undefined && given !== '') return given;
  try {
    return readFileSync(project.stateFile(name), 'utf8').trim() || null;
  } catch {
    return null;
  }
}

export function notePrintShopUrl(project: Project, url: string): void {
  const file = project.stateFile(name);
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, `${url}\n`);
  renameSync(draft, file);
}
