/**
 * Puts the file together: 3,220 rows, most of them ordinary, the planted ones spread among them.
 *
 * Every kind stands at least once in the first 300 rows, so that the short demo meets all of them.
 * A row that refers to another always stands below it, and an address that only the look-up knows
 * never belongs to a row further down: so a mailing of the first 300 rows today and the rest
 * tomorrow ends everybody as if all had been mailed at once.
 */
import { isHeldBack, type Holdout } from '../../../test/audit/household-key.ts';
import { keyOf, realPlaces, type Place } from './addresses.ts';
import { MAILED } from './kinds-mailed.ts';
import { TURNED_AWAY } from './kinds-turned-away.ts';
import { incomplete, UNREADABLE } from './kinds-unreadable.ts';
import { emailOf, favorite, person, promoCode } from './people.ts';
import { Chance } from './random.ts';
import {
  placeOf,
  type Kind,
  type Made,
  type Row,
  type Suppression,
  type Workbench,
} from './rows.ts';

export const ROWS = 3_220;
export const FIRST = 300;
export const HOLDOUT: Holdout = { percent: 10, salt: 'bakery-welcome-2026' };
/** Addresses set aside for planted rows, out of those that the package has. */
const SET_ASIDE = 280;

export interface Assembled {
  rows: Made[];
  suppressions: Suppression[];
  known: { email: string; place: Place }[];
}

export function assemble(): Assembled {
  const chance = new Chance(2026);
  const { whole, withoutCity } = realPlaces();
  const kinds = [...MAILED, ...TURNED_AWAY, ...UNREADABLE, incomplete(withoutCity)];
  const shuffled = chance.shuffled(whole);
  const setAside = shuffled.slice(0, SET_ASIDE);
  const ordinary = shuffled.slice(SET_ASIDE);
  const bench = new Bench(chance, setAside, new Set(whole.map(keyOf)));

  const planted = slots(chance, kinds);
  const counts = new Map<string, number>();
  for (let index = 0; index < ROWS; index += 1) {
    const kind = planted.get(index);
    if (kind === undefined) {
      const place = ordinary.pop();
      if (place === undefined) throw new Error('more rows than addresses');
      bench.made.push({
        kind: 'ordinary',
        row: bench.customer(place),
        ends: 'received or holdout',
      });
    } else {
      const nth = counts.get(kind.kind) ?? 0;
      counts.set(kind.kind, nth + 1);
      bench.made.push({ kind: kind.kind, ...kind.make(bench, nth) });
    }
  }
  // Somebody on the lists whom the audience does not have, as on every real list.
  for (let other = 0; other < 12; other += 1) {
    const stranger = bench.customer(bench.place());
    if (other % 3 === 0) bench.suppress({ email: stranger.email, reason: 'unsubscribed' });
    else if (other % 3 === 1)
      bench.suppress({ place: placeOf(stranger), reason: 'asked by letter' });
    else bench.known(stranger.email, placeOf(stranger));
  }
  const assembled: Assembled = {
    rows: bench.made.map((made) => decided(made)),
    suppressions: chance.shuffled(bench.suppressions),
    known: chance.shuffled(bench.lookup),
  };
  check(assembled, kinds);
  return assembled;
}

/**
 * Only what the household decides is worked out; every other end is known from what was planted.
 */
function decided(made: Made): Made {
  if (made.ends !== 'received or holdout') return made;
  return isHeldBack(HOLDOUT, keyOf(placeOf(made.row)))
    ? { ...made, ends: 'holdout', reason: 'holdout' }
    : { ...made, ends: 'received' };
}

/** Which index of the file a planted row gets. */
function slots(chance: Chance, kinds: readonly Kind[]): Map<number, Kind> {
  const taken = new Map<number, Kind>();
  const place = (kind: Kind, from: number, to: number): void => {
    let index = from + chance.below(to - from);
    while (taken.has(index)) index = index + 1 < to ? index + 1 : from;
    taken.set(index, kind);
  };
  // Whatever needs a row above comes later, the more so where that row is itself a planted one.
  for (const kind of chance.shuffled(kinds))
    place(kind, [4, 70, 220][kind.needs] ?? 0, [200, 220, FIRST][kind.needs] ?? FIRST);
  for (const kind of kinds)
    for (let more = 1; more < kind.count; more += 1) place(kind, FIRST, ROWS);
  return taken;
}

class Bench implements Workbench {
  readonly chance: Chance;
  readonly made: Made[] = [];
  readonly suppressions: Suppression[] = [];
  readonly lookup: { email: string; place: Place }[] = [];
  readonly #open: Place[];
  readonly #heldBack: Place[];
  readonly #households: Set<string>;
  readonly #codes = new Set<string>();
  readonly #given = new Set<Row>();
  #serial = 0;

