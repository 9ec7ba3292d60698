/**
 * Orders for postcards: a request each, and what its answer proves.
 *
 * The key of a piece is in the header and nowhere else. After 24 hours the same key makes a second
 * card; core therefore asks for the piece by its metadata before it sends an old key again. What
 * Lob does with a known key and another body is UNCONFIRMED: most likely it answers the old piece.
 * So the metadata of an answer is compared with ours, and a difference is never `accepted`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isNamed } from '@postrider/core/ports';
import type {
  ArtworkError,
  LeaseGuard,
  LeaseLostError,
  PieceRequest,
  SubmitContext,
  SubmitResult,
} from '@postrider/core/ports';
import { retryAfterMs, type HttpOutcome } from '../kit/http.ts';
import { readJson } from '../kit/json.ts';
import { modeOfKey, type LobClient } from './client.ts';
import { unsuitable } from './misfits.ts';
import type { LobOptions } from './options.ts';
import { postcardForm } from './order.ts';
import { refusalOf, refusedBy } from './refusals.ts';
import { pair, postcard } from './wire.ts';

/** A 429 is waited for so often, at the limiter that all runners share. */
const triesAtTheLimit = 5;
const unreachableArtworkMs = 60_000;

/** One result a piece. What refuses the account ends the batch: the rest is not sent. */
export async function submitPieces(
  client: LobClient,
  options: LobOptions,
  order: {
    readonly pieces: readonly PieceRequest[];
    readonly lease: LeaseGuard;
    readonly context: SubmitContext;
  },
): Promise<readonly SubmitResult[]> {
  const { pieces, lease, context } = order;
  const results: SubmitResult[] = [];
  let refused: SubmitResult | null = null;
  const rest = pieces.entries();
  const takeTurns = async (): Promise<void> => {
    for (const [index, piece] of rest) {
      const result: SubmitResult =
        refused ?? (await submitOne(client, options, { piece, lease, context }));
      results[index] = result;
      if (result.outcome === 'refused') refused = result;
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.atOnce, pieces.length) }, takeTurns));
  return results;
}

interface Order {
  readonly piece: PieceRequest;
  readonly lease: LeaseGuard;
  readonly context: SubmitContext;
}

async function submitOne(
  client: LobClient,
  options: LobOptions,
  { piece, lease, context }: Order,
): Promise<SubmitResult> {
  const wrong = wrongMode(client, piece) ?? unsuitable(piece);
  if (wrong !== null) return wrong;
  let form: FormData;
  try {
    form = await postcardForm(piece, options, context.artwork);
  } catch (error) {
    if (!isNamed<ArtworkError>(error, 'ArtworkError')) throw error;
    const { kind, message } = error;
    return kind === 'unreachable'
      ? { outcome: 'retry', afterMs: unreachableArtworkMs, message }
      : { outcome: 'rejected', reason: 'artwork', message, badAddress: false, badArtwork: true };
  }
  const request = {
    method: 'POST',
    path: '/postcards',
    headers: { 'idempotency-key': piece.idempotencyKey },
    body: form,
    about: [piece.reference.mailpieceId],
    timeoutMs: options.timeoutMs,
  } as const;
  for (let tries = 1; ; tries += 1) {
    const outcome = await client.ask(request, context, lease);
    const answer = resultOf(piece, outcome, context);
    if (outcome.kind !== 'answer' || outcome.status !== 429 || answer.outcome !== 'retry')
      return answer;
    if (tries === triesAtTheLimit) return answer;
    // Without a connection's limiter nothing else would make it wait.
    await sleep(Math.min(answer.afterMs, 1000), undefined, { ref: false });
    try {
      lease.assertHeld();
    } catch (error) {
      if (isNamed<LeaseLostError>(error, 'LeaseLostError')) return answer;
      throw error;
    }
  }
}

/** Nothing is sent with a key of the other mode: a test is never printed. */
function wrongMode({ connection }: LobClient, { mode }: PieceRequest): SubmitResult | null {
  const [key = ''] = connection.secrets('api_key');
  const ofKey = modeOfKey(key);
  if (connection.mode === mode && ofKey === mode) return null;
  const { name } = connection;
  const itsKey = ofKey === null ? 'none of Lob' : `for ${ofKey} mode`;
  const what =
    connection.mode === mode
      ? `the key of connection ${name} is ${itsKey}`
      : `connection ${name} is for ${connection.mode} mode`;
  return {
    outcome: 'refused',
    reason: 'wrong_mode',
    message: `Not sent: the piece is ${mode}, and ${what}.`,
  };
}

function resultOf(piece: PieceRequest, outcome: HttpOutcome, context: SubmitContext): SubmitResult {
  if (outcome.kind === 'not_sent')
    return { outcome: 'retry', afterMs: 5000, message: outcome.message };
  if (outcome.kind === 'unclear') return { outcome: 'unknown', message: outcome.message };
  if (outcome.status === 429) {
    const { message } = refusedBy(outcome);
    const afterMs = retryAfterMs(outcome.headers, context.now()) ?? 5000;
    return { outcome: 'retry', afterMs, message };
  }
  if (outcome.status < 200 || outcome.status >= 300) return refusalOf(outcome);
  const made = readJson(postcard, outcome.body);
  if (made === null)
    return { outcome: 'unknown', message: 'Lob answered something that is no postcard.' };
  const { mailpieceId } = piece.reference;
  const answered = pair(made, 'mailpiece');
  if (answered !== mailpieceId) {
    const whose = answered === null ? 'no mailpiece of ours' : `mailpiece ${answered}`;
    return {
      outcome: 'mismatched',
      providerId: made.id,
      message: `Lob answered ${made.id}, which is for ${whose}: ${mailpieceId} was sent.`,
    };
  }
  const [side] = made.thumbnails ?? [];
  return {
    outcome: 'accepted',
    providerId: made.id,
    replayed: isOlder(made.date_created, context.now()),
    expectedDelivery: made.expected_delivery_date ?? null,
    // Lob tells no price: not in any answer.
    price: null,
    cancellableUntil: made.send_date ?? null,
    links: { proof: made.url ?? null, thumbnail: side?.medium ?? null },
  };
}

/** Lob does not say whether the key was known; a piece of a minute ago was not made now. */
function isOlder(created: string | null | undefined, now: Date): boolean {
  const at = Date.parse(created ?? '');
  return !Number.isNaN(at) && now.getTime() - at > 60_000;
}
