/** Lists postcards: the newest first, page by page, by what is asked for. */
import { json, type Answer, type TwinRequest } from '../kit/exchange.ts';
import { nest } from '../kit/forms.ts';
import type { ApiSpec } from '../kit/openapi.ts';
import type { Books, Piece } from './books.ts';
import type { Mode } from './entries.ts';
import type { Settings } from './settings.ts';
import { sendDate } from './checks.ts';
import { Refused } from './refusals.ts';
import { postcardView } from './views.ts';

type Query = Record<string, unknown>;
type Dates = Readonly<Record<string, string>>;

export interface ListParts {
  readonly books: Books;
  readonly spec: ApiSpec;
  readonly settings: Settings;
  /** Of the twin, for the links to the next page and the one before. */
  url(): string;
  now(): number;
}

/** Throws `Refused`. */
export function listPostcards(parts: ListParts, mode: Mode, request: TwinRequest): Answer {
  const { settings } = parts;
  const now = parts.now();
  const query = readQuery(request.query);
  check(parts.spec, query);
  const limit = Number(query['limit'] ?? 10);
  const found = matching(parts, mode, query).filter(
    (piece) =>
      now - piece.created.at >= settings.readLagMs &&
      (settings.listCancelled || piece.deletedAt === null),
  );
  sort(found, query['sort_by']);
  const { start, end } = pageOf(found, { limit, after: query['after'], before: query['before'] });
  const page = found.slice(start, end);
  const link = (which: 'after' | 'before', piece: Piece | undefined): string | null => {
    if (piece === undefined) return null;
    const next = new URLSearchParams(request.query);
    next.delete('after');
    next.delete('before');
    next.set(which, cursorOf(piece));
    return `${parts.url()}/v1/postcards?${next.toString()}`;
  };
  const included = query['include'];
  return json(200, {
    data: page.map((piece) => postcardView(piece, now, { normalize: settings.normalizeAddresses })),
    object: 'list',
    next_url: end < found.length ? link('after', page.at(-1)) : null,
    previous_url: start > 0 ? link('before', page[0]) : null,
    count: page.length,
    ...(Array.isArray(included) && included.includes('total_count')
      ? { total_count: found.length }
      : {}),
  });
}

/** `metadata[a]=b` and `metadata={"a":"b"}`, which Lob's own client sends, say the same. */
function readQuery(text: string): Query {
  const query: Query = nest(new URLSearchParams(text));
  for (const [name, value] of Object.entries(query)) {
    if (typeof value === 'string' && /^[[{]/.test(value)) query[name] = parsed(value);
  }
  for (const name of ['include', 'size']) {
    const value = query[name];
    if (typeof value === 'string') query[name] = [value];
    else if (value !== undefined && !Array.isArray(value))
      query[name] = Object.values(value as object);
  }
  return query;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Throws `Refused`. What the spec says of cursors and dates no schema can hold. */
function check(spec: ApiSpec, query: Query): void {
  const { before, after, send_date: date, sort_by: order, ...rest } = query;
  if (before !== undefined && after !== undefined)
    throw new Refused('invalid', 'only one of before and after can be in the query');
  const request = { method: 'GET', path: '/postcards', headers: {} };
  const checked = { operation: 'postcards_list', body: undefined, form: false };
  const [violation] = spec.violations(request, rest, checked);
  if (violation !== undefined) {
    const field = violation.at.split('/').slice(2).join('.');
    throw new Refused('invalid', `${field} ${violation.message}`.trim());
  }
  for (const dates of [query['date_created'], date]) readDates(dates);
  const orders = Object.entries((order ?? {}) as object);
  if (
    orders.length > 1 ||
    !orders.every(
      ([name, way]) =>
        ['date_created', 'send_date'].includes(name) && ['asc', 'desc'].includes(String(way)),
    )
  )
    throw new Refused('invalid', 'sort_by takes date_created or send_date, asc or desc');
}

function readDates(dates: unknown): (at: number) => boolean {
  if (dates === undefined) return () => true;
  if (typeof dates !== 'object' || dates === null)
    throw new Refused('invalid', 'dates are filtered by gt, gte, lt and lte');
  const tests = Object.entries(dates as Dates).map(([word, text]) => {
    const bound = sendDate(text);
    const test = comparisons[word];
    if (test === undefined || Number.isNaN(bound))
      throw new Refused('invalid', `${word} ${text} is no filter of dates`);
    return (at: number) => test(at, bound);
  });
  return (at) => tests.every((test) => test(at));
}

const comparisons: Readonly<Record<string, (at: number, bound: number) => boolean>> = {
  gt: (at, bound) => at > bound,
  gte: (at, bound) => at >= bound,
  lt: (at, bound) => at < bound,
  lte: (at, bound) => at <= bound,
};

/** The newest first. */
function matching({ books }: ListParts, mode: Mode, query: Query): Piece[] {
  const pairs = Object.entries((query['metadata'] ?? {}) as Record<string, string>);
  const [first] = pairs;
  const from = first === undefined ? books.pieces[mode] : books.withMetadata(mode, ...first);
  const created = readDates(query['date_created']);
  const sent = readDates(query['send_date']);
  const { size, status, mail_type: mailType, scheduled, campaign_id: campaign } = query;
  return from
    .filter(
      (piece) =>
        pairs.every(([name, value]) => piece.metadata[name] === value) &&
        created(piece.created.at) &&
        sent(piece.sendAt) &&
        (!Array.isArray(size) || size.includes(piece.size)) &&
        (status === undefined || piece.status === status) &&
        (mailType === undefined || piece.mailType === mailType) &&
        (scheduled === undefined || String(piece.scheduled) === (scheduled as string)) &&
        campaign === undefined,
    )
    .reverse();
}

function sort(pieces: Piece[], order: unknown): void {
  const [[name, way] = []] = Object.entries((order ?? {}) as Record<string, string>);
  if (name === undefined) return;
  const at = (piece: Piece): number => (name === 'send_date' ? piece.sendAt : piece.created.at);
  const sign = way === 'asc' ? 1 : -1;
  pieces.sort((a, b) => sign * (at(a) - at(b) || a.number - b.number));
}

function pageOf(
  found: readonly Piece[],
  asked: { readonly limit: number; readonly after: unknown; readonly before: unknown },
): { readonly start: number; readonly end: number } {
  const { limit, after, before } = asked;
  const place = (cursor: unknown): number => {
    const number = readCursor(cursor);
    const at = found.findIndex((piece) => piece.number === number);
    if (at === -1) throw new Refused('invalid', 'before and after must be cursors of this list');
    return at;
  };
  if (after !== undefined) {
    const start = place(after) + 1;
    return { start, end: Math.min(start + limit, found.length) };
  }
  if (before === undefined) return { start: 0, end: Math.min(limit, found.length) };
  const end = place(before);
  return { start: Math.max(end - limit, 0), end };
}

function cursorOf({ number }: Piece): string {
  return Buffer.from(JSON.stringify({ piece: number })).toString('base64url');
}

function readCursor(cursor: unknown): number {
  const text = Buffer.from(String(cursor), 'base64url').toString();
  return Number(/^\{"piece":(\d{1,12})\}$/.exec(text)?.[1] ?? 0);
}
