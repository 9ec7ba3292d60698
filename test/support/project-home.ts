import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A project directory that goes with the test. */
export function projectHome(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'postrider-cli-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
