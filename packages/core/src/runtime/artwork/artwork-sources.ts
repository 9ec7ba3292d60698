/**
 * Fetches documents: files below the folders that were named, and what an image host serves. What
 * is said of a document names it without anything by which it could be fetched: a link may carry a
 * token.
 */
import { constants } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../../common/message-of.ts';
import { ArtworkError } from '../../ports/index.ts';

export interface SourceLimits {
  /** Folders below which `file:` URLs may lead; links are followed first. */
  readonly folders: readonly string[];
  /** A document in bytes, at most. */
  readonly largest: number;
  /** A whole fetch over HTTP. */
  readonly timeoutMs: number;
  /** Ends fetches. */
  readonly signal: AbortSignal;
}

/** Address and path, without a query, a fragment, a user or a password. */
export function nameOf(url: string): string {
  if (!URL.canParse(url)) return 'a document whose address is no URL';
  const { protocol, host, pathname } = new URL(url);
  const name = protocol === 'file:' || host !== '' ? `${protocol}//${host}${pathname}` : protocol;
  return name.length <= 300 ? name : `${name.slice(0, 200)}…${name.slice(-60)}`;
}

export function unreachable(url: string, why: string): ArtworkError {
  return new ArtworkError('unreachable', `${nameOf(url)} cannot be read: ${why}`);
}

function gone(url: string, why: string): ArtworkError {
  return new ArtworkError('gone', `${nameOf(url)} cannot be read: ${why}`);
}

/**
 * What changes when a file is written again; for what is served there is no such sign. Throws
 * `ArtworkError`.
 */
export async function identityOf(url: string, limits: SourceLimits): Promise<string> {
  const path = pathOf(url);
  if (path === null) return '';
  const found = await stat(path, { bigint: true }).catch(failed(url));
  if (found === null) return await missing(path, url, limits);
  const { mtimeNs, size, ino } = found;
  return `${mtimeNs} ${size} ${ino}`;
}

/** The bytes of a document. Throws `ArtworkError`. */
export async function fetchDocument(url: string, limits: SourceLimits): Promise<Buffer> {
  const path = pathOf(url);
  if (path !== null) return await readFileBelow(path, url, limits);
  if (URL.canParse(url)) {
    const { protocol } = new URL(url);
    if (protocol === 'https:' || protocol === 'http:') return await download(url, limits);
    throw unreachable(url, `${protocol} is not fetched, only file:, https: and http:`);
  }
  throw unreachable(url, 'nothing was fetched');
}

/** Null where it is no `file:` URL. */
function pathOf(url: string): string | null {
  if (!URL.canParse(url) || new URL(url).protocol !== 'file:') return null;
  try {
    return fileURLToPath(url);
  } catch {
    throw unreachable(url, 'it names no file of this machine');
  }
}

async function readFileBelow(path: string, url: string, limits: SourceLimits): Promise<Buffer> {
  const real = await realpath(path).catch(failed(url));
  if (real === null) return await missing(path, url, limits);
  await requireBelow(real, url, limits);
  // Not blocking, so that a FIFO does not hold the runner; not following, so that the path that was
  // looked at is the path that is opened.
  const file = await open(
    real,
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  ).catch(failed(url));
  if (file === null) return await missing(path, url, limits);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw unreachable(url, 'it is not a file');
    if (found.size > limits.largest) throw tooLarge(url, limits);
    return await file.readFile();
  } catch (error) {
    throw failure(url, error);
  } finally {
    await file.close();
  }
}

/**
 * A file that is not there is gone where its folder is there and may be read: else a disk may not
 * be mounted.
 */
async function missing(path: string, url: string, limits: SourceLimits): Promise<never> {
  const folder = await realpath(dirname(path)).catch(() => null);
  if (folder === null) throw unreachable(url, 'it does not exist, nor does its folder');
  await requireBelow(join(folder, basename(path)), url, limits);
  throw gone(url, 'it does not exist');
}

async function requireBelow(real: string, url: string, { folders }: SourceLimits): Promise<void> {
  for (const folder of folders) {
    const root = await realpath(folder).catch(() => null);
    if (root === null) continue;
    const way = relative(root, real);
    if (way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)) return;
  }
  throw unreachable(
    url,
    folders.length === 0
      ? 'this pipeline reads no files as artwork (its option artworkFolders names no folder)'
      : 'it is not below a folder from which this pipeline reads artwork ' +
          '(its option artworkFolders)',
  );
}

async function download(url: string, limits: SourceLimits): Promise<Buffer> {
  const { username, password } = new URL(url);
  // fetch refuses it, too, in a sentence with the password in it.
  if (username !== '' || password !== '')
    throw unreachable(url, 'its address has a user or a password in it');
  const timeout = AbortSignal.timeout(limits.timeoutMs);
  try {
    const response = await fetch(url, {
      // Followed, it would lead to a host that nobody chose.
      redirect: 'manual',
      headers: { accept: 'application/pdf, image/png, image/jpeg' },
      signal: AbortSignal.any([limits.signal, timeout]),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      const { status } = response;
      const isRedirect = status >= 300 && status < 400;
      throw (status === 404 || status === 410 ? gone : unreachable)(
        url,
        `its host answers with ${status}` +
          (isRedirect ? ', a redirect, which is not followed' : ''),
      );
    }
    return await bodyOf(response, url, limits);
  } catch (error) {
    if (limits.signal.aborted) throw unreachable(url, 'the runner stops');
    if (timeout.aborted)
      throw unreachable(url, `its host did not answer in ${limits.timeoutMs / 1000} s`);
    throw failure(url, error);
  }
}

async function bodyOf(response: Response, url: string, limits: SourceLimits): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  // Left early, the rest is not fetched.
  for await (const chunk of response.body ?? []) {
    total += chunk.length;
    if (total > limits.largest) throw tooLarge(url, limits);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(url: string, { largest }: SourceLimits): ArtworkError {
  return new ArtworkError(
    'unusable',
    `${nameOf(url)} cannot be used: it is larger than ${Math.floor(largest / 1024 / 1024)} MB`,
  );
}

/** Null of what does not exist. */
function failed(url: string): (error: unknown) => null {
  return (error) => {
    if ((error as NodeJS.ErrnoException | null)?.code === 'ENOENT') return null;
    throw failure(url, error);
  };
}

function failure(url: string, error: unknown): ArtworkError {
  return error instanceof ArtworkError ? error : unreachable(url, messageOf(error));
}
