import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { AdapterWiring } from '@postrider/core/ports';

const root = await mkdtemp(join(tmpdir(), 'postrider-adapters-'));
after(() => rm(root, { recursive: true, force: true }));

/** A folder of its own, gone when the tests of the file are over. */
export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(root, 'test-'));
}

export function wiringAt(
  folder: string,
  secrets: Readonly<Record<string, string>> = {},
): AdapterWiring {
  return {
    baseDirectory: folder,
    dataDirectory: join(folder, 'data'),
    secret: (name) => secrets[name],
  };
}
