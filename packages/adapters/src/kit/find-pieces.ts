/**
 * How a printer with an account is asked which pieces it has: by our reference, and for its list.
 */
import type { CallContext, FindResult, ListedPiece, PieceReference } from '@postrider/core/ports';
import type { Account, AccountRequest } from './account.ts';
import { foundAmong } from './references.ts';

/** A request; what it is about is added where it is made. */
export type Asked = Omit<AccountRequest, 'about'>;

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
