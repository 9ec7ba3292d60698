/**
 * Documents in memory, each fetched and parsed once for however many cards are in it: who asks
 * while it is fetched waits for the same one. Bounded by bytes; the one that was used least lately
 * goes first.
 */
import { createHash } from 'node:crypto';
import { fetchDocument, identityOf, type SourceLimits } from './artwork-sources.ts';
import { PdfSource } from './pdf-cut.ts';
import { PdfFile } from './pdf-file.ts';

export interface ArtworkDocument {
  readonly bytes: Buffer;
  /** SHA-256, in hex. */
  readonly hash: string;
  /** Parses it when first asked; throws `PdfError`. */
  source(): PdfSource;
}

interface Known {
  readonly identity: string;
  readonly document: Promise<ArtworkDocument>;
  /** In bytes; 0 while it is fetched. */
  size: number;
}

export class ArtworkDocuments {
  readonly #limits: SourceLimits;
  readonly #mostBytes: number;
  readonly #known = new Map<string, Known>();

  /** @param mostBytes of all that are kept; one is kept, however large. */
  constructor(limits: SourceLimits, mostBytes: number) {
    this.#limits = limits;
    this.#mostBytes = mostBytes;
  }

  /** The document as it is now. Throws `ArtworkError`. */
  async get(url: string): Promise<ArtworkDocument> {
    const identity = await identityOf(url);
    let known = this.#known.get(url);
    if (known === undefined || known.identity !== identity) known = this.#fetch(url, identity);
    // Used last: evicted last.
    this.#known.delete(url);
    this.#known.set(url, known);
    return await known.document;
  }

  #fetch(url: string, identity: string): Known {
    const known: Known = { identity, document: this.#read(url), size: 0 };
    known.document.then(
      ({ bytes }) => {
        known.size = bytes.length;
        this.#evict();
      },
      () => {
        // Asked for again, it is tried again.
        if (this.#known.get(url) === known) this.#known.delete(url);
      },
    );
    return known;
  }

  async #read(url: string): Promise<ArtworkDocument> {
    const bytes = await fetchDocument(url, this.#limits);
    const hash = createHash('sha256').update(bytes).digest('hex');
    let source: PdfSource | null = null;
    return { bytes, hash, source: () => (source ??= new PdfSource(new PdfFile(bytes))) };
  }

  #evict(): void {
    let total = 0;
    for (const { size } of this.#known.values()) total += size;
    for (const [url, { size }] of this.#known) {
      if (total <= this.#mostBytes || this.#known.size === 1) return;
      this.#known.delete(url);
      total -= size;
    }
  }
}
