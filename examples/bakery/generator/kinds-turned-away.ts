/**
 * Rows that must not get a card: duplicates, repeats, suppressed people, and people without an
 * address. Rows that cannot be read: kinds-unreadable.ts.
 */
import { SPELLINGS, type Place } from './addresses.ts';
import { placeOf, type Kind, type Planned, type Row, type Workbench } from './rows.ts';

function duplicate(row: Row): Planned {
  return { row, ends: 'skipped', reason: 'duplicate' };
}
function suppressed(row: Row): Planned {
  return { row, ends: 'blacklisted', reason: 'suppressed' };
}

/**
 * The person of a row above comes again, as a new customer with a new e-mail, and writes the
 * address differently.
 */
function otherSpelling(
  kind: string,
  spell: (place: Place) => Place | undefined,
  count: number,
): Kind {
  return {
    kind,
    count,
    needs: 1,
    make: (bench) => {
      const before = bench.earlier('ordinary', (row) => spell(placeOf(row)) !== undefined);
      const { first_name, last_name } = before;
      return duplicate({
        ...bench.customer(spell(placeOf(before)) ?? placeOf(before)),
        first_name,
        last_name,
      });
    },
  };
}

/** Somebody else in the household of a row above of another kind. */
function inTheHouseholdOf(
  other: string,
  { kind, count }: Pick<Kind, 'kind' | 'count'>,
  fits?: (bench: Workbench, row: Row) => boolean,
): Kind {
  return {
    kind,
    count,
    needs: other === 'ordinary' ? 1 : 2,
    make: (bench) => {
      const before = bench.earlier(other, (row) => fits?.(bench, row) ?? true);
      return duplicate({ ...bench.customer(placeOf(before)), last_name: before.last_name });
    },
  };
}

export const TURNED_AWAY: readonly Kind[] = [
  otherSpelling('duplicate_abbreviation', SPELLINGS.abbreviation, 8),
  otherSpelling('duplicate_punctuation', SPELLINGS.punctuation, 5),
  otherSpelling('duplicate_case', SPELLINGS.case, 5),
  otherSpelling('duplicate_unit', SPELLINGS.unit, 6),
  otherSpelling('duplicate_unit_on_first_line', SPELLINGS.unitOnFirstLine, 4),
  otherSpelling('duplicate_accents', SPELLINGS.accents, 4),
  otherSpelling('duplicate_zip_plus_4', SPELLINGS.zip4, 4),
  otherSpelling('duplicate_other_email', (place) => ({ ...place }), 5),
  {
    kind: 'duplicate_email',
    count: 8,
    needs: 1,
    make: (bench, nth) => {
      const { email, first_name, last_name } = bench.earlier('ordinary');
      const again =
        nth % 2 === 0 ? email.toUpperCase() : email.replace(/^./, (letter) => letter.toUpperCase());
      return duplicate({ ...bench.customer(bench.place()), email: again, first_name, last_name });
    },
  },
  inTheHouseholdOf('ordinary', { kind: 'household_of_two', count: 12 }),
  inTheHouseholdOf('ordinary', { kind: 'household_held_back', count: 3 }, (bench, row) =>
    bench.isHeldBack(placeOf(row)),
  ),
  inTheHouseholdOf('suppressed_email', { kind: 'household_of_a_suppressed', count: 2 }),
  {
    // Only the duplicate above has this e-mail: it takes a place although it got no card.
    kind: 'duplicate_of_a_duplicate',
    count: 2,
    needs: 2,
    make: (bench) =>
      duplicate({
        ...bench.customer(bench.place()),
        email: bench.earlier('duplicate_other_email').email.toUpperCase(),
      }),
  },
  {
    kind: 'repeated_id',
    count: 6,
    needs: 1,
    // All the same but the promo code, which would give away a card made from the second row.
    make: (bench) => {
      const before = bench.earlier('ordinary');
      return {
        row: { ...before, promo_code: bench.customer(null).promo_code },
        ends: 'repeated',
        reason: 'repeated',
      };
    },
  },
  {
    kind: 'conflicting_id',
    count: 2,
    needs: 1,
    make: (bench) => {
      const { customer_id } = bench.earlier('ordinary');
      return {
        row: { ...bench.customer(bench.place()), customer_id },
        ends: 'conflicting',
        reason: 'conflicting_id',
      };
    },
  },
  {
    kind: 'suppressed_email',
    count: 8,
    needs: 0,
    make: (bench) => {
      const row = bench.customer(bench.place());
      bench.suppress({ email: row.email.toUpperCase(), reason: 'unsubscribed' });
      return suppressed(row);
    },
  },
  {
    kind: 'suppressed_id',
    count: 8,
    needs: 0,
    make: (bench) => {
      const row = bench.customer(bench.place());
      bench.suppress({ external_id: row.customer_id, reason: 'asked in the shop' });
      return suppressed(row);
    },
  },
  {
    kind: 'suppressed_address',
    count: 8,
    needs: 0,
    make: (bench) => {
      const home = bench.place((place) => SPELLINGS.abbreviation(place) !== undefined);
      bench.suppress({
        place: SPELLINGS.case(SPELLINGS.abbreviation(home) ?? home) ?? home,
        reason: 'asked by letter',
      });
      return suppressed(bench.customer(home));
    },
  },
  {
    kind: 'email_only_suppressed_email',
    count: 2,
    needs: 0,
    make: (bench) => {
      const row = bench.customer(null);
      bench.suppress({ email: row.email, reason: 'unsubscribed' });
      bench.known(row.email, bench.place());
      return suppressed(row);
    },
  },
  {
    kind: 'email_only_suppressed_address',
    count: 2,
    needs: 0,
    make: (bench) => {
      const row = bench.customer(null);
      const home = bench.place((place) => SPELLINGS.abbreviation(place) !== undefined);
      bench.known(row.email, home);
      bench.suppress({ place: SPELLINGS.abbreviation(home) ?? home, reason: 'asked by letter' });
      return suppressed(row);
    },
  },
  {
    kind: 'email_only_known_email',
    count: 2,
    needs: 1,
    make: (bench) =>
      duplicate({ ...bench.customer(null), email: bench.earlier('ordinary').email.toUpperCase() }),
  },
  {
    kind: 'email_only_known_household',
    count: 6,
    needs: 1,
    make: (bench) => {
      const row = bench.customer(null);
      const before = placeOf(bench.earlier('ordinary'));
      bench.known(row.email, SPELLINGS.abbreviation(before) ?? before);
      return duplicate(row);
    },
  },
  {
    kind: 'email_only_not_found',
    count: 16,
    needs: 0,
    make: (bench) => ({ row: bench.customer(null), ends: 'skipped', reason: 'no_address' }),
  },
  {
    kind: 'email_only_held_back',
    count: 5,
    needs: 0,
    make: (bench) => {
      const row = bench.customer(null);
      bench.known(row.email, bench.heldBackPlace());
      return { row, ends: 'holdout', reason: 'holdout' };
    },
  },
  {
    kind: 'email_only_found',
    count: 46,
    needs: 0,
    make: (bench, nth) => {
      const row = bench.customer(null);
      bench.known(nth % 5 === 0 ? row.email.toUpperCase() : row.email, bench.place());
      return { row, ends: 'received' };
    },
  },
];
