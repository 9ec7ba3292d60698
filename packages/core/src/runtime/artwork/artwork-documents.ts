/**
 * Documents in memory, each fetched and parsed once for however many cards are in it: who asks
 * while it is fetched waits for the same one. Bounded by bytes; the one that was used least lately
 * goes first.
 */
import { createHash } from 'node:crypto';
import { ArtworkError, type ArtworkPage } from '../../ports/index.ts';
import { fetchDocument, identityOf, nameOf, type SourceLimits } from './artwork-sources.ts';
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

  /**
   * The document as it was proofed; without a hash, as it is now. What is in memory and was proofed
   * need not be looked at again. Throws `ArtworkError`.
   */
  async get({ url, hash = null }: ArtworkPage): Promise<ArtworkDocument> {
    if (hash === null) return await this.#current(url);
    const known = this.#known.get(url);
    const kept = await known?.document.catch(() => null);
    if (known !== undefined && kept?.hash === hash) return await this.#use(url, known);
    // What is served shows not that it has changed since it was fetched for another card.
    this.#known.delete(url);
    const now = await this.#current(url);
    if (now.hash === hash) return now;
    this.#known.delete(url);
    throw new ArtworkError(
      'unusable',
      `${nameOf(url)} cannot be used: it is not what was proofed, since its bytes are others. ` +
        'Nothing was printed of it; put the document back, or have its cards proofed again',
    );
  }

  async #current(url: string): Promise<ArtworkDocument> {
    const identity = await identityOf(url, this.#limits);
    const known = this.#known.get(url);
    return await this.#use(url, known?.identity === identity ? known : this.#fetch(url, identity));
  }

  /** Used last: evicted last. */
  #use(url: string, known: Known): Promise<ArtworkDocument> {
    this.#known.delete(url);
    this.#known.set(url, known);
    return known.document;
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
