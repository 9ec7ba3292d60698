/** What the generator makes: rows of the audience, with what it knows of their end. */
import type { End } from '../../../test/audit/oracle.ts';
import type { Place } from './addresses.ts';
import type { Chance } from './random.ts';

export interface Row {
  customer_id: string;
  email: string;
  first_name: string;
  last_name: string;
  address1: string;
  address2: string;
  city: string;
  state: string;
  zip: string;
  country: string;
  favorite: string;
  promo_code: string;
}

export interface Suppression {
  email?: string;
  external_id?: string;
  place?: Place;
  reason: string;
}

/**
 * `received` may turn out `holdout` for a row whose household was not chosen: then the generator
 * works it out.
 */
export interface Planned {
  row: Row;
  ends: End | 'received or holdout';
  reason?: string;
  /** The record as it stands in the file, where it is not simply the fields of the row. */
  raw?: string;
}

export interface Made extends Planned {
  kind: string;
}

/**
 * What a kind of row may use while it is made. Rows are made in the order of the file, so `earlier`
 * is earlier in the file too.
 */
export interface Workbench {
  readonly chance: Chance;
  /** A new customer, with an address or (null) known by e-mail only. */
  customer(place: Place | null): Row;
  /** An address that nobody else has and that the holdout does not keep back. */
  place(fits?: (place: Place) => boolean): Place;
  /** An address that nobody else has and that the holdout keeps back. */
  heldBackPlace(): Place;
  /**
   * The first of `address(1)`, `address(2)`… that nobody has and that the holdout does not keep
   * back.
   */
  ownPlace(address: (n: number) => Place): Place;
  isHeldBack(place: Place): boolean;
  /**
   * A row that stands above, each given out once. `kind` is `ordinary` for those that nothing was
   * planted in.
   */
  earlier(kind: string, fits?: (row: Row) => boolean): Row;
  suppress(entry: Suppression): void;
  /** Lets the enricher know an address. */
  known(email: string, place: Place): void;
}

export interface Kind {
  readonly kind: string;
  /** How many in the whole file; at least one of them stands in the first 300 rows. */
  readonly count: number;
  /** 0: needs nothing above. 1: needs an ordinary row above. 2: needs a planted row above. */
  readonly needs: 0 | 1 | 2;
  /** `nth` counts from 0. */
  make(bench: Workbench, nth: number): Planned;
}

export function placeOf(row: Row): Place {
  return {
    address1: row.address1,
    address2: row.address2,
    city: row.city,
    state: row.state,
    zip: row.zip,
  };
}
