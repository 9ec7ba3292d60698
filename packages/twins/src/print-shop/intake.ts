/**
 * The counter: takes orders in, once each.
 *
 * Reading artwork takes time, and two requests with one key may be at it together; so everything
 * that needs to wait is done first, and then, in one step without a pause, keys are looked up and
 * the pieces entered. The answer is given when the entry is on the disk, also the answer to a
 * replay whose first request is still being written.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { ArtworkDocument, ArtworkReader } from './artwork.ts';
import { type Books } from './books.ts';
import { NOOP_ARTWORK } from './pieces.ts';
import { DAY, type TwinClock } from '../kit/clock.ts';
import type { AcceptedPiece, Commit } from './entries.ts';
import { ArtworkError } from './errors.ts';
import type { Fault } from '../kit/faults.ts';
import { formatNamed, formatNames, mailClasses, misfit, type CardFormat } from './formats.ts';
import { EXPECTED_DAYS } from './journey.ts';
import { withoutPostalCodes } from './postal-codes.ts';
import type { Address, PieceOrder, PieceResult } from './wire.ts';

/** What of the shop it works with. */
export interface IntakeParts {
  readonly books: Books;
  readonly clock: TwinClock;
  readonly artwork: ArtworkReader;
  readonly commit: Commit;
  /** Resolves when what was committed is on the disk. */
  readonly settled: () => Promise<void>;
}

export interface IntakeOptions {
  /** False: every order makes a new piece, whatever its key. */
  readonly keys: boolean;
  readonly acceptNoopArtwork: boolean;
}

type Inspect = (url: string) => Promise<ArtworkDocument>;
type Rejection = Extract<PieceResult, { status: 'rejected' }>;
/** The hashes of the documents that the piece needs, by URL. */
type Verdict =
  | Rejection
  | { readonly status: 'printable'; readonly documents: Readonly<Record<string, string>> };

export class Intake {
  readonly #books: Books;
  readonly #clock: TwinClock;
  readonly #artwork: ArtworkReader;
  readonly #commit: Commit;
  readonly #settled: () => Promise<void>;
  readonly #options: IntakeOptions;

  constructor({ books, clock, artwork, commit, settled }: IntakeParts, options: IntakeOptions) {
    this.#books = books;
    this.#clock = clock;
    this.#artwork = artwork;
    this.#commit = commit;
    this.#settled = settled;
    this.#options = options;
  }

