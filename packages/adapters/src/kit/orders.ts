/**
 * Orders of a printer that takes a request for each card: what is sent, when, and what its answer
 * proves. A result is never guessed: 2xx that cannot be read, a lost answer and 5xx are unknown,
 * and an answer that names another piece than was sent is never `accepted`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isNamed } from '@postrider/core/ports';
import type {
  ArtworkCutter,
  ArtworkError,
  SendGuard,
  SendStoppedError,
  PieceRequest,
  PrinterDetails,
  SubmitContext,
  SubmitResult,
} from '@postrider/core/ports';
import type { Account, AccountRequest } from './account.ts';
import { retryAfterMs, type HttpOutcome } from './http.ts';
import { refusalOf, type Faults } from './refusals.ts';
import { severalAtOnce } from './turns.ts';

/** A 429 is waited for so often, at the limiter that all runners share. */
const triesAtTheLimit = 5;
/** Who is told to wait for longer gives the card back: nobody reaches it meanwhile. */
const longestWaitMs = 10_000;
const unreachableArtworkMs = 60_000;
/** What broke one of our own functions will do so again at once. */
const brokenOrderMs = 60_000;

/** What an answer says of the piece that was made. */
export interface MadePiece extends PrinterDetails {
  readonly providerId: string;
  /** Whose it is, as the printer has it; null: it does not say. */
  readonly mailpieceId: string | null;
  readonly replayed: boolean;
  readonly expectedDelivery: string | null;
}

export interface OrderDesk {
  readonly account: Account;
  readonly faults: Faults;
  /** Most requests of a batch at a time. */
  readonly atOnce: number;
  /**
   * The status of an answer to a key that is known, where it is not 2xx, for example 409: its body
   * is the first answer again. Of another body it is unknown, as without it.
   */
  readonly repeatStatus?: number;
  /** Why the printer could not print it, found before it is asked; null: it is sent. */
  readonly unsuitable?: (piece: PieceRequest) => SubmitResult | null;
  /** The request for a piece. May throw `ArtworkError`. */
  readonly order: (piece: PieceRequest, artwork: ArtworkCutter) => Promise<AccountRequest>;
  /** Of an answer of 2xx; null: it cannot be read. */
  readonly made: (body: string, piece: PieceRequest, now: Date) => MadePiece | null;
}

/**
 * One result a piece. What refuses the account ends the batch: the rest is not sent. Returns when
 * every request has ended, and does not throw for what one of them met.
 */
export async function submitEach(
  desk: OrderDesk,
  {
    pieces,
    guard,
    context,
  }: {
    readonly pieces: readonly PieceRequest[];
    readonly guard: SendGuard;
    readonly context: SubmitContext;
  },
): Promise<readonly SubmitResult[]> {
  let refused: SubmitResult | null = null;
  return await severalAtOnce(pieces, desk.atOnce, async (piece) => {
    const result: SubmitResult = refused ?? (await submitApart(desk, { piece, guard, context }));
    if (result.outcome === 'refused') refused = result;
    return result;
  });
}

/** For `unsuitable`: why a piece is not sent. */
export function notSent(
  reason: string,
  message: string,
  whose: 'address' | 'campaign',
): SubmitResult {
  return {
    outcome: 'rejected',
    reason,
    message: `Not sent: ${message}.`,
    badAddress: whose === 'address',
    badArtwork: whose === 'campaign',
  };
}

interface Order {
  readonly piece: PieceRequest;
  readonly guard: SendGuard;
  readonly context: SubmitContext;
}

/**
 * An error that nobody expects costs no other piece: thrown, it would end the batch while its other
 * requests are under way, and their answers would be lost. Nothing was sent where the guard was not
 * asked for, which is asked last.
 */
async function submitApart(desk: OrderDesk, order: Order): Promise<SubmitResult> {
  let mayBeSent = false;
  const guard: SendGuard = {
    assertMaySend() {
      order.guard.assertMaySend();
      mayBeSent = true;
    },
  };
  try {
    return await submitOne(desk, { ...order, guard });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return mayBeSent
      ? { outcome: 'unknown', message }
      : { outcome: 'retry', afterMs: brokenOrderMs, message: `Not sent: ${message}` };
  }
}

