/**
 * What adapters answer, made fit to be recorded. Types end at a port: an answer may lack anything, and hold what no column takes (a NUL, half an emoji,
 * a fraction of a millisecond). One such answer must not cost the others of its cohort what was said of them, so each is read here, by itself, and
 * becomes the most careful of the outcomes it could mean: unknown at a printer, retry everywhere else. An answer that does not say who is who
 * counts for nobody.
 */
import type { MailSettlement, ProofSettlement } from '../machine/cohorts.ts';
import { storable } from '../machine/sync.ts';
import { UnusableAnswerError } from '../pipeline/asking.ts';
import type { CancelResult, CardRequest, ListedPiece, RenderedDocument } from '../ports/index.ts';

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

/** One answer for each thing asked: a list of another length does not say which is whose. */
const answersOf = (who: string, asked: number, answers: unknown): readonly Fields[] => {
  if (!Array.isArray(answers)) throw new UnusableAnswerError(`${who} answered no list of results`);
  if (answers.length !== asked) throw new UnusableAnswerError(`${who} gave ${answers.length} results where ${asked} were asked for`);
  return Array.from(answers, (answer: unknown) => (isObject(answer) ? answer : {}));
};

const LONGEST_TEXT = 1000;
const LONGEST_NAME = 2000;
// An index takes no more of it.
const LONGEST_ID = 500;
const SHORTEST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 24 * 3_600_000;
const MOST_PAGES = 1_000_000;

/** A sentence for people. */
export const text = (value: unknown): string => {
  return typeof value === 'string' && value !== '' ? storable(value.slice(0, LONGEST_TEXT)) : 'no reason was given';
};

/** An id, a URL, a hash: as it is or not at all, since a mended one names something else. */
const name = (value: unknown, longest = LONGEST_NAME): string | null =>
  typeof value === 'string' && value.trim() !== '' && value.length <= longest && value.isWellFormed() && !value.includes('\0')
    ? value
    : null;

/** Null: no time that means anything, so that the machine backs off by itself. "At once" is none either: it would be asked in a tight loop. */
const wait = (value: unknown): number | null =>
  typeof value === 'number' && value > 0 ? Math.round(Math.min(Math.max(value, SHORTEST_WAIT_MS), LONGEST_WAIT_MS)) : null;

/** The day of an ISO 8601 date or moment; null where it cannot be read. */
const day = (value: unknown): string | null => {
  const found = typeof value === 'string' ? /^[1-9]\d{3}-\d\d-\d\d(?![^T ])/.exec(value)?.[0] : undefined;
  if (found === undefined) return null;
  const read = new Date(found);
  return Number.isNaN(read.getTime()) || read.toISOString().slice(0, 10) !== found ? null : found;
};

const page = (value: unknown): number | null =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MOST_PAGES ? value : null;

const strange = (who: string, { outcome }: Fields): string =>
  outcome === undefined
    ? `${who} gave no outcome`
    : `${who} gave an outcome that does not exist: ${typeof outcome === 'string' ? text(outcome) : typeof outcome}`;

export type PieceAnswer = Omit<MailSettlement, 'recipientId' | 'mailpieceId'>;

const pieceAnswer = (answer: Fields): PieceAnswer => {
  const message = text(answer.message);
  switch (answer.outcome) {
    case 'accepted': {
      const providerId = name(answer.providerId, LONGEST_ID);
      if (providerId === null) return { outcome: 'unknown', message: 'the printer says accepted, but gave no id that can be kept' };
      return { outcome: 'accepted', providerId, expectedDelivery: day(answer.expectedDelivery) };
    }
    case 'rejected':
      return { outcome: 'rejected', message: `${text(answer.reason)}: ${message}`, badAddress: answer.badAddress === true };
    case 'retry':
      return { outcome: 'retry', message, afterMs: wait(answer.afterMs) };
    case 'unknown':
      return { outcome: 'unknown', message };
    default:
      return { outcome: 'unknown', message: strange('the printer', answer) };
  }
};

/** What a printer says of so many pieces. Throws `UnusableAnswerError`. */
export const pieceAnswers = (asked: number, answers: unknown): readonly PieceAnswer[] =>
  answersOf('the printer', asked, answers).map(pieceAnswer);

export type FindAnswer =
  | { readonly outcome: 'found'; readonly providerId: string }
  | { readonly outcome: 'absent' }
  | { readonly outcome: 'cannot_tell'; readonly message: string };

/** What a printer knows of so many pieces; only a plain `absent` is one. Throws `UnusableAnswerError`. */
export const findAnswers = (asked: number, answers: unknown): readonly FindAnswer[] =>
  answersOf('the printer', asked, answers).map((answer): FindAnswer => {
    if (answer.outcome === 'absent') return { outcome: 'absent' };
    if (answer.outcome === 'cannot_tell') return { outcome: 'cannot_tell', message: text(answer.message) };
    const providerId = answer.outcome === 'found' ? name(answer.providerId, LONGEST_ID) : null;
    if (providerId !== null) return { outcome: 'found', providerId };
    const message = answer.outcome === 'found' ? 'the printer says found, but gave no id that can be kept' : strange('the printer', answer);
    return { outcome: 'cannot_tell', message };
  });

/** What became of so many cards that were called back. Throws `UnusableAnswerError`. */
export const cancelAnswers = (asked: number, answers: unknown): readonly CancelResult[] =>
  answersOf('the printer', asked, answers).map((answer): CancelResult => {
    if (answer.outcome === 'cancelled') return { outcome: 'cancelled' };
    if (answer.outcome === 'too_late' || answer.outcome === 'unknown') return { outcome: answer.outcome, message: text(answer.message) };
    return { outcome: 'unknown', message: strange('the printer', answer) };
  });

