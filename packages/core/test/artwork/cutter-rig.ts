/** Cutters, files and hosts for the tests of what is read. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ArtworkError, type ArtworkCutter } from '../../src/ports/index.ts';
import {
  createArtworkCutter,
  type ArtworkCutterOptions,
} from '../../src/runtime/artwork/cutter.ts';
import { inheriting } from './made-pdfs.ts';

export const root = await mkdtemp(join(tmpdir(), 'postrider-artwork-'));
after(() => rm(root, { recursive: true, force: true }));
export const [allowed, elsewhere] = [join(root, 'allowed'), join(root, 'elsewhere')];
await mkdir(allowed);
await mkdir(elsewhere);

export function cutter(options: Partial<ArtworkCutterOptions> = {}): ArtworkCutter {
  return createArtworkCutter({ folders: [allowed], ...options });
}

export async function kept(name: string, bytes: Uint8Array, folder = allowed): Promise<string> {
  await writeFile(join(folder, name), bytes);
  return pathToFileURL(join(folder, name)).href;
}

export async function served(
  answer: RequestListener,
): Promise<AsyncDisposable & { readonly url: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Fails with a sentence that fits, and that is in one line. */
export async function refuses(
  cut: Promise<unknown>,
  kind: ArtworkError['kind'],
  sentence: RegExp,
): Promise<string> {
  const error = await cut.then(
    () => assert.fail('it was cut'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ArtworkError, String(error));
  assert.equal(error.kind, kind, error.message);
  assert.match(error.message, sentence);
  assert.doesNotMatch(error.message, /\n|undefined|\[object/);
  return error.message;
}

export const pdf = inheriting(6);
