/**
 * Makes, finds and cancels postcards. Looking at artwork takes time, and two requests with one key
 * may be at it together; so a key is claimed before anything waits, and given back when its request
 * is through.
 */
import { randomUUID } from 'node:crypto';
import { json, type Answer, type TwinRequest } from '../kit/exchange.ts';
import type { TwinClock } from '../kit/clock.ts';
import type { ApiSpec } from '../kit/openapi.ts';
import { readArtwork } from './artwork.ts';
import { fingerprintOf, type ReadBody } from './bodies.ts';
import type { Books, Piece } from './books.ts';
import { checkByProse, checkBySpec, sendDate } from './checks.ts';
import type { Address, Commit, CreatedPiece, Mode } from './entries.ts';
import type { Settings } from './settings.ts';
import { Refused } from './refusals.ts';
import { postcardView } from './views.ts';

export interface PostcardParts {
  readonly books: Books;
  readonly clock: TwinClock;
  readonly commit: Commit;
  readonly spec: ApiSpec;
  readonly settings: Settings;
  /** Resolves when all that was answered is on the disk. */
  settled(): Promise<void>;
  /** A piece goes on its way. */
  follow(piece: Piece): void;
}

export interface Order {
  readonly request: TwinRequest;
  readonly read: ReadBody;
  /** Takes the time that Lob takes; the key is claimed meanwhile. */
  think(): Promise<void>;
}

type Fields = Record<string, unknown>;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export class Postcards {
  readonly #parts: PostcardParts;
  /** By mode and key: requests that are not answered yet. */
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(parts: PostcardParts) {
    this.#parts = parts;
  }

  /** Throws `Refused`. */
  async create(mode: Mode, asked: Order): Promise<Answer> {
    const key = keyOf(asked.request);
    if (key === null) {
      await asked.think();
      return this.#view(await this.#make(mode, null, asked));
    }
    const name = `${mode} ${key}`;
    for (;;) {
      const other = this.#underWay.get(name);
      if (other === undefined) break;
      if (this.#parts.settings.sameKeyUnderWay === 'conflict_409')
        throw new Refused('conflict', 'A request with this idempotency key is under way.');
      await other.catch(() => undefined);
    }
    const made = this.#makeOnce(mode, key, asked);
    this.#underWay.set(name, made);
    try {
      return this.#view(await made);
    } finally {
      this.#underWay.delete(name);
    }
  }

  /** Throws `Refused`. */
  async get(mode: Mode, id: string): Promise<Answer> {
    await this.#parts.settled();
    return this.#view(this.#known(mode, id));
  }

  /** Throws `Refused`. */
  async cancel(mode: Mode, id: string): Promise<Answer> {
    const { commit, clock, settled, settings } = this.#parts;
    const piece = this.#known(mode, id);
    if (piece.deletedAt === null) {
      const now = clock.now();
      const window = piece.sendAt - piece.created.at;
      // By both times: what travels already is not to be had back.
      const sent = now.at >= piece.sendAt || now.travel - piece.created.travel >= window;
      if (sent || piece.status === 'failed')
        throw new Refused('not_deletable', 'The postcard has been sent to production.');
      await commit({ kind: 'deleted', piece: id }, now);
    } else {
      await settled();
      if (settings.cancelAgain !== 'deleted') throw new Refused(settings.cancelAgain);
    }
    return json(200, { id, deleted: true });
  }

  #known(mode: Mode, id: string): Piece {
    const piece = this.#parts.books.piece(mode, id);
    if (piece === undefined) throw new Refused('not_found', 'postcard not found');
    return piece;
  }

  #view(piece: Piece): Answer {
    const { settings, clock } = this.#parts;
    const { normalizeAddresses: normalize } = settings;
    return json(200, postcardView(piece, clock.now().at, { normalize }));
  }

  async #makeOnce(mode: Mode, key: string, asked: Order): Promise<Piece> {
    await asked.think();
    const { books, clock, settings, settled } = this.#parts;
    const known = books.withKey(mode, key);
    const age = known === undefined ? Infinity : clock.now().at - known.created.at;
    if (known === undefined || age >= settings.keyLifetimeHours * HOUR)
      return await this.#make(mode, key, asked);
    if (
      settings.sameKeyOtherBody === 'conflict_409' &&
      known.fingerprint !== fingerprintOf(asked.read)
    )
      throw new Refused('conflict', 'The idempotency key was used with another body.');
    await settled();
    return known;
  }

  async #make(mode: Mode, key: string | null, { request, read }: Order): Promise<Piece> {
    const { books, clock, commit, settings, follow } = this.#parts;
    const account = books.account ?? settings.account;
    if (mode === 'live' && account !== 'ok') throw new Refused(account);
    const body = checkBySpec(this.#parts, request, { operation: 'postcard_create', read });
    checkByProse(body, settings, clock.now().at);
    const size = (body['size'] ?? '4x6') as CreatedPiece['size'];
    const sides = { ...read, fields: body };
    const front = await readArtwork('front', size, sides);
    const back = await readArtwork('back', size, sides);
    const now = clock.now();
    const { send_date: date, from } = body;
    const id = `psc_${sixteenDigits()}`;
    const piece: CreatedPiece = {
      id,
      mode,
      key,
      fingerprint: fingerprintOf(read),
      to: addressOf(body['to'] as Fields),
      from:
        from === undefined
          ? null
          : typeof from === 'string'
            ? saved(from)
            : addressOf(from as Fields),
      front,
      back,
      size,
      mailType: (body['mail_type'] ?? 'usps_first_class') as CreatedPiece['mailType'],
      useType: (body['use_type'] ?? settings.defaultUseType) as string,
      description: textOf(body['description']),
      metadata: (body['metadata'] ?? {}) as Record<string, string>,
      mergeVariables: body['merge_variables'] ?? null,
      sendAt:
        date === undefined
          ? Math.round(now.at + settings.cancelWindowMinutes * MINUTE)
          : sendDate(date as string),
      scheduled: date !== undefined,
      fsc: body['fsc'] === true,
      printSpeed: textOf(body['print_speed']),
    };
    await commit({ kind: 'created', piece }, now);
    const made = this.#known(mode, id);
    follow(made);
    return made;
  }
}

