/**
 * The folder print shop over HTTP.
 *
 * `orders.ts` says what an answer to an order proves. In a look-up, a shop with another ledger than
 * ours (412 `another_ledger`) is an error and never "absent", so that nobody is sent again on the
 * strength of it.
 */
import type {
  AdapterWiring,
  CallContext,
  CancelResult,
  FindResult,
  Printer,
  SubmitResult,
} from '@postrider/core/ports';
import type { z } from 'zod';
import type { HttpOutcome } from '../kit/http.ts';
import { readJson } from '../kit/json.ts';
import { parseOptions } from '../kit/options.ts';
import { foundAmong } from '../kit/references.ts';
import { severalAtOnce } from '../kit/turns.ts';
import { createClient, describe, type PrintShopClient } from './client.ts';
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
const toldOfOthers = 'The print shop told of other pieces than it was asked for.';
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
      for (const batch of chunks(pieces, parsed.maxBatch))
        results.push(...(await findBatch(client, batch, context)));
      return results;
    },

    async list(since, cursor, context) {
      const after = cursor === null ? '' : `&after=${encodeURIComponent(cursor)}`;
      const from = encodeURIComponent(since.toISOString());
      const path = `/v1/pieces?since=${from}${after}&limit=${pollLimit}`;
      const request = { method: 'GET', route: '/v1/pieces', path, about: [] } as const;
      const outcome = await client.ask(request, context);
      const answer = read(listAnswer, outcome);
      if (answer === null) throw new Error(`Its pieces cannot be listed: ${describe(outcome)}`);
      return { pieces: answer.pieces.map(listedPiece), cursor: answer.cursor };
    },

    cancel: (providerIds, context) =>
      severalAtOnce(providerIds, cancelsAtOnce, (id) => cancelOne(client, id, context)),

    ...webhooksOf(parsed.webhookSecret, wiring),

    async poll(cursor, context) {
      const after = cursor === null ? '' : `after=${encodeURIComponent(cursor)}&`;
      const path = `/v1/events?${after}limit=${pollLimit}`;
      const request = { method: 'GET', route: '/v1/events', path, about: [] } as const;
      const outcome = await client.ask(request, context);
      const answer = read(eventsAnswer, outcome);
      if (answer === null) throw new Error(`Events cannot be fetched: ${describe(outcome)}`);
      return { events: printerEvents(answer.events), cursor: answer.cursor ?? cursor };
    },
  };
}

async function findBatch(
  client: PrintShopClient,
  batch: Parameters<Printer['find']>[0],
  context: CallContext,
): Promise<readonly FindResult[]> {
  const ids = batch.map(({ reference }) => reference.mailpieceId);
  const query = ids.map((id) => `mailpiece=${encodeURIComponent(id)}`).join('&');
  const outcome = await client.ask(
    { method: 'GET', route: '/v1/pieces', path: `/v1/pieces?${query}`, about: ids },
    context,
  );
  if (outcome.kind === 'answer' && isAnotherLedger(outcome)) throw new Error(describe(outcome));
  const answer = read(findAnswer, outcome);
  if (answer === null) {
    const message = describe(outcome);
    return ids.map(() => ({ outcome: 'cannot_tell', message }));
  }
  // It answers something else than it was asked: what it leaves out proves nothing.
  const isOther = answer.pieces.some(({ mailpiece }) => !ids.includes(mailpiece));
  return ids.map((mailpieceId) => {
    const found = answer.pieces.flatMap(({ id, mailpiece, status }) =>
      mailpiece === mailpieceId
        ? [{ providerId: id, onPaper: status !== 'cancelled' && status !== 'failed' }]
        : [],
    );
    if (found.length === 0 && isOther) return { outcome: 'cannot_tell', message: toldOfOthers };
    return foundAmong(found, mailpieceId, context);
  });
}

async function cancelOne(
  client: PrintShopClient,
  id: string,
  context: CallContext,
): Promise<CancelResult> {
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
  if (status === 200 && readJson(cancelAnswer, body)?.id === id) return { outcome: 'cancelled' };
  const isTooLate = status === 409 && readJson(refusal, body)?.code === 'too_late';
  return { outcome: isTooLate ? 'too_late' : 'unknown', message: describe(outcome) };
}

/** Null: it is not 200, or cannot be read. */
function read<Schema extends z.ZodType>(
  schema: Schema,
  outcome: HttpOutcome,
): z.infer<Schema> | null {
  return outcome.kind === 'answer' && outcome.status === 200
    ? readJson(schema, outcome.body)
    : null;
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  const result: Item[][] = [];
  for (let start = 0; start < items.length; start += size)
    result.push(items.slice(start, start + size));
  return result;
}