  /** One result per order. Resolves when what was accepted is on the disk. */
  async take(
    orders: readonly PieceOrder[],
    reject: Fault | null = null,
  ): Promise<readonly PieceResult[]> {
    // Each document once a request: all pieces of a batch are judged by the same state of it.
    const inspected = new Map<string, Promise<ArtworkDocument>>();
    const inspect = (url: string): Promise<ArtworkDocument> => {
      const document = inspected.get(url) ?? this.#artwork.inspect(url);
      inspected.set(url, document);
      return document;
    };
    const prepared: { order: PieceOrder; fingerprint: string; verdict: Verdict }[] = [];
    for (const order of orders) {
      const known =
        this.#options.keys &&
        order.idempotencyKey !== null &&
        this.#books.withKey(order.idempotencyKey) !== undefined;
      const verdict: Verdict = known
        ? { status: 'printable', documents: {} }
        : (rejectedOnRequest(order, reject) ?? (await this.#judge(order, inspect)));
      prepared.push({ order, fingerprint: fingerprintOf(order), verdict });
    }
    // From here to the commit nothing waits.
    const stamp = this.#clock.now();
    const fresh: AcceptedPiece[] = [];
    const freshByKey = new Map<string, AcceptedPiece>();
    const documents: Record<string, string> = {};
    const results = prepared.map(({ order, fingerprint, verdict }): PieceResult => {
      const key = this.#options.keys ? order.idempotencyKey : null;
      const first = key === null ? undefined : (freshByKey.get(key) ?? this.#books.withKey(key));
      if (first !== undefined) {
        if (first.fingerprint !== fingerprint) return conflict(order);
        const acceptedAt = 'accepted' in first ? first.accepted.at : stamp.at;
        return {
          status: 'accepted',
          id: first.id,
          replayed: true,
          expectedDelivery: expectedDelivery(acceptedAt),
        };
      }
      if (verdict.status === 'rejected') return verdict;
      const piece: AcceptedPiece = {
        id: `fp_${randomBytes(12).toString('hex')}`,
        order,
        fingerprint,
      };
      Object.assign(documents, verdict.documents);
      fresh.push(piece);
      if (key !== null) freshByKey.set(key, piece);
      return {
        status: 'accepted',
        id: piece.id,
        replayed: false,
        expectedDelivery: expectedDelivery(stamp.at),
      };
    });
    await (fresh.length > 0
      ? this.#commit({ kind: 'accepted', documents, pieces: fresh }, stamp)
      : this.#settled());
    return results;
  }

  async #judge(order: PieceOrder, inspect: Inspect): Promise<Verdict> {
    const format = formatNamed(order.format);
    if (format === undefined)
      return rejected(
        'unknown_format',
        `This shop prints ${formatNames.join(', ')}, and not ${JSON.stringify(order.format)}.`,
      );
    if (!mailClasses.has(order.mailClass)) {
      return rejected(
        'unknown_mail_class',
        `This shop posts ${[...mailClasses].join(' and ')}, and not ${JSON.stringify(order.mailClass)}.`,
      );
    }
    const fault = addressFault(order.to.name, order.to.address);
    if (fault !== null) return rejected('bad_address', fault);
    try {
      return { status: 'printable', documents: await this.#documentsOf(order, format, inspect) };
    } catch (error) {
      if (error instanceof ArtworkError) return rejected(error.code, error.message);
      throw error;
    }
  }

  async #documentsOf(
    order: PieceOrder,
    format: CardFormat,
    inspect: Inspect,
  ): Promise<Readonly<Record<string, string>>> {
    const { front, back } = order.artwork;
    if (front.url === NOOP_ARTWORK && back.url === NOOP_ARTWORK) {
      if (this.#options.acceptNoopArtwork) return {};
      throw new ArtworkError(
        'artwork_not_allowed',
        'This shop takes no pieces without artwork: start it with --accept-noop-artwork',
      );
    }
    const documents: Record<string, string> = {};
    for (const [name, side] of [
      ['front', front],
      ['back', back],
    ] as const) {
      const { sha256, pages } = await inspect(side.url);
      const page = pages[side.page - 1];
      if (page === undefined)
        throw new ArtworkError(
          'bad_artwork',
          `The ${name} is page ${side.page} of ${side.url}, which has ${pages.length} page(s)`,
        );
      const wrong = misfit(order.format, format, page);
      if (wrong !== null)
        throw new ArtworkError(
          'bad_artwork',
          `The ${name} (page ${side.page} of ${side.url}) does not fit: ${wrong}`,
        );
      documents[side.url] = sha256;
    }
    return documents;
  }
}

/** Six days from acceptance, as the day of a calendar. `at` in milliseconds. */
export function expectedDelivery(at: number): string {
  return new Date(at + EXPECTED_DAYS * DAY).toISOString().slice(0, 10);
}

/**
 * Over the whole order: the schema gives its fields in one sequence, whatever sequence they came
 * in.
 */
function fingerprintOf(order: PieceOrder): string {
  return createHash('sha256').update(JSON.stringify(order)).digest('base64url');
}

/** What a printer notices without asking the post: the rest comes back as returned mail. */
function addressFault(name: string, address: Address): string | null {
  const fields: readonly (readonly [string, string | null])[] = [
    ['name', name],
    ...Object.entries(address),
  ];
  for (const [field, value] of fields) {
    if (value !== null && /[\u0000-\u001f\u007f]/.test(value))
      return `to.${field} holds a control character, which cannot be printed.`;
  }
  for (const field of ['line1', 'city', 'postalCode'] as const) {
    if (field === 'postalCode' && withoutPostalCodes.has(address.country)) continue;
    if (address[field].trim() === '') return `to.address.${field} is empty.`;
  }
  if (!/^[A-Z]{2}$/.test(address.country))
    return `to.address.country must be a code of two capital letters, such as US.`;
  if (address.country !== 'US') return null;
  if (!/^\d{5}(-?\d{4})?$/.test(address.postalCode) || address.postalCode.startsWith('00000'))
    return 'to.address.postalCode is not a US ZIP code.';
  if (!/^[A-Z]{2}$/.test(address.region ?? ''))
    return 'to.address.region must be the code of a US state, two capital letters.';
  return null;
}

function rejected(code: Rejection['code'], message: string): Rejection {
  return { status: 'rejected', code, message };
}

function conflict(order: PieceOrder): Rejection {
  return rejected(
    'idempotency_conflict',
    `The key ${order.idempotencyKey} was used for another order. Nothing was printed for this one.`,
  );
}

function rejectedOnRequest(order: PieceOrder, fault: Fault | null): Rejection | null {
  if (
    fault === null ||
    (fault.subject !== undefined && fault.subject !== order.reference.mailpieceId)
  )
    return null;
  return rejected(fault.code, fault.message);
}
