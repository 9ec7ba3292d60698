/**
 * Keeps proofs as files in a folder and hands out `file:` URLs.
 *
 * A stored proof never changes: an approval may rest on it. Other bytes under a name that is taken
 * therefore get a name of their own, made from their hash, and not an error (the caller could do
 * nothing about it) and not the old place.
 */
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { extname, isAbsolute, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { takesMedia } from '@postrider/core/ports';
import type {
  AdapterWiring,
  ImageHost,
  MediaType,
  PutResult,
  RemoveResult,
  RenderedDocument,
} from '@postrider/core/ports';
import { errorCode, isPassing, writeFileAtomic } from '../kit/files.ts';
import { parseOptions } from '../kit/options.ts';
import { folderOptions } from './options.ts';

/** What a printer, or somebody who opens the file, can make something of. */
const takes: readonly MediaType[] = ['application/pdf', 'image/png', 'image/jpeg', 'text/plain'];

export function createFolderImageHost(options: unknown, wiring: AdapterWiring): ImageHost {
  const { path } = parseOptions('imageHost', folderOptions, options);
  const folder =
    path === undefined ? join(wiring.dataDirectory, 'proofs') : resolve(wiring.baseDirectory, path);

  return {
    takes,

    async put(documents, context) {
      const results: PutResult[] = [];
      for (const document of documents) {
        if (context.signal.aborted)
          results.push({
            outcome: 'retry',
            afterMs: 0,
            message: 'The runner is stopping; the document was not stored.',
          });
        else if (!takesMedia(takes, document.contentType))
          results.push({
            outcome: 'failed',
            message: `The folder takes ${takes.join(', ')}, and not ${document.contentType}.`,
          });
        else results.push(await store(folder, document));
      }
      return results;
    },

    async remove(urls, context) {
      const results: RemoveResult[] = [];
      for (const url of urls) {
        if (context.signal.aborted) {
          results.push({
            outcome: 'retry',
            afterMs: 0,
            message: 'The runner is stopping; the document was not removed.',
          });
          continue;
        }
        const file = inside(folder, url);
        if (file === null) {
          // Deleting elsewhere would be worse than leaving it.
          results.push({
            outcome: 'failed',
            message: `${url} is not in the folder ${folder}; it was not touched.`,
          });
          continue;
        }
        try {
          await rm(file, { force: true });
          results.push({ outcome: 'removed' });
        } catch (error) {
          results.push({
            outcome: 'retry',
            afterMs: 60_000,
            message: `${file} cannot be removed (${errorCode(error) || String(error)}).`,
          });
        }
      }
      return results;
    },
  };
}

async function store(folder: string, document: RenderedDocument): Promise<PutResult> {
  const hash = createHash('sha256').update(document.bytes).digest('hex');
  const name = safeName(document.name, hash);
  const file = shardedPath(folder, name);
  try {
    const present = await readIfThere(file);
    if (present === null) {
      await writeFileAtomic(file, document.bytes);
      return { outcome: 'stored', url: pathToFileURL(file).href };
    }
    if (Buffer.compare(present, document.bytes) === 0)
      return { outcome: 'stored', url: pathToFileURL(file).href };
    const extension = extname(name);
    const other = shardedPath(
      folder,
      `${name.slice(0, name.length - extension.length)}-${hash.slice(0, 16)}${extension}`,
    );
    // The name is made from the bytes: writing it again writes the same.
    await writeFileAtomic(other, document.bytes);
    return { outcome: 'stored', url: pathToFileURL(other).href };
  } catch (error) {
    const message =
      `${file} cannot be written (${errorCode(error) || String(error)}). ` +
      `The proof was not stored; free space or give the runner the right to write there.`;
    return isPassing(error)
      ? { outcome: 'retry', afterMs: 60_000, message }
      : { outcome: 'failed', message };
  }
}

/** A plain file name: no folders, no leading dot, nothing a file system or a URL stumbles over. */
function safeName(name: string, hash: string): string {
  const plain = name
    .normalize('NFC')
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/\.{2,}/g, '.')
    .replace(/^[._-]+/, '');
  if (plain !== '' && plain === name && plain.length <= 120) return plain;
  // What was changed could now clash with another document's name; the hash keeps them apart.
  const extension = extname(plain).slice(0, 12);
  const stem = plain.slice(0, plain.length - extension.length).slice(0, 80);
  return `${stem}-${hash.slice(0, 16)}${extension}`.replace(/^-/, '');
}

// 256 to 4,096 folders: a million files in one directory slow every tool that lists it.
function shardedPath(folder: string, name: string): string {
  return join(folder, name.slice(0, 2).toLowerCase().replaceAll('.', '_').padEnd(2, '_'), name);
}

async function readIfThere(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function inside(folder: string, url: string): string | null {
  let file: string;
  try {
    file = fileURLToPath(url);
  } catch {
    return null;
  }
  const way = relative(folder, file);
  return way === '' || way.startsWith('..') || isAbsolute(way) ? null : file;
}
