/**
 * Opens the file of an audience, says clearly what is wrong with it, and notices when it changes
 * while it is read: a person missing from a half-written export must not count as having left the
 * segment.
 */
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { AudienceSourceError } from '@postrider/core/ports';

export const encodings = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] as const;
export type Encoding = (typeof encodings)[number];

const chunkBytes = 128 * 1024;

export interface SourceFile {
  /** The first 64 KiB as text, without a byte order mark: enough to look at the header. */
  readonly head: string;
  /** The whole file as UTF-8. A byte order mark is left in. */
  stream(signal: AbortSignal): Readable;
  /** Throws where the file is not what it was when it was opened. */
  assertUnchanged(): Promise<void>;
  close(): Promise<void>;
}

export async function openSource(path: string, encoding: Encoding): Promise<SourceFile> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw new AudienceSourceError(`${path}: ${explain(error)}`, { cause: error });
  });
  try {
    const before = await handle.stat({ bigint: true });
    if (before.isDirectory())
      throw new AudienceSourceError(`${path}: is a directory; name the file in it`);
    if (before.isFile() && before.size === 0n)
      throw new AudienceSourceError(
        `${path}: the file is empty; even an empty segment has a header line`,
      );
    const buffer = Buffer.alloc(65_536);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    const bytes = buffer.subarray(0, bytesRead);
    refuseOtherFormats(path, bytes);
    // The mark at the beginning of a file is right, whatever was said of it.
    const told = markedEncoding(bytes) ?? encoding;
    if (told === 'utf-8') refuseUnmarked(path, bytes);
    return {
      head: new TextDecoder(told).decode(bytes),
      stream: (signal) => readFrom(handle, told, signal),
      async assertUnchanged() {
        const after = await handle.stat({ bigint: true });
        // A replaced file (rename) leaves our handle on the old, whole one; only writing in place
        // is dangerous.
        if (after.size !== before.size || after.mtimeNs !== before.mtimeNs) {
          throw new AudienceSourceError(
            `${path}: the file was changed while it was read; nobody was taken as having left, sync again`,
          );
        }
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error instanceof AudienceSourceError
      ? error
      : new AudienceSourceError(`${path}: ${explain(error)}`, { cause: error });
  }
}

// Read by hand: destroying a stream of the handle closes the handle, which is needed afterwards to
// see whether the file was changed.
function readFrom(handle: FileHandle, encoding: Encoding, signal: AbortSignal): Readable {
  async function* chunks(): AsyncGenerator<Buffer> {
    const decoder = encoding === 'utf-8' ? null : new TextDecoder(encoding);
    for (let position = 0; ;) {
      signal.throwIfAborted();
      const buffer = Buffer.allocUnsafe(chunkBytes);
      const { bytesRead } = await handle.read(buffer, 0, chunkBytes, position);
      if (bytesRead === 0) break;
      position += bytesRead;
      const bytes = buffer.subarray(0, bytesRead);
      yield decoder === null ? bytes : Buffer.from(decoder.decode(bytes, { stream: true }));
    }
    const rest = decoder?.decode() ?? '';
    if (rest !== '') yield Buffer.from(rest);
  }
  return Readable.from(chunks(), { objectMode: false, highWaterMark: chunkBytes });
}

/** What programs call `.csv` or `.xls` as well. */
const formats: readonly (readonly [RegExp, string])[] = [
  [/^%PDF-/, 'a PDF'],
  [/^(?:<!doctype html|<html|<head|<body|<table|<meta)/i, 'a page of HTML, and no list'],
  [/^<\?xml|^<Workbook/i, 'XML, and no list'],
  [/^\{\\rtf/, 'a text of a word processor (rtf)'],
];

function refuseOtherFormats(path: string, bytes: Buffer): void {
  const starts = (...magic: number[]): boolean =>
    magic.every((byte, index) => bytes[index] === byte);
  if (starts(0x1f, 0x8b))
    throw new AudienceSourceError(`${path}: is compressed with gzip; unpack it first (gunzip)`);
  if (starts(0x50, 0x4b, 0x03, 0x04)) {
    throw new AudienceSourceError(
      `${path}: is a zip archive or a spreadsheet (xlsx); export it as CSV in UTF-8`,
    );
  }
  if (starts(0xd0, 0xcf, 0x11, 0xe0))
    throw new AudienceSourceError(
      `${path}: is an old spreadsheet (xls); export it as CSV in UTF-8`,
    );
  const text = new TextDecoder().decode(bytes.subarray(0, 512)).trimStart();
  const format = formats.find(([begins]) => begins.test(text))?.[1];
  if (format !== undefined)
    throw new AudienceSourceError(`${path}: is ${format}; export the list as CSV in UTF-8`);
  if (starts(0xff, 0xfe, 0, 0) || starts(0, 0, 0xfe, 0xff))
    throw new AudienceSourceError(`${path}: is UTF-32; save it as UTF-8`);
}

function markedEncoding(bytes: Buffer): Encoding | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 'utf-8' : null;
}

/** UTF-16 without a mark: of a header in Latin letters every other byte is zero. */
function refuseUnmarked(path: string, bytes: Buffer): void {
  const head = bytes.subarray(0, 64);
  const zeros = [0, 1].map((offset) => head.filter((byte, at) => at % 2 === offset && byte === 0));
  const [even, odd] = [zeros[0]?.length ?? 0, zeros[1]?.length ?? 0];
  if (Math.max(even, odd) < 4 || Math.min(even, odd) > 0) return;
  throw new AudienceSourceError(
    `${path}: looks like UTF-16 without a byte order mark; save it as UTF-8, or set encoding: ${odd > 0 ? 'utf-16le' : 'utf-16be'}`,
  );
}

/** What a file system error means to the person who wrote the path. */
export function explain(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ENOENT':
      return 'no such file; relative paths start at the folder of the campaign file';
    case 'EACCES':
    case 'EPERM':
      return 'no right to read it; the runner reads it as the user it runs as';
    case 'EISDIR':
      return 'is a directory; name the file in it';
    case 'ENOTDIR':
      return 'a part of the path is a file, not a folder';
    case 'EMFILE':
    case 'ENFILE':
      return 'too many open files on this machine; try again, or raise the limit (ulimit -n)';
    default:
      return `cannot be read (${code || (error instanceof Error ? error.message : String(error))})`;
  }
}
