/**
 * Lob, printer of postcards in the US. `submit.ts` orders, `webhook.ts` hears; here are look-ups,
 * lists and call-backs.
 */
import type { AdapterWiring, CallContext, Printer } from '@postrider/core/ports';
import type { z } from 'zod';
import { accountOf, type Account } from '../kit/account.ts';
import { cancelEach } from '../kit/call-backs.ts';
import { askFor, findEach, type LookedUp } from '../kit/find-pieces.ts';
import { readJson } from '../kit/json.ts';
import { parseOptions } from '../kit/options.ts';
import { submitEach } from '../kit/orders.ts';
import { pairIn } from '../kit/references.ts';
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
  postcard,
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

    submit: (pieces, guard, context) => submitEach(desk, { pieces, guard, context }),

    find: (pieces, context) =>
      findEach(account, pieces, context, {
        request: (mailpieceId) => ({
          method: 'GET',
          path: '/postcards',
          query: new URLSearchParams({ 'metadata[mailpiece]': mailpieceId, limit: '10' }),
        }),
        read: lookedUp,
      }),

    async list(since, cursor, context) {
      const page = await listPage(account, { since, after: cursor, read: readWholly }, context);
      const { mode } = account.connection;
      return {
        pieces: page.pieces.map((piece) => listedPiece(piece, mode, context.now())),
        cursor: page.after,
      };
    },

    cancel: (providerIds, context) =>
      cancelEach(account, providerIds, context, {
        request: (id) => ({ method: 'DELETE', path: `/postcards/${id}` }),
        isCancelled: (body, id) => readJson(deletedPostcard, body)?.id === id,
        isTooLate: (code) => code === 'not_deletable',
        // What a second request is answered nobody has confirmed.
        look: {
          request: (id) => ({ method: 'GET', path: `/postcards/${id}` }),
          isCancelled(body, id) {
            const seen = readJson(postcard, body);
            return seen?.id === id && seen.deleted === true;
          },
        },
        atOnce: parsed.atOnce,
      }),

    ...webhooksOf(account.connection),

    // Newest first, page by page; from the end the next round begins anew.
    async poll(cursor, context) {
      const after = cursor === null || cursor === fromTheTop ? null : cursor;
      if (after === atTheEnd) return { events: [], cursor: fromTheTop };
      // From a midnight on, so that the pages of a round are of one list: a piece that falls out of
      // it while the round stands there is no cursor of it any more.
      const today = Math.floor(context.now().getTime() / DAY_MS);
      const since = new Date((today - parsed.pollDays) * DAY_MS);
      const page = await listPage(account, { since, after, read }, context);
      // A round ends where a page has no events: after an empty list it has ended already.
      const end = page.pieces.length > 0 ? atTheEnd : fromTheTop;
      return { events: page.pieces.flatMap(eventsOfPiece), cursor: page.after ?? end };
    },
  };
}

const fromTheTop = 'from the top';
const atTheEnd = 'at the end';

function lookedUp(body: string): LookedUp | null {
  const list = readJson(postcardList, body);
  // A list with a piece that cannot be read is no proof that ours is not there.
  if (list === null || list.data.includes(null)) return null;
  const pieces = list.data.filter((piece) => piece !== null);
  return {
    pieces: pieces.map((piece) => ({
      providerId: piece.id,
      mailpieceId: pairIn(piece.metadata, 'mailpiece'),
      onPaper: isOnPaper(piece),
    })),
    whole: isWhole(list),
  };
}

type Page = z.infer<typeof postcardList>;

function read(body: string): Page | null {
  return readJson(postcardList, body);
}

/** After a restore, a card that is left out of the list is printed again: all of it is read. */
function readWholly(body: string): Page | null {
  const page = read(body);
  if (page === null || page.data.includes(null)) return null;
  if ((page.count ?? page.data.length) !== page.data.length) return null;
  return (page.next_url ?? null) !== null && cursorOf(page.next_url) === null ? null : page;
}

async function listPage(
  account: Account,
  {
    since,
    after,
    read,
  }: {
    readonly since: Date;
    readonly after: string | null;
    readonly read: (body: string) => Page | null;
  },
  context: CallContext,
) {
  const query = new URLSearchParams({
    limit: String(pageSize),
    'date_created[gte]': since.toISOString(),
    ...(after === null ? {} : { after }),
  });
  const list = await askFor(account, { method: 'GET', path: '/postcards', query }, context, read);
  return { pieces: list.data.filter((piece) => piece !== null), after: cursorOf(list.next_url) };
}

/** Of the link to the next page; null where there is none. */
function cursorOf(next: unknown): string | null {
  if (typeof next !== 'string' || !URL.canParse(next, 'https://api.lob.com')) return null;
  return new URL(next, 'https://api.lob.com').searchParams.get('after');
}
