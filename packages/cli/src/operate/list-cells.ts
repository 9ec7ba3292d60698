/** The cells of a list of suppressions, read by the rules of an audience. */
import { addressParts, isRounded, quote, readCell } from '@postrider/adapters/lists';
import type { SuppressionHeader } from './suppression-columns.ts';

/** What was read otherwise than it is written. */
export interface Change {
  readonly column: string;
  readonly reason: string;
  readonly message: string;
}

type Row = Readonly<Record<string, string | undefined>>;

const roles = {
  external_id: 'externalId',
  line1: 'line1',
  line2: 'line2',
  postal_code: 'postalCode',
  region: 'region',
  country: 'country',
} as const;

/**
 * The row with the lines of its address as an audience has them: a house number in a column of its
 * own belongs to the street, and two lines in a street cell are two lines.
 */
export function linesAsMeant(
  { at, plan }: SuppressionHeader,
  cells: readonly string[],
  given: Row,
): ReturnType<typeof cellsAsMeant> {
  if (plan.at.line1 === undefined || plan.at.line1 !== at.get('line1'))
    return { row: given, changes: [], problems: [] };
  const keys: Readonly<Record<string, string>> = {
    line1: 'line1',
    line2: 'line2',
    postalCode: 'postal_code',
  };
  const {
    at: part,
    notes,
    fault,
  } = addressParts(
    plan,
    (role) => {
      const own = keys[role];
      if (own !== undefined) return given[own] ?? '';
      const index = plan.at[role];
      const text = index === undefined ? '' : (cells[index] ?? '');
      return readCell(role, { column: plan.names[index ?? -1] ?? '', text }).value;
    },
    given['country'] ?? '',
  );
  return {
    row: {
      ...given,
      ...Object.fromEntries(
        (['line1', 'line2', 'postalCode'] as const).map((role) => [keys[role], part(role)]),
      ),
    },
    changes: notes.map(({ column, reason, message }) => ({
      column: column ?? '',
      reason,
      message,
    })),
    problems: fault === null ? [] : [fault.message.replace(/\.$/, '')],
  };
}

/** The row as it is meant, what was changed in it, and which keys of it nobody can have. */
export function cellsAsMeant(given: Row): {
  readonly row: Row;
  readonly changes: readonly Change[];
  readonly problems: readonly string[];
} {
  const row: Record<string, string | undefined> = { ...given };
  const changes: Change[] = [];
  const problems: string[] = [];
  for (const [column, role] of Object.entries(roles)) {
    const { value, notes, fault } = readCell(role, { column, text: row[column] ?? '' });
    changes.push(...notes.map(({ reason, message }) => ({ column, reason, message })));
    const rounded = role === 'externalId' && isRounded(value);
    if (rounded)
      problems.push(`external_id was rounded by a spreadsheet: ${quote(value)}; export it as text`);
    // What is too long or broken is told with the other keys of the row.
    const unusable =
      rounded || fault?.reason === 'machine_word' || fault?.reason === 'lost_letters';
    if (fault !== null && unusable) problems.push(fault.message.replace(/\.$/, ''));
    row[column] = unusable ? '' : value;
  }
  return { row, changes, problems };
}
