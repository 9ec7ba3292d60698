/**
 * Takes single pages out of documents that hold many cards (docs/adr/0030).
 *
 * Nothing is kept of what was cut: the same page of the same document is the same bytes, in any
 * process and on any day.
 */
import { createHash } from 'node:crypto';
import {
  ArtworkError,
  type ArtworkCutter,
  type ArtworkFile,
  type ArtworkPage,
  type MediaType,
} from '../../ports/index.ts';
import { ArtworkDocuments, type ArtworkDocument } from './artwork-documents.ts';
import { nameOf } from './artwork-sources.ts';
import { cutPages } from './pdf-cut.ts';
import { PdfError } from './pdf-syntax.ts';

export interface ArtworkCutterOptions {
  /** Folders below which `file:` URLs may lead. */
  readonly folders: readonly string[];
  /** Ends what is being fetched. */
  readonly signal?: AbortSignal;
  /** A whole fetch over HTTP; shorter than a printer may be silent. */
  readonly timeoutMs?: number;
  /** A document in bytes, at most. */
  readonly largest?: number;
  /** Of documents that are kept in memory. */
  readonly keptBytes?: number;
}

const MB = 1024 * 1024;

const never = new AbortController().signal;

/** As a pipeline has one: for the tests of an adapter. */
export function createArtworkCutter(options: ArtworkCutterOptions): ArtworkCutter {
  return new Cutter(options);
}

class Cutter implements ArtworkCutter {
  readonly #documents: ArtworkDocuments;

  constructor(options: ArtworkCutterOptions) {
    const {
      folders,
      signal = never,
      timeoutMs = 20_000,
      largest = 128 * MB,
      keptBytes = 64 * MB,
    } = options;
    this.#documents = new ArtworkDocuments({ folders, signal, timeoutMs, largest }, keptBytes);
  }

  async cut(pages: readonly ArtworkPage[]): Promise<ArtworkFile> {
    const [first] = pages;
    if (first === undefined) throw new RangeError('no page was asked for');
    const found = await Promise.all(
      pages.map(async (page) => ({ ...page, document: await this.#documents.get(page) })),
    );
    for (const { url, document } of found) {
      const picture = pictureType(document);
      if (picture === null) continue;
      if (found.length > 1)
        throw unusable(url, 'it is a picture, which is not put together with other pages');
      if (first.page !== 1) throw unusable(url, `it has no page ${first.page}: it is a picture`);
      return { mediaType: picture, bytes: document.bytes, hash: document.hash };
    }
    const bytes = cutFound(found);
    return {
      mediaType: 'application/pdf',
      bytes,
      hash: createHash('sha256').update(bytes).digest('hex'),
    };
  }
}

interface Found extends ArtworkPage {
  readonly document: ArtworkDocument;
}

function cutFound(found: readonly Found[]): Buffer {
  const cut = (some: readonly Found[]): Buffer =>
    cutPages(some.map(({ document, page }) => ({ source: document.source(), page })));
  try {
    return cut(found);
  } catch (error) {
    if (!(error instanceof PdfError)) throw error;
    throw unusable(culprit(found, cut).url, error.message);
  }
}

/** Of several pages, the one that cannot be cut by itself; the first where each can. */
function culprit(found: readonly Found[], cut: (some: readonly Found[]) => Buffer): Found {
  const [first] = found;
  for (const one of found) {
    try {
      cut([one]);
    } catch {
      return one;
    }
  }
  return first as Found;
}

function unusable(url: string, why: string): ArtworkError {
  return new ArtworkError('unusable', `${nameOf(url)} cannot be used: ${why}`);
}

/** Null where it is no picture. */
function pictureType({ bytes }: ArtworkDocument): MediaType | null {
  if (bytes.subarray(0, 8).equals(PNG)) return 'image/png';
  return bytes.subarray(0, 3).equals(JPEG) ? 'image/jpeg' : null;
}

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const JPEG = Buffer.from([0xff, 0xd8, 0xff]);
