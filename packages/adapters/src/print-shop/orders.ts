/**
 * Orders for cards, and what the shop's answer proves of each.
 *
 * What decides whether a card may be sent again is the difference between "proven not created" and
 * "cannot be told". So: a refused connection and 429 are `retry`; a definite refusal of a single
 * piece is `rejected`; everything else, 5xx and answers that cannot be read included, is `unknown`,
 * and core asks the shop before it sends again.
 * - 401 and 403 mean that our token is not taken: nothing was created, and whatever is sent next
 *   fares alike. They are `refused`, which holds the printer with one alarm.
 * - 404 and 405 mean that something else answers at the shop's address. They are `retry`, with a
 *   pause in which the shop can come back there.
 * - 409 and `idempotency_conflict` mean that the shop knows the key: a piece exists. They are
 *   `unknown`, never `rejected`, because a rejected piece gets a new key and would be printed a
 *   second time.
 * - 412 `another_ledger` is `retry`: of that request nothing was created.
 */
import type {
  ArtworkPage,
  CallContext,
  SendGuard,
  PieceRequest,
  SubmitResult,
} from '@postrider/core/ports';
import { retryAfterMs } from '../kit/http.ts';
import { readJson } from '../kit/json.ts';
import { describe } from './client.ts';
import type { PrintShopClient } from './client.ts';
import { isAnotherLedger, refusal, submitAnswer } from './wire.ts';

const configurationPauseMs = 30_000;

export async function submitBatch(
  client: PrintShopClient,
  batch: readonly PieceRequest[],
  guard: SendGuard,
  context: CallContext,
): Promise<readonly SubmitResult[]> {
  const all = (result: SubmitResult): SubmitResult[] => batch.map(() => result);
  const outcome = await client.ask(
    {
      method: 'POST',
      route: '/v1/pieces',
      path: '/v1/pieces',
      about: batch.map(({ reference }) => reference.mailpieceId),
      body: { pieces: batch.map(wirePiece) },
      guard,
    },
    context,
  );
  if (outcome.kind === 'not_sent')
    return all({ outcome: 'retry', afterMs: 5_000, message: outcome.message });
  if (outcome.kind === 'unclear') return all({ outcome: 'unknown', message: outcome.message });
  const { status } = outcome;
  if (status === 200 || status === 201) return readResults(batch, outcome.body);
  const told = describe(outcome);
  if (status === 429)
    return all({
      outcome: 'retry',
      afterMs: retryAfterMs(outcome.headers, context.now()) ?? 5_000,
      message: told,
    });
  if (status === 401 || status === 403)
    return all({
      outcome: 'refused',
      reason: readJson(refusal, outcome.body)?.code ?? `http_${status}`,
      message: told,
    });
  if (status === 404 || status === 405 || isAnotherLedger(outcome))
    return all({ outcome: 'retry', afterMs: configurationPauseMs, message: told });
  if ([400, 413, 414, 422].includes(status)) {
    if (batch.length > 1) {
      // The shop took nothing of the request; which piece it stumbled over shows when each
      // travels alone.
      const results: SubmitResult[] = [];
      for (const piece of batch)
        results.push(...(await submitBatch(client, [piece], guard, context)));
      return results;
    }
    return all({
      outcome: 'rejected',
      reason: readJson(refusal, outcome.body)?.code ?? `http_${status}`,
      message: told,
      badAddress: false,
    });
  }
  return all({ outcome: 'unknown', message: told });
}

function wirePiece(piece: PieceRequest): unknown {
  const { reference, idempotencyKey, person, mode, format, mailClass, to, from, artwork } = piece;
  const side = ({ url, page }: ArtworkPage): ArtworkPage => ({ url, page });
  return {
    reference,
    idempotencyKey,
    person,
    mode,
    format,
    mailClass,
    to,
    from,
    artwork: { front: side(artwork.front), back: side(artwork.back) },
  };
}

function readResults(batch: readonly PieceRequest[], body: string): readonly SubmitResult[] {
  const answer = readJson(submitAnswer, body);
  if (answer === null || answer.results.length !== batch.length) {
    return batch.map(() => ({
      outcome: 'unknown',
      message: 'The print shop answered something that cannot be read.',
    }));
  }
  return answer.results.map((result): SubmitResult => {
    if (result === null)
      return {
        outcome: 'unknown',
        message: 'The print shop answered something that cannot be read.',
      };
    if (result.status === 'accepted') {
      return {
        outcome: 'accepted',
        providerId: result.id,
        replayed: result.replayed,
        expectedDelivery: result.expectedDelivery ?? null,
      };
    }
    if (result.code === 'idempotency_conflict')
      return { outcome: 'unknown', message: result.message };
    return {
      outcome: 'rejected',
      reason: result.code,
      message: result.message,
      badAddress: result.code === 'bad_address',
    };
  });
}
