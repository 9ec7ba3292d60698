/** The twin of Lob of the project itself: where it listens, what it keeps, and its secrets. */
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Project } from '@postrider/runner/project';

/** Secrets of the project, which the connection names. Neither is anybody's at Lob. */
export const KEY = 'LOB_TWIN_DEMO_KEY';
export const WEBHOOK_SECRET = 'LOB_TWIN_DEMO_WEBHOOK_SECRET';

/** As a start wrote it down. */
export interface NotedTwin {
  /** Each start takes the same one: the connection names it. */
  readonly port: number;
  /** The id of the ledger that knows our cards. */
  readonly ledger: string;
}

/** Null: it was never started here. */
export function notedTwin(project: Project): NotedTwin | null {
  try {
    const { port, ledger } = JSON.parse(
      readFileSync(project.stateFile('lob-twin.json'), 'utf8'),
    ) as Partial<NotedTwin>;
    return typeof port === 'number' && typeof ledger === 'string' ? { port, ledger } : null;
  } catch {
    return null;
  }
}

export function noteTwin(project: Project, { port, ledger }: NotedTwin): void {
  const file = project.stateFile('lob-twin.json');
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, `${JSON.stringify({ port, ledger })}\n`);
  renameSync(draft, file);
}

export function forgetTwin(project: Project): void {
  rmSync(project.stateFile('lob-twin.json'), { force: true });
}

/** Its ledger lies there. */
export function twinFolder({ directory }: Project): string {
  return join(directory, 'out', 'lob-twin');
}

/** Made once for the project, and kept in var/secrets. */
export function secretsOf(project: Project): { readonly key: string; readonly webhook: string } {
  return {
    key: project.ensureSecret(KEY, () => `live_${randomBytes(24).toString('hex')}`),
    webhook: project.ensureSecret(WEBHOOK_SECRET, () => randomBytes(32).toString('hex')),
  };
}
