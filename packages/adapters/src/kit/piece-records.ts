/** A printer that answers a look-up and a list in the same words: all that it is asked later. */
import type { ListedPiece, Printer } from '@postrider/core/ports';
import type { Account } from './account.ts';
import { cancelEach, type CallBack } from './call-backs.ts';
import { askFor, findEach, type Asked } from './find-pieces.ts';
import { ownerIn, pairIn, type Pairs } from './references.ts';

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
