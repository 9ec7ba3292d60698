/**
 * The folder print shop over HTTP.
 *
 * What decides whether a card may be sent again is the difference between "proven not created" and
 * "cannot be told". So: a refused connection and 429 are `retry`; a definite refusal of a single
 * piece is `rejected`; everything else, 5xx and answers that cannot be read included, is `unknown`,
 * and core asks the shop before it sends again.
 * - 401, 403, 404 and 405 mean that token or address of the shop are wrong: nothing was created,
 *   but rejecting thousands of pieces for a
 *   mistyped token would be absurd. They are `retry`, with a pause in which somebody can mend it.
 * - 409 and `idempotency_conflict` mean that the shop knows the key: a piece exists. They are
 *   `unknown`, never `rejected`, because a rejected
 *   piece gets a new key and would be printed a second time.
 * - A shop with another ledger than ours has never heard of our pieces, nor of their keys: "absent"
 *   there proves nothing, and a repeat would be a second card.
 *   The ledger is named in every request, and 412 `another_ledger` is `retry` for an order (of that request nothing was created) and an error for a look-up, so
 *   that nobody is sent again on the strength of it.
 */
import { AdapterConfigError } from '@postrider/core/ports';
import type {
  AdapterFactory,
  AdapterWiring,
  CallContext,
  CancelResult,
  FindResult,
  LeaseGuard,
  PieceRequest,
  Printer,
  SubmitResult,
} from '@postrider/core/ports';
import { z } from 'zod';
import { retryAfterMs, sendRequest } from '../../http.ts';
import type { HttpOutcome } from '../../http.ts';
import { parseOptions } from '../../options.ts';
import { parseWebhookSecrets, verifyStandardWebhook } from '../../standard-webhooks.ts';
import {
  eventsAnswer,
  findAnswer,
  isAnotherLedger,
  LEDGER_HEADER,
  listAnswer,
  listedPiece,
  printerEvent,
  readJson,
  refusal,
  submitAnswer,
  webhookBody,
} from './wire.ts';

const optionsSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: 'must be an http: or https: URL' }),
  /**
   * The id of the shop's ledger. Without it the first that answers is taken for ours, for as long
   * as this process lives.
   */
  ledger: z.string().min(1).optional(),
  /** The name of the secret, not its value. */
  tokenSecret: z.string().min(1).default('PRINT_SHOP_TOKEN'),
  /**
   * Names a secret that may hold several, apart by blanks or commas, while one is being replaced.
   */
  webhookSecret: z.string().min(1).default('PRINT_SHOP_WEBHOOK_SECRET'),
  /** Whether the shop honours idempotency keys. */
  keys: z.boolean().default(true),
  keyLifetimeMs: z.int().positive().default(86_400_000),
  timeoutMs: z.int().min(100).max(120_000).default(10_000),
  readLagMs: z.int().min(0).default(0),
  maxBatch: z.int().min(1).max(100).default(50),
});

const configurationPauseMs = 30_000;
const pollLimit = 500;