async function submitOne(desk: OrderDesk, { piece, guard, context }: Order): Promise<SubmitResult> {
  const wrong = unsendable(desk, piece) ?? desk.unsuitable?.(piece) ?? null;
  if (wrong !== null) return wrong;
  let request: AccountRequest;
  try {
    request = await desk.order(piece, context.artwork);
  } catch (error) {
    if (!isNamed<ArtworkError>(error, 'ArtworkError')) throw error;
    const { kind, message } = error;
    if (kind === 'unusable')
      return {
        outcome: 'rejected',
        reason: 'artwork',
        message,
        badAddress: false,
        badArtwork: true,
      };
    const artworkGone = kind === 'gone';
    return { outcome: 'retry', afterMs: unreachableArtworkMs, message, artworkGone };
  }
  for (let tries = 1; ; tries += 1) {
    const outcome = await desk.account.ask(request, context, guard);
    const answer = resultOf(desk, { piece, outcome, now: context.now() });
    if (outcome.kind !== 'answer' || outcome.status !== 429 || answer.outcome !== 'retry')
      return answer;
    if (tries === triesAtTheLimit || answer.afterMs > longestWaitMs) return answer;
    // Without a connection's limiter nothing else would make it wait.
    await sleep(Math.min(answer.afterMs, 1000), undefined, { ref: false });
    try {
      guard.assertMaySend();
    } catch (error) {
      if (isNamed<SendStoppedError>(error, 'SendStoppedError')) return answer;
      throw error;
    }
  }
}

/**
 * Nothing is sent with a key of the other mode: a test is never printed. Nothing can be sent
 * without a key, and that is no card's fault.
 */
function unsendable({ account }: OrderDesk, { mode }: PieceRequest): SubmitResult | null {
  const { name, mode: its } = account.connection;
  const fault =
    its === mode
      ? account.keyFault()
      : { reason: 'wrong_mode', message: `the piece is ${mode}, and connection ${name} is ${its}` };
  if (fault === null) return null;
  return { outcome: 'refused', reason: fault.reason, message: `Not sent: ${fault.message}.` };
}

function resultOf(
  { account, faults, repeatStatus, made }: OrderDesk,
  {
    piece,
    outcome,
    now,
  }: { readonly piece: PieceRequest; readonly outcome: HttpOutcome; readonly now: Date },
): SubmitResult {
  if (outcome.kind === 'not_sent')
    return { outcome: 'retry', afterMs: outcome.afterMs ?? 5000, message: outcome.message };
  if (outcome.kind === 'unclear') return { outcome: 'unknown', message: outcome.message };
  const { status, headers, body } = outcome;
  if (status === 429)
    return {
      outcome: 'retry',
      afterMs: retryAfterMs(headers, now) ?? 5000,
      message: account.refusalIn(outcome).message,
    };
  const isRepeat = status === repeatStatus;
  if (!isRepeat && (status < 200 || status >= 300))
    return refusalOf(status, account.refusalIn(outcome), faults);
  const answered = made(body, piece, now);
  if (answered === null && isRepeat)
    return { outcome: 'unknown', message: account.refusalIn(outcome).message };
  if (answered === null)
    return { outcome: 'unknown', message: `${account.title} answered something that is no card.` };
  const { mailpieceId, ...accepted } = isRepeat ? { ...answered, replayed: true } : answered;
  const ours = piece.reference.mailpieceId;
  if (mailpieceId === ours) return { outcome: 'accepted', ...accepted };
  const whose = mailpieceId === null ? 'no mailpiece of ours' : `mailpiece ${mailpieceId}`;
  return {
    outcome: 'mismatched',
    providerId: accepted.providerId,
    message: `${account.title} answered ${accepted.providerId}, which is for ${whose}: ${ours} was sent.`,
  };
}
