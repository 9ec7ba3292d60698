/** What a printer with an account is asked of its pieces: look-ups, lists, call-backs. */
import type {
  CallContext,
  CancelResult,
  FindResult,
  ListedPiece,
  PieceReference,
  Printer,
} from '@postrider/core/ports';
import type { Account, AccountRequest } from './account.ts';
import type { HttpOutcome } from './http.ts';
import { foundAmong, ownerIn, pairIn, type Pairs } from './references.ts';
import { severalAtOnce } from './turns.ts';

type Asked = Omit<AccountRequest, 'about'>;

/** What a look-up by reference was answered. */
export interface LookedUp {
  readonly pieces: readonly (Pick<ListedPiece, 'providerId' | 'onPaper'> & {
    /** Whose it is, as the printer has it. */
    readonly mailpieceId: string | null;
  })[];
  /** Whether that is all that it has: nothing follows, and each could be read. */
  readonly whole: boolean;
}

/**
 * A look-up a piece, one after the other. Only a whole answer in which nothing is left but what was
 * asked for proves that a piece is absent.
 *
 * @param read of an answer of 200; null: it cannot be read.
 */
export async function findEach(
  account: Account,
  pieces: readonly { readonly reference: PieceReference }[],
  context: CallContext,
  {
    request,
    read,
  }: {
    readonly request: (mailpieceId: string) => Asked;
    readonly read: (body: string) => LookedUp | null;
  },
): Promise<readonly FindResult[]> {
  // Thrown, and no answer: a printer that could not be asked has not said that it cannot tell.
  const fault = account.keyFault();
  if (fault !== null) throw new Error(`Its pieces cannot be looked for: ${fault.message}.`);
  const results: FindResult[] = [];
  for (const { reference } of pieces) {
    const { mailpieceId } = reference;
    const outcome = await account.ask({ ...request(mailpieceId), about: [mailpieceId] }, context);
    const cannotTell = (message: string): FindResult => ({ outcome: 'cannot_tell', message });
    const looked = outcome.kind === 'answer' && outcome.status === 200 ? read(outcome.body) : null;
    if (looked === null) {
      results.push(cannotTell(account.refusalIn(outcome).message));
      continue;
    }
    // Compared here as well: a filter that is not understood may be left out in silence.
    const ours = looked.pieces.filter((piece) => piece.mailpieceId === mailpieceId);
    if (ours.length === 0 && !looked.whole)
      results.push(cannotTell(`${account.title} answered a part of its list.`));
    else if (ours.length === 0 && looked.pieces.length > 0)
      results.push(cannotTell(`${account.title} did not look for our reference.`));
    else results.push(foundAmong(ours, mailpieceId, context));
  }
  return results;
}

/** An answer of 200 as it is read. Throws where there is none: core asks again. */
export async function askFor<Told>(
  account: Account,
  request: Asked,
  context: CallContext,
  read: (body: string) => Told | null,
): Promise<Told> {
  const outcome = await account.ask({ ...request, about: [] }, context);
  const told = outcome.kind === 'answer' && outcome.status === 200 ? read(outcome.body) : null;
  if (told === null)
    throw new Error(`Its pieces cannot be listed: ${account.refusalIn(outcome).message}`);
  return told;
}

/** How a piece is called back. */
export interface CallBack {
  /** @param id as it stands in a path. */
  readonly request: (id: string) => Asked;
  /** Of an answer of 200. */
  readonly isCancelled: (body: string, providerId: string) => boolean;
  readonly isTooLate: (code: string) => boolean;
  /**
   * How a piece that is not to be had back, or not there, is looked at: it may have been called
   * back before, by a request whose answer was lost. Absent: the answer alone counts.
   */
  readonly look?: Pick<CallBack, 'request' | 'isCancelled'>;
  /** Most requests at a time; 10 unless told. */
  readonly atOnce?: number;
}

/**
 * A request a piece, several at a time: a card can be called back only for a while. What is not
 * told is unknown.
 */
export async function cancelEach(
  account: Account,
  providerIds: readonly string[],
  context: CallContext,
  { request, isCancelled, isTooLate, look, atOnce = 10 }: CallBack,
): Promise<readonly CancelResult[]> {
  return await severalAtOnce(providerIds, atOnce, async (id): Promise<CancelResult> => {
    const ask = async (asked: CallBack['request']): Promise<HttpOutcome> =>
      await account.ask({ ...asked(encodeURIComponent(id)), about: [id] }, context);
    const outcome = await ask(request);
    if (answered(outcome) && isCancelled(outcome.body, id)) return { outcome: 'cancelled' };
    const { code, message } = account.refusalIn(outcome);
    const tooLate = code !== null && isTooLate(code);
    const isGone = outcome.kind === 'answer' && outcome.status === 404;
    if (look === undefined || !(tooLate || isGone))
      return { outcome: tooLate ? 'too_late' : 'unknown', message };
    const seen = await ask(look.request);
    if (answered(seen) && look.isCancelled(seen.body, id)) return { outcome: 'cancelled' };
    return { outcome: tooLate && answered(seen) ? 'too_late' : 'unknown', message };
  });
}

function answered(outcome: HttpOutcome): outcome is HttpOutcome & { readonly kind: 'answer' } {
  return outcome.kind === 'answer' && outcome.status === 200;
}

/** A piece as a printer lists it. */
export interface KeptPiece extends Pick<ListedPiece, 'providerId' | 'createdAt' | 'onPaper'> {
  /** Where our reference is, as `referencePairs` made it. */
  readonly pairs: Pairs;
}

/** A page of a printer's list. */
export interface KeptPage {
  readonly pieces: readonly KeptPiece[];
  /** What the next page is asked for by; null: it is the last one. */
  readonly next: string | null;
}

/** Of a printer that answers a look-up and a list in the same words. */
export function recordsOf(
  account: Account,
  {
    find,
    list,
    read,
    cancel,
    isCancelled,
    isTooLate,
    atOnce,
  }: {
    readonly find: (mailpieceId: string) => Asked;
    /** @param after the `next` of the page before; null: the first page. */
    readonly list: (since: Date, after: string | null) => Asked;
    /** Of an answer of 200; null: it cannot be read, wholly. */
    readonly read: (body: string) => KeptPage | null;
    readonly cancel: CallBack['request'];
  } & Omit<CallBack, 'request'>,
): Pick<Printer, 'find' | 'cancel'> & Required<Pick<Printer, 'list'>> {
  return {
    find: (pieces, context) =>
      findEach(account, pieces, context, {
        request: find,
        read(body) {
          const page = read(body);
          if (page === null) return null;
          const looked = page.pieces.map(({ pairs, ...piece }) => ({
            ...piece,
            mailpieceId: pairIn(pairs, 'mailpiece'),
          }));
          return { pieces: looked, whole: page.next === null };
        },
      }),
    async list(since, cursor, context) {
      const page = await askFor(account, list(since, cursor), context, read);
      const { mode } = account.connection;
      const pieces = page.pieces.map(({ pairs, ...piece }) => ({
        ...piece,
        ...ownerIn(pairs),
        mode,
      }));
      return { pieces, cursor: page.next };
    },
    cancel: (providerIds, context) =>
      cancelEach(account, providerIds, context, {
        request: cancel,
        isCancelled,
        isTooLate,
        ...(atOnce === undefined ? {} : { atOnce }),
      }),
  };
}
