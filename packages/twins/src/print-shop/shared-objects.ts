/**
 * Finds equal objects among those copied from several PDFs and keeps one of each.
 *
 * Cards come in documents of some fifty, and each document carries its own copy of the photograph
 * and the fonts. Two objects are equal when their content is, references counted by what they lead
 * to; so each object is hashed with the hashes of what it refers to in place of the references.
 * Pages are left alone: two cards may look the same, and are still two sheets.
 */
import { createHash } from 'node:crypto';
import {
  PDFArray,
  PDFDict,
  PDFName,
  PDFPageLeaf,
  PDFRawStream,
  PDFRef,
  PDFStream,
  type PDFContext,
  type PDFObject,
} from 'pdf-lib';

export class SharedObjects {
  readonly #context: PDFContext;
  readonly #byHash = new Map<string, PDFRef>();
  readonly #hashes = new Map<PDFRef, string>();
  #absorbed = 0;

  constructor(context: PDFContext) {
    this.#context = context;
    this.#absorbed = context.largestObjectNumber;
  }

  /** Takes in the objects that came since the last call. */
  absorb(): void {
    const fresh = this.#context
      .enumerateIndirectObjects()
      .filter(([ref]) => ref.objectNumber > this.#absorbed);
    this.#absorbed = this.#context.largestObjectNumber;
    const twins = new Map<PDFRef, PDFRef>();
    for (const [ref, object] of fresh) {
      if (object instanceof PDFPageLeaf) continue;
      const hash = this.#hashOf(ref);
      const first = this.#byHash.get(hash);
      if (first === undefined) this.#byHash.set(hash, ref);
      else twins.set(ref, first);
    }
    if (twins.size === 0) return;
    for (const twin of twins.keys()) this.#context.delete(twin);
    for (const [ref, object] of fresh) if (!twins.has(ref)) redirect(object, twins);
  }

  #hashOf(ref: PDFRef): string {
    const known = this.#hashes.get(ref);
    if (known !== undefined) return known;
    // Met again while it is being hashed: a cycle. Its name stands for it, so that nothing in the
    // cycle equals anything else.
    this.#hashes.set(ref, `cycle ${ref.tag}`);
    const object = this.#context.lookup(ref);
    const hash = createHash('sha256').update(
      measured(object === undefined ? `nothing ${ref.tag}` : this.#describe(object, ref)),
    );
    if (object instanceof PDFRawStream) hash.update(object.contents);
    const digest = hash.digest('base64url');
    this.#hashes.set(ref, digest);
    return digest;
  }

  #describe(object: PDFObject, owner: PDFRef): string {
    if (object instanceof PDFRef) return `ref ${this.#hashOf(object)}`;
    if (object instanceof PDFPageLeaf) return `page ${owner.tag}`;
    if (object instanceof PDFRawStream) return `stream ${this.#describe(object.dict, owner)}`;
    if (object instanceof PDFStream) return `other stream ${owner.tag}`;
    if (object instanceof PDFDict) {
      const entries = object
        .entries()
        .map(([key, value]) => measured(key.toString()) + measured(this.#describe(value, owner)));
      return `dict ${entries.toSorted().join('')}`;
    }
    if (object instanceof PDFArray)
      return `array ${object
        .asArray()
        .map((value) => measured(this.#describe(value, owner)))
        .join('')}`;
    return `${object instanceof PDFName ? 'name' : 'value'} ${object.toString()}`;
  }
}

/** With its length in front, so that no text in a PDF can pass for the structure around it. */
function measured(text: string): string {
  return `${text.length}:${text}`;
}

function redirect(object: PDFObject, twins: ReadonlyMap<PDFRef, PDFRef>): void {
  if (object instanceof PDFStream) return redirect(object.dict, twins);
  if (object instanceof PDFDict) {
    for (const [key, value] of object.entries()) {
      const first = value instanceof PDFRef ? twins.get(value) : undefined;
      if (first === undefined) redirect(value, twins);
      else object.set(key, first);
    }
  } else if (object instanceof PDFArray) {
    for (const [index, value] of object.asArray().entries()) {
      const first = value instanceof PDFRef ? twins.get(value) : undefined;
      if (first === undefined) redirect(value, twins);
      else object.set(index, first);
    }
  }
}