export function createPrintShopPrinter(options: unknown, wiring: AdapterWiring): Printer {
  const parsed = parseOptions('printer', optionsSchema, options);
  const base = new URL(parsed.url);
  if (base.username !== '' || base.password !== '') {
    throw new AdapterConfigError(
      'printer.url',
      'must not hold a user name or password; it is logged. The token is a secret',
    );
  }
  const root = base.href.replace(/\/+$/, '');
  // Asked for at each call: a secret that was replaced counts without a restart.
  const token = (): string => wiring.secret(parsed.tokenSecret)?.trim() ?? '';
  if (token() === '')
    throw new AdapterConfigError(
      'printer.tokenSecret',
      `the secret ${parsed.tokenSecret} is not set`,
    );

  let ledger = parsed.ledger ?? null;

  /**
   * Waits for the rate limit and sends; `lease` is asked last, because the wait may have outlived
   * it.
   */
  async function ask(
    method: 'GET' | 'POST',
    path: string,
    body: unknown,
    context: CallContext,
    lease?: LeaseGuard,
  ): Promise<HttpOutcome> {
    const bearer = token();
    if (bearer === '')
      return {
        kind: 'not_sent',
        message: `Not sent: the secret ${parsed.tokenSecret} is not set any more.`,
      };
    const json = body === undefined ? undefined : JSON.stringify(body);
    try {
      await context.limiter.take(1, context.signal);
      lease?.assertHeld();
    } catch (error) {
      return {
        kind: 'not_sent',
        message: `Not sent: ${error instanceof Error ? error.message : String(error)}`,
      };
    }
    const headers = {
      authorization: `Bearer ${bearer}`,
      accept: 'application/json',
      ...(ledger === null ? {} : { [LEDGER_HEADER]: ledger }),
    };
    const outcome = await sendRequest({
      method,
      url: root + path,
      headers: json === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      ...(json === undefined ? {} : { body: json }),
      timeoutMs: parsed.timeoutMs,
      signal: context.signal,
    });
    if (outcome.kind === 'answer' && outcome.status < 300)
      ledger ??= outcome.headers.get(LEDGER_HEADER);
    return outcome;
  }

  async function submitBatch(
    batch: readonly PieceRequest[],
    lease: LeaseGuard,
    context: CallContext,
  ): Promise<readonly SubmitResult[]> {
    const all = (result: SubmitResult): SubmitResult[] => batch.map(() => result);
    const outcome = await ask(
      'POST',
      '/v1/pieces',
      { pieces: batch.map(wirePiece) },
      context,
      lease,
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
    if ([401, 403, 404, 405].includes(status) || isAnotherLedger(outcome))
      return all({ outcome: 'retry', afterMs: configurationPauseMs, message: told });
    if ([400, 413, 414, 422].includes(status)) {
      if (batch.length > 1) {
        // The shop took nothing of the request; which piece it stumbled over shows when each
        // travels alone.
        const results: SubmitResult[] = [];
        for (const piece of batch) results.push(...(await submitBatch([piece], lease, context)));
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

  return {
    keyLifetimeMs: parsed.keys ? parsed.keyLifetimeMs : null,
    readLagMs: parsed.readLagMs,
    timeoutMs: parsed.timeoutMs,
    maxBatch: parsed.maxBatch,

    async submit(pieces, lease, context) {
      const results: SubmitResult[] = [];
      for (const batch of chunks(pieces, parsed.maxBatch))
        results.push(...(await submitBatch(batch, lease, context)));
      return results;
    },

    async find(pieces, context) {
      const results: FindResult[] = [];
      for (const batch of chunks(pieces, parsed.maxBatch)) {
        const query = batch
          .map(({ reference }) => `mailpiece=${encodeURIComponent(reference.mailpieceId)}`)
          .join('&');
        const outcome = await ask('GET', `/v1/pieces?${query}`, undefined, context);
        if (outcome.kind === 'answer' && isAnotherLedger(outcome))
          throw new Error(describe(outcome));
        const answer =
          outcome.kind === 'answer' && outcome.status === 200
            ? readJson(findAnswer, outcome.body)
            : null;
        if (answer === null) {
          const message = outcome.kind === 'answer' ? describe(outcome) : outcome.message;
          results.push(...batch.map((): FindResult => ({ outcome: 'cannot_tell', message })));
          continue;
        }
        for (const { reference } of batch) {
          const found = answer.pieces.filter(
            ({ mailpiece }) => mailpiece === reference.mailpieceId,
          );
          if (found.length > 1) {
            const ids = found.map(({ id }) => id);
            context.logger.error(
              { mailpieceId: reference.mailpieceId, ids },
              'the printer has several pieces for one mailpiece',
            );
          }
          // A cancelled one is evidence too, but one that is printed counts before it.
          const best =
            found.find(({ status }) => status !== 'cancelled' && status !== 'failed') ?? found[0];
          results.push(
            best === undefined ? { outcome: 'absent' } : { outcome: 'found', providerId: best.id },
          );
        }
      }
      return results;
    },

    async list(since, cursor, context) {
      const after = cursor === null ? '' : `&after=${encodeURIComponent(cursor)}`;
      const path = `/v1/pieces?since=${encodeURIComponent(since.toISOString())}${after}&limit=${pollLimit}`;
      const outcome = await ask('GET', path, undefined, context);
      const answer =
        outcome.kind === 'answer' && outcome.status === 200
          ? readJson(listAnswer, outcome.body)
          : null;
      if (answer === null)
        throw new Error(
          `Its pieces cannot be listed: ${outcome.kind === 'answer' ? describe(outcome) : outcome.message}`,
        );
      return { pieces: answer.pieces.map(listedPiece), cursor: answer.cursor };
    },

    async cancel(providerIds, context) {
      const results: CancelResult[] = [];
      for (const id of providerIds) {
        const outcome = await ask(
          'POST',
          `/v1/pieces/${encodeURIComponent(id)}/cancel`,
          undefined,
          context,
        );
        if (outcome.kind !== 'answer')
          results.push({ outcome: 'unknown', message: outcome.message });
        else if (outcome.status === 200) results.push({ outcome: 'cancelled' });
        else if (outcome.status === 409)
          results.push({ outcome: 'too_late', message: describe(outcome) });
        else results.push({ outcome: 'unknown', message: describe(outcome) });
      }
      return results;
    },

    verifyWebhook(headers, body, now) {
      const keys = parseWebhookSecrets(wiring.secret(parsed.webhookSecret) ?? '');
      if (keys === null)
        return {
          valid: false,
          message: `The secret ${parsed.webhookSecret} is not set to whsec_ and base64; no webhook can be trusted.`,
        };
      return verifyStandardWebhook(keys, headers, body, now);
    },

    parseWebhook(body) {
      const parsedBody = readJson(webhookBody, Buffer.from(body).toString('utf8'));
      if (parsedBody === null)
        throw new Error(
          'The webhook is signed but not in the format of the print shop; it was not applied.',
        );
      return parsedBody.data.events.map(printerEvent);
    },

    async poll(cursor, context) {
      const after = cursor === null ? '' : `after=${encodeURIComponent(cursor)}&`;
      const outcome = await ask('GET', `/v1/events?${after}limit=${pollLimit}`, undefined, context);
      const answer =
        outcome.kind === 'answer' && outcome.status === 200
          ? readJson(eventsAnswer, outcome.body)
          : null;
      if (answer === null)
        throw new Error(
          `Events cannot be fetched: ${outcome.kind === 'answer' ? describe(outcome) : outcome.message}`,
        );
      return { events: answer.events.map(printerEvent), cursor: answer.cursor ?? cursor };
    },
  };
}

function wirePiece(piece: PieceRequest): unknown {
  const { reference, idempotencyKey, person, mode, format, mailClass, to, from, artwork } = piece;
  return { reference, idempotencyKey, person, mode, format, mailClass, to, from, artwork };
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

function describe(answer: Extract<HttpOutcome, { kind: 'answer' }>): string {
  const told = readJson(refusal, answer.body);
  if (isAnotherLedger(answer)) {
    return `Another print shop answers than the one that has our cards: ${told?.message ?? ''} Start the shop in its old folder again.`;
  }
  return `The print shop answered ${answer.status}${told === null ? '' : ` ${told.code}: ${told.message.slice(0, 300)}`}`;
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  const result: Item[][] = [];
  for (let start = 0; start < items.length; start += size)
    result.push(items.slice(start, start + size));
  return result;
}

export const printShopPrinter: AdapterFactory<Printer> = {
  kind: 'print-shop',
  create: createPrintShopPrinter,
};
