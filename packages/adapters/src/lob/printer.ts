/**
 * Lob, printer of postcards in the US. `submit.ts` orders, `webhook.ts` hears; here are look-ups,
 * lists and call-backs.
 */
import type {
  AdapterWiring,
  CallContext,
  CancelResult,
  FindResult,
  PieceReference,
  Printer,
} from '@postrider/core/ports';
import { accountOf, type Account } from '../kit/account.ts';
import { readJson } from '../kit/json.ts';
import { parseOptions } from '../kit/options.ts';
import { submitEach } from '../kit/orders.ts';
import { foundAmong, pairIn } from '../kit/references.ts';
import { lobAccounts } from './client.ts';
import { formats, longestLines, longestName, mailClasses } from './formats.ts';
import { lobOptions } from './options.ts';
import { lobDesk } from './submit.ts';
import { webhooksOf } from './webhook.ts';
import {
  deletedPostcard,
  eventsOfPiece,
  isOnPaper,
  isWhole,
  listedPiece,
  postcardList,
} from './wire.ts';

const pageSize = 100;
const DAY_MS = 86_400_000;

export function createLobPrinter(options: unknown, wiring: AdapterWiring): Printer {
  const parsed = parseOptions('printer', lobOptions, options);
  const { timeoutMs } = parsed;
  const account = accountOf(lobAccounts, wiring, { timeoutMs, example: 'lob' });
  const desk = lobDesk(account, parsed);

  return {
    takes: ['application/pdf', 'image/png', 'image/jpeg'],
    formats,
    longestAddressLine: () => longestLines,
    longestName: () => longestName,
    mailClasses,
    keyLifetimeMs: parsed.keyLifetimeMs,
    readLagMs: parsed.readLagMs,
    timeoutMs,
    maxBatch: 100,

    submit: (pieces, lease, context) => submitEach(desk, { pieces, lease, context }),

    async find(pieces, context) {
      const results: FindResult[] = [];
      for (const { reference } of pieces) results.push(await find(account, reference, context));
      return results;
    },

    async list(since, cursor, context) {
      const page = await listPage(account, { since, after: cursor }, context);
      const { mode } = account.connection;
      return {
        pieces: page.pieces.map((piece) => listedPiece(piece, mode, context.now())),
        cursor: page.after,
      };
    },

    async cancel(providerIds, context) {
      const results: CancelResult[] = [];
      for (const id of providerIds) results.push(await cancel(account, id, context));
      return results;
    },

    ...webhooksOf(account.connection),

    // Newest first, page by page; from the end the next round begins anew.
    async poll(cursor, context) {
      const after = cursor === null || cursor === fromTheTop ? null : cursor;
      if (after === atTheEnd) return { events: [], cursor: fromTheTop };
      const since = new Date(context.now().getTime() - parsed.pollDays * DAY_MS);
      const page = await listPage(account, { since, after }, context);
      // A round ends where a page has no events: after an empty list it has ended already.
      const end = page.pieces.length > 0 ? atTheEnd : fromTheTop;
      return { events: page.pieces.flatMap(eventsOfPiece), cursor: page.after ?? end };
    },
  };
}

const fromTheTop = 'from the top';
const atTheEnd = 'at the end';

async function find(
  account: Account,
  { mailpieceId }: PieceReference,
  context: CallContext,
): Promise<FindResult> {
  const query = new URLSearchParams({ 'metadata[mailpiece]': mailpieceId, limit: '10' });
  const outcome = await account.ask(
    { method: 'GET', path: '/postcards', query, about: [mailpieceId] },
    context,
  );
  if (outcome.kind !== 'answer') return { outcome: 'cannot_tell', message: outcome.message };
  const list = outcome.status === 200 ? readJson(postcardList, outcome.body) : null;
  // A list with a piece that cannot be read is no proof that ours is not there.
  if (list === null || list.data.includes(null))
    return { outcome: 'cannot_tell', message: account.refusalIn(outcome).message };
  // Compared here as well: a filter that is not understood may be left out in silence.
  const ours = list.data.flatMap((piece) =>
    piece !== null && pairIn(piece.metadata, 'mailpiece') === mailpieceId
      ? [{ providerId: piece.id, onPaper: isOnPaper(piece) }]
      : [],
  );
  if (ours.length === 0 && !isWhole(list))
    return { outcome: 'cannot_tell', message: 'Lob answered a part of its list.' };
  if (ours.length === 0 && list.data.length > 0)
    return { outcome: 'cannot_tell', message: 'Lob did not look for our reference.' };
  return foundAmong(ours, mailpieceId, context);
}

async function listPage(
  account: Account,
  { since, after }: { readonly since: Date; readonly after: string | null },
  context: CallContext,
) {
  const query = new URLSearchParams({
    limit: String(pageSize),
    'date_created[gte]': since.toISOString(),
    ...(after === null ? {} : { after }),
  });
  const outcome = await account.ask(
    { method: 'GET', path: '/postcards', query, about: [] },
    context,
  );
  if (outcome.kind !== 'answer') throw new Error(`Its pieces cannot be listed: ${outcome.message}`);
  const list = outcome.status === 200 ? readJson(postcardList, outcome.body) : null;
  if (list === null)
    throw new Error(`Its pieces cannot be listed: ${account.refusalIn(outcome).message}`);
  return { pieces: list.data.filter((piece) => piece !== null), after: cursorOf(list.next_url) };
}

/** Of the link to the next page; null where there is none. */
function cursorOf(next: unknown): string | null {
  if (typeof next !== 'string' || !URL.canParse(next, 'https://api.lob.com')) return null;
  return new URL(next, 'https://api.lob.com').searchParams.get('after');
}

async function cancel(account: Account, id: string, context: CallContext): Promise<CancelResult> {
  const path = `/postcards/${encodeURIComponent(id)}`;
  const outcome = await account.ask({ method: 'DELETE', path, about: [id] }, context);
  if (outcome.kind !== 'answer') return { outcome: 'unknown', message: outcome.message };
  if (outcome.status === 200 && readJson(deletedPostcard, outcome.body)?.id === id)
    return { outcome: 'cancelled' };
  const { code, message } = account.refusalIn(outcome);
  return code === 'not_deletable'
    ? { outcome: 'too_late', message }
    : { outcome: 'unknown', message };
}
