/**
 * Which columns of a list of suppressions are keys. The names of this command come first; of
 * exports with other headings the e-mail and the customer's id are recognised as an audience does.
 * An address stops everybody who may live there, so it is taken from another heading only where a
 * list, or a row of it, has nothing else.
 */
import { recogniseKeys, type ColumnPlan } from '@postrider/adapters/lists';
import { UserError, exitCodes } from '@postrider/runner/process';
import type { Column } from './subscriber-lists.ts';

export const columns = [
  'email',
  'external_id',
  'line1',
  'line2',
  'postal_code',
  'region',
  'country',
  'reason',
] as const;
export type SuppressionColumn = (typeof columns)[number];

const addressColumns = {
  line1: 'line1',
  line2: 'line2',
  postalCode: 'postal_code',
  region: 'region',
  country: 'country',
} as const;

export interface SuppressionHeader {
  readonly at: ReadonlyMap<SuppressionColumn, number>;
  /** The address of a row that names nobody otherwise. */
  readonly spare: ReadonlyMap<SuppressionColumn, number>;
  readonly others: readonly Column[];
  /** Columns with another heading than ours, by what they were taken for. */
  readonly recognised: Readonly<Partial<Record<SuppressionColumn, string>>>;
  /** Further e-mails of the same people: each of them is a key, as in a list to mail. */
  readonly furtherEmails: readonly Column[];
  /** How the lines of an address are made of the columns. */
  readonly plan: ColumnPlan;
  /** Of the whole row: wrong where a cell is too many. */
  readonly width: number;
}

/** Throws `UserError` (bad data) where nobody can be known by it. */
export function suppressionHeader(file: string, cells: readonly string[]): SuppressionHeader {
  const names = cells.map((name) => name.toLowerCase());
  const twice = columns.find((name) => names.indexOf(name) !== names.lastIndexOf(name));
  if (twice !== undefined)
    throw new UserError(
      exitCodes.badData,
      `${file}: line 1 names ${twice} twice`,
      'nothing was changed',
    );
  const at = new Map<SuppressionColumn, number>();
  for (const name of columns) if (names.includes(name)) at.set(name, names.indexOf(name));
  const recognised: Partial<Record<SuppressionColumn, string>> = {};
  const keys = recogniseKeys(cells);
  take('email', keys.email);
  take('external_id', keys.externalId);
  const known = ['email', 'external_id', 'line1'] as const;
  const address = Object.entries(addressColumns) as [
    keyof typeof addressColumns,
    SuppressionColumn,
  ][];
  const spare = new Map<SuppressionColumn, number>();
  if (!known.some((name) => at.has(name))) {
    if (keys.fault !== null)
      throw new UserError(exitCodes.badData, `${file}: ${keys.fault}`, 'nothing was changed');
    for (const [role, name] of address) take(name, keys.address[role]);
  } else if (keys.fault === null && !at.has('line1'))
    for (const [role, name] of address) {
      const index = keys.address[role];
      if (index !== undefined && !at.has(name)) spare.set(name, index);
    }
  const isKeyed =
    at.has('email') || at.has('external_id') || (at.has('line1') && at.has('postal_code'));
  if (!isKeyed)
    throw new UserError(
      exitCodes.badData,
      `${file}: line 1 names neither email nor external_id nor line1 and postal_code (it has ` +
        `${names.join(', ') || 'nothing'})`,
      `the columns are ${columns.join(', ')}; nothing was changed`,
    );
  const used = new Set(at.values());
  const left = cells
    .map((name, index) => ({ name, index }))
    .filter(({ index }) => !used.has(index));
  const isFurther = ({ index }: Column): boolean => keys.plan.otherEmails.includes(index);
  return {
    at,
    spare,
    furtherEmails: left.filter(isFurther),
    others: left.filter((column) => !isFurther(column)),
    recognised,
    plan: keys.plan,
    width: cells.length,
  };

  function take(name: SuppressionColumn, index: number | undefined): void {
    if (index === undefined || at.has(name) || [...at.values()].includes(index)) return;
    at.set(name, index);
    recognised[name] = cells[index] ?? '';
  }
}