/** Throws `Refused` where there are two. */
export function keyOf({ headers, query }: TwinRequest): string | null {
  const header = headers['idempotency-key'];
  const asked = new URLSearchParams(query);
  const inQuery = asked.get('idempotency_key');
  if (header !== undefined && inQuery !== null)
    throw new Refused('bad_request', 'Multiple idempotency keys were provided.');
  const key = header ?? inQuery;
  if (key === null || key === '') return null;
  if (key.length > 256)
    throw new Refused('invalid', 'An idempotency key may have at most 256 characters.');
  return String(key);
}

/** Random, and from a store of them: a thousand pieces a second need two each. */
function sixteenDigits(): string {
  return randomUUID().replaceAll('-', '').slice(-16);
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function addressOf(fields: Fields): Address {
  const text = (name: string): string | null => textOf(fields[name]);
  return {
    id: `adr_${sixteenDigits()}`,
    name: text('name'),
    company: text('company'),
    line1: text('address_line1') ?? '',
    line2: text('address_line2'),
    city: text('address_city'),
    state: text('address_state'),
    zip: text('address_zip'),
    country: text('address_country') ?? 'US',
    phone: text('phone'),
    email: text('email'),
    description: text('description'),
    metadata: (fields['metadata'] ?? {}) as Record<string, string>,
  };
}

/** A saved address of the sender: the twin keeps no address book, and takes any. */
function saved(id: string): Address {
  return {
    ...addressOf({}),
    id,
    company: 'The Sender',
    line1: '185 Berry St',
    line2: 'Ste 6100',
    city: 'San Francisco',
    state: 'CA',
    zip: '94107-1741',
  };
}
