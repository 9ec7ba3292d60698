/**
 * The folder print shop over HTTP.
 *
 * `orders.ts` says what an answer to an order proves. In a look-up, a shop with another ledger than
 * ours (412 `another_ledger`) is an error and never "absent", so that nobody is sent again on the
 * strength of it.
 */
import type {
  AdapterWiring,
  CancelResult,
  FindResult,
  Printer,
  SubmitResult,
} from '@postrider/core/ports';
import { readJson } from '../kit/json.ts';
import { parseOptions } from '../kit/options.ts';
import { foundAmong } from '../kit/references.ts';
import { severalAtOnce } from '../kit/turns.ts';
import { createClient, describe } from './client.ts';
import { formats, mailClasses } from './formats.ts';
import { printShopOptions } from './options.ts';
import { submitBatch } from './orders.ts';
import { webhooksOf } from './webhook.ts';
import {
  cancelAnswer,
  eventsAnswer,
  findAnswer,
  isAnotherLedger,
  listAnswer,
  listedPiece,
  printerEvents,
  refusal,
} from './wire.ts';

const pollLimit = 500;
const cancelsAtOnce = 10;

export function createPrintShopPrinter(options: unknown, wiring: AdapterWiring): Printer {
  const parsed = parseOptions('printer', printShopOptions, options);
  const client = createClient(parsed, wiring);

  return {
    // The second is what stands behind `noop:`, for a shop that was started to accept it.
    takes: ['application/pdf', 'application/x-noop'],
    formats,
    mailClasses,
    keyLifetimeMs: parsed.keys ? parsed.keyLifetimeMs : null,
    readLagMs: parsed.readLagMs,
    timeoutMs: parsed.timeoutMs,
    maxBatch: parsed.maxBatch,

    async submit(pieces, guard, context) {
      const results: SubmitResult[] = [];
      let refused: SubmitResult | null = null;
      for (const batch of chunks(pieces, parsed.maxBatch)) {
        // What refuses us refuses the rest as well: it is not sent.
        const answers: readonly SubmitResult[] =
          refused === null
            ? await submitBatch(client, batch, guard, context)
            : batch.map(() => refused as SubmitResult);
        results.push(...answers);
        refused ??= answers.find(({ outcome }) => outcome === 'refused') ?? null;
      }
      return results;
    },

    async find(pieces, context) {
      const results: FindResult[] = [];
      for (const batch of chunks(pieces, parsed.maxBatch)) {
        const query = batch
          .map(({ reference }) => `mailpiece=${encodeURIComponent(reference.mailpieceId)}`)
          .join('&');
        const outcome = await client.ask(
          {
            method: 'GET',
            route: '/v1/pieces',
            path: `/v1/pieces?${query}`,
            about: batch.map(({ reference }) => reference.mailpieceId),
          },
          context,
        );
        if (outcome.kind === 'answer' && isAnotherLedger(outcome))
          throw new Error(describe(outcome));
        const answer =
          outcome.kind === 'answer' && outcome.status === 200
            ? readJson(findAnswer, outcome.body)
            : null;
        if (answer === null) {
          const message = describe(outcome);
          results.push(...batch.map((): FindResult => ({ outcome: 'cannot_tell', message })));
          continue;
        }
        const asked = new Set(batch.map(({ reference }) => reference.mailpieceId));
        // It answers something else than it was asked: what it leaves out proves nothing.
        const isOther = answer.pieces.some(({ mailpiece }) => !asked.has(mailpiece));
        for (const { mailpieceId } of batch.map(({ reference }) => reference)) {
          const found = answer.pieces.flatMap(({ id, mailpiece, status }) =>
            mailpiece === mailpieceId
              ? [{ providerId: id, onPaper: status !== 'cancelled' && status !== 'failed' }]
              : [],
          );
          results.push(
            found.length === 0 && isOther
              ? {
                  outcome: 'cannot_tell',
                  message: 'The print shop told of other pieces than it was asked for.',
                }
              : foundAmong(found, mailpieceId, context),
          );
        }
      }
      return results;
    },

    async list(since, cursor, context) {
      const after = cursor === null ? '' : `&after=${encodeURIComponent(cursor)}`;
      const from = encodeURIComponent(since.toISOString());
      const path = `/v1/pieces?since=${from}${after}&limit=${pollLimit}`;
      const outcome = await client.ask(
        { method: 'GET', route: '/v1/pieces', path, about: [] },
        context,
      );
      const answer =
        outcome.kind === 'answer' && outcome.status === 200
          ? readJson(listAnswer, outcome.body)
          : null;
      if (answer === null) throw new Error(`Its pieces cannot be listed: ${describe(outcome)}`);
      return { pieces: answer.pieces.map(listedPiece), cursor: answer.cursor };
    },

    async cancel(providerIds, context) {
      return await severalAtOnce(providerIds, cancelsAtOnce, async (id): Promise<CancelResult> => {
        const outcome = await client.ask(
          {
            method: 'POST',
            route: '/v1/pieces/{id}/cancel',
            path: `/v1/pieces/${encodeURIComponent(id)}/cancel`,
            about: [id],
          },
          context,
        );
        if (outcome.kind !== 'answer') return { outcome: 'unknown', message: outcome.message };
        const { status, body } = outcome;
        if (status === 200 && readJson(cancelAnswer, body)?.id === id)
          return { outcome: 'cancelled' };
        const isTooLate = status === 409 && readJson(refusal, body)?.code === 'too_late';
        return { outcome: isTooLate ? 'too_late' : 'unknown', message: describe(outcome) };
      });
    },

    ...webhooksOf(parsed.webhookSecret, wiring),

    async poll(cursor, context) {
      const after = cursor === null ? '' : `after=${encodeURIComponent(cursor)}&`;
      const outcome = await client.ask(
        {
          method: 'GET',
          route: '/v1/events',
          path: `/v1/events?${after}limit=${pollLimit}`,
          about: [],
        },
        context,
      );
      const answer =
        outcome.kind === 'answer' && outcome.status === 200
          ? readJson(eventsAnswer, outcome.body)
          : null;
      if (answer === null) throw new Error(`Events cannot be fetched: ${describe(outcome)}`);
      return { events: printerEvents(answer.events), cursor: answer.cursor ?? cursor };
    },
  };
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  const result: Item[][] = [];
  for (let start = 0; start < items.length; start += size)
    result.push(items.slice(start, start + size));
  return result;
}