  constructor(chance: Chance, setAside: readonly Place[], households: Set<string>) {
    this.chance = chance;
    this.#open = setAside.filter((place) => !this.isHeldBack(place));
    this.#heldBack = setAside.filter((place) => this.isHeldBack(place));
    this.#households = households;
  }

  customer(place: Place | null): Row {
    this.#serial += 1;
    const who = person(this.chance);
    const { address1, address2, city, state, zip } = place ?? {
      address1: '',
      address2: '',
      city: '',
      state: '',
      zip: '',
    };
    return {
      customer_id: `FF-${String(10_000 + this.#serial * 7)}`,
      email: emailOf(this.chance, who, this.#serial),
      first_name: who.first,
      last_name: who.last,
      address1,
      address2,
      city,
      state,
      zip,
      country: place === null ? '' : 'US',
      favorite: favorite(this.chance),
      promo_code: this.#code(),
    };
  }

  #code(): string {
    for (;;) {
      const code = promoCode(this.chance);
      if (this.#codes.has(code)) continue;
      this.#codes.add(code);
      return code;
    }
  }

  place(fits: (place: Place) => boolean = () => true): Place {
    const index = this.#open.findIndex(fits);
    const [place] = index === -1 ? [] : this.#open.splice(index, 1);
    if (place === undefined) throw new Error('no address left that fits: set more aside');
    return place;
  }

  heldBackPlace(): Place {
    const place = this.#heldBack.pop();
    if (place === undefined) throw new Error('no address left that is held back: set more aside');
    return place;
  }

  ownPlace(address: (n: number) => Place): Place {
    for (let n = 1; ; n += 1) {
      const place = address(n);
      const key = keyOf(place);
      if (this.#households.has(key) || this.isHeldBack(place)) continue;
      this.#households.add(key);
      return place;
    }
  }

  isHeldBack(place: Place): boolean {
    return isHeldBack(HOLDOUT, keyOf(place));
  }

  earlier(kind: string, fits: (row: Row) => boolean = () => true): Row {
    const candidates = this.made.filter(
      (made) => made.kind === kind && !this.#given.has(made.row) && fits(made.row),
    );
    const { row } = this.chance.pick(candidates);
    this.#given.add(row);
    return row;
  }

  suppress(entry: Suppression): void {
    this.suppressions.push(entry);
  }

  known(email: string, place: Place): void {
    this.lookup.push({ email, place });
  }
}

/** What the files promise. Throws where the generator broke it. */
function check({ rows, known }: Assembled, kinds: readonly Kind[]): void {
  if (rows.length !== ROWS) throw new Error(`${rows.length} rows instead of ${ROWS}`);
  const early = new Set(rows.slice(0, FIRST).map((made) => made.kind));
  const absent = kinds.filter(({ kind }) => !early.has(kind));
  if (absent.length > 0)
    throw new Error(`not in the first ${FIRST} rows: ${absent.map(({ kind }) => kind).join(', ')}`);

  if (new Set(rows.map(({ row }) => row.promo_code)).size !== ROWS)
    throw new Error('a promo code stands twice');

  const readable = rows.filter((made) => made.ends !== 'invalid');
  const lookedUp = new Map(known.map(({ email, place }) => [email.toLowerCase(), keyOf(place)]));
  if (lookedUp.size !== known.length) throw new Error('the look-up knows an e-mail twice');
  const above = new Set<string>();
  const found = new Set<string>();
  const onlyEmail = new Set<string>();
  for (const { row } of readable) {
    // Who is not found frees the e-mail again, so the end of a namesake below would depend on when
    // the look-up answered.
    if (onlyEmail.has(row.email.toLowerCase()))
      throw new Error(`row of ${row.customer_id}: its e-mail is that of an e-mail-only row above`);
    if (row.address1 === '') onlyEmail.add(row.email.toLowerCase());
    const own = row.address1 === '' ? undefined : keyOf(placeOf(row));
    if (own !== undefined && found.has(own))
      throw new Error(`row of ${row.customer_id}: its household was looked up for a row above`);
    if (own !== undefined) above.add(own);
    const fromLookup = own === undefined ? lookedUp.get(row.email.toLowerCase()) : undefined;
    if (fromLookup === undefined || above.has(fromLookup)) continue;
    if (found.has(fromLookup))
      throw new Error(`row of ${row.customer_id}: two e-mails were looked up to one household`);
    found.add(fromLookup);
  }
}