/** A page of what a printer made. Throws `UnusableAnswerError`, also for one piece without an id: it may be the one that matters. */
export const listAnswer = (answer: unknown): { readonly pieces: readonly ListedPiece[]; readonly cursor: string | null } => {
  const { pieces, cursor }: Fields = isObject(answer) ? answer : {};
  if (!Array.isArray(pieces) || (cursor !== null && name(cursor) === null))
    throw new UnusableAnswerError('the printer listed no page of pieces');
  for (const piece of pieces as readonly unknown[]) {
    if (!isObject(piece) || name(piece.providerId, LONGEST_ID) === null || (piece.mode !== 'test' && piece.mode !== 'live'))
      throw new UnusableAnswerError('the printer listed a piece without an id or a mode');
  }
  return { pieces: pieces as readonly ListedPiece[], cursor: cursor as string | null };
};

export type CardAnswer =
  | {
      readonly recipientId: string;
      readonly outcome: 'rendered';
      readonly document: number;
      readonly frontPage: number;
      readonly backPage: number;
      readonly contentHash: string;
    }
  | Exclude<ProofSettlement, { outcome: 'rendered' }>;

const isDocument = (value: unknown): value is RenderedDocument =>
  isObject(value) && name(value.name) !== null && value.bytes instanceof Uint8Array && value.bytes.length > 0;

const cardAnswer = ({ recipientId }: CardRequest, answer: Fields, documents: number): CardAnswer => {
  const message = text(answer.message);
  switch (answer.outcome) {
    case 'rendered': {
      const { document } = answer;
      const frontPage = page(answer.frontPage);
      const backPage = page(answer.backPage);
      const contentHash = name(answer.contentHash);
      if (typeof document !== 'number' || !Number.isInteger(document) || document < 0 || document >= documents)
        throw new UnusableAnswerError(`the renderer names document ${String(document)} of ${documents} for recipient ${recipientId}`);
      if (frontPage === null || backPage === null || contentHash === null)
        throw new UnusableAnswerError(`the renderer gave pages or a hash that cannot be for recipient ${recipientId}`);
      return { recipientId, outcome: 'rendered', document, frontPage, backPage, contentHash };
    }
    case 'failed':
      return { recipientId, outcome: 'failed', message: `${text(answer.reason)}: ${message}` };
    case 'retry':
      return { recipientId, outcome: 'retry', message, afterMs: wait(answer.afterMs) };
    default:
      return { recipientId, outcome: 'retry', message: strange('the renderer', answer), afterMs: null };
  }
};

/**
 * What a renderer made of these cards. Throws `UnusableAnswerError`, also for a single answer that cannot be: a renderer that mixed up one row may have
 * mixed up all, and a card with somebody else's name on it is worse than none.
 */
export const cardAnswers = (
  cards: readonly CardRequest[],
  answer: unknown,
): { readonly documents: readonly RenderedDocument[]; readonly answers: readonly CardAnswer[] } => {
  const { documents, results }: Fields = isObject(answer) ? answer : {};
  const list = answersOf('the renderer', cards.length, results);
  if (!Array.isArray(documents) || !documents.every(isDocument))
    throw new UnusableAnswerError('the renderer gave a document without a name or without content');
  const answers = cards.map((card, index) => {
    const one = list[index] ?? {};
    if (one.recipientId !== card.recipientId)
      throw new UnusableAnswerError(`the renderer mixed up its rows: result ${index} is not of recipient ${card.recipientId}`);
    return cardAnswer(card, one, documents.length);
  });
  return { documents, answers };
};

export type Stored =
  | { readonly outcome: 'stored'; readonly url: string }
  | { readonly outcome: 'failed'; readonly message: string }
  | { readonly outcome: 'retry'; readonly message: string; readonly afterMs: number | null };

const storedAnswer = (answer: Fields): Stored => {
  const message = `image host: ${text(answer.message)}`;
  switch (answer.outcome) {
    case 'stored': {
      const url = name(answer.url);
      return url === null
        ? { outcome: 'retry', message: 'the image host gave no URL that can be kept', afterMs: null }
        : { outcome: 'stored', url };
    }
    case 'failed':
      return { outcome: 'failed', message };
    case 'retry':
      return { outcome: 'retry', message, afterMs: wait(answer.afterMs) };
    default:
      return { outcome: 'retry', message: strange('the image host', answer), afterMs: null };
  }
};

/** Where an image host put so many documents. Throws `UnusableAnswerError`. */
export const storedAnswers = (asked: number, answers: unknown): readonly Stored[] =>
  answersOf('the image host', asked, answers).map(storedAnswer);

export type EffectAnswer =
  | { readonly outcome: 'done' }
  | { readonly outcome: 'failed'; readonly message: string }
  | { readonly outcome: 'retry'; readonly message: string; readonly afterMs: number | null };

/** What a meter or a sink did. Throws `UnusableAnswerError`. */
export const effectAnswers = (who: string, asked: number, answers: unknown): readonly EffectAnswer[] =>
  answersOf(who, asked, answers).map((answer): EffectAnswer => {
    const message = text(answer.message);
    switch (answer.outcome) {
      case 'done':
        return { outcome: 'done' };
      case 'failed':
        return { outcome: 'failed', message };
      case 'retry':
        return { outcome: 'retry', message, afterMs: wait(answer.afterMs) };
      default:
        return { outcome: 'retry', message: strange(who, answer), afterMs: null };
    }
  });
