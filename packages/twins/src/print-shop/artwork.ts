/**
 * Reads artwork: PDFs below the directories that the shop was given, and nothing else on the disk.
 * Symbolic links are resolved first, so that a link inside an allowed directory does not lead out
 * of it.
 *
 * Each piece names a page of a document that it shares with its cohort, so a document is parsed
 * once and remembered by path, time and size. What is remembered is the page sizes and the sha256,
 * not the document: the press reads it again, and refuses it where the hash has changed since the
 * card was accepted.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasCode, messageOf } from '../kit/errors.ts';
import { ArtworkError } from './errors.ts';
import type { PageSize } from './formats.ts';
import type { FrozenDocument } from './sheets.ts';

const LARGEST = 256 * 1024 * 1024;
const REMEMBERED = 500;

export interface ArtworkDocument {
  readonly sha256: string;
  readonly pages: readonly PageSize[];
}

export class ArtworkReader {
  readonly #directories: readonly string[];
  readonly #known = new Map<string, Promise<ArtworkDocument>>();

  constructor(directories: readonly string[]) {
    this.#directories = directories;
  }

  /** Page sizes and hash of a document. Throws `ArtworkError`. */
  async inspect(url: string): Promise<ArtworkDocument> {
    const path = await this.#resolve(url);
    const { mtimeNs, size, ino } = await stat(path, { bigint: true }).catch(unreadable(url));
    const identity = `${path} ${mtimeNs} ${size} ${ino}`;
    const known = this.#known.get(identity);
    if (known !== undefined) return known;
    const document = readDocument(path, url);
    this.#known.set(identity, document);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= REMEMBERED) break;
      this.#known.delete(oldest);
    }
    document.catch(() => this.#known.delete(identity));
    return document;
  }

  /**
   * Throws `ArtworkError` where the document is not what it was. Cheap: a file that was not touched
   * is not read.
   */
  async check({ url, sha256 }: FrozenDocument): Promise<void> {
    if ((await this.inspect(url)).sha256 !== sha256) throw changed(url);
  }

  /** The bytes of a document, which must still be what they were. Throws `ArtworkError`. */
  async read({ url, sha256 }: FrozenDocument): Promise<Uint8Array> {
    const bytes = await readBytes(await this.#resolve(url), url);
    if (hash(bytes) !== sha256) throw changed(url);
    return bytes;
  }

  async #resolve(url: string): Promise<string> {
    if (this.#directories.length === 0) {
      throw new ArtworkError(
        'artwork_not_allowed',
        'This shop reads no artwork: start it with --artwork <directory>',
      );
    }
    const path = pathOf(url);
    // Whether a file outside exists is nobody's business, so a missing one is looked for by its
    // name alone.
    const real = await realpath(path).catch(() => null);
    for (const directory of this.#directories) {
      const root = await realpath(directory).catch(() => null);
      if (root === null) continue;
      if (real !== null && isBelow(root, real)) return real;
      if (real === null && (isBelow(root, path) || isBelow(directory, path)))
        throw new ArtworkError('bad_artwork', `${url} does not exist`);
    }
    throw new ArtworkError(
      'artwork_not_allowed',
      `${url} is not below a directory that this shop may read (--artwork)`,
    );
  }
}

function pathOf(url: string): string {
  if (!URL.canParse(url) || new URL(url).protocol !== 'file:') {
    throw new ArtworkError(
      'artwork_not_allowed',
      `${url.slice(0, 200)} is not a file: URL, and this shop takes no other`,
    );
  }
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new ArtworkError(
      'artwork_not_allowed',
      `${url} does not name a file of this machine: ${messageOf(error)}`,
    );
  }
}

function isBelow(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

async function readDocument(path: string, url: string): Promise<ArtworkDocument> {
  const bytes = await readBytes(path, url);
  // Imported when it is needed, as in `compose.ts`.
  const { pageSizes } = await import('./sheets.ts');
  try {
    return { sha256: hash(bytes), pages: await pageSizes(bytes) };
  } catch (error) {
    throw new ArtworkError('bad_artwork', `${url} cannot be read as a PDF: ${messageOf(error)}`);
  }
}

async function readBytes(path: string, url: string): Promise<Uint8Array> {
  // Not blocking, so that a FIFO does not hold the shop; not following, so that the path checked is
  // the path opened.
  const file = await open(
    path,
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  ).catch(unreadable(url));
  try {
    const { size } = await file
      .stat()
      .then((found) => (found.isFile() ? found : Promise.reject(new Error('it is not a file'))));
    if (size > LARGEST) throw new Error(`it is larger than ${LARGEST / 1024 / 1024} MB`);
    return await file.readFile();
  } catch (error) {
    return unreadable(url)(error);
  } finally {
    await file.close();
  }
}

function changed(url: string): ArtworkError {
  return new ArtworkError('bad_artwork', `${url} is not what it was when the card was accepted`);
}

function unreadable(url: string): (error: unknown) => never {
  return (error) => {
    throw new ArtworkError(
      'bad_artwork',
      hasCode(error, 'ENOENT')
        ? `${url} does not exist`
        : `${url} cannot be read: ${messageOf(error)}`,
    );
  };
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url');
}
