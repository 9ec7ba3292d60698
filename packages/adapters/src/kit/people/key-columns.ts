/** The columns by which somebody is known in a list that is no audience. */
import { planColumns, type ColumnPlan } from './columns.ts';
import { fold } from './headings.ts';

/** Ids of which nobody knows whose they are: of the row, of a login, of another program. */
const anybodysIds = new Set(
  'id userid uid uuid guid recordid accountid profileid leadid personid'.split(' '),
);

export interface KeyColumns {
  readonly email: number | undefined;
  readonly externalId: number | undefined;
  readonly address: Readonly<
    Partial<Record<'line1' | 'line2' | 'postalCode' | 'region' | 'country', number>>
  >;
  /** Of all columns: how the lines of an address are made of them. */
  readonly plan: ColumnPlan;
  /** Why nobody can tell which columns are the address. */
  readonly fault: string | null;
}

export function recogniseKeys(names: readonly string[]): KeyColumns {
  // Such a list may have its e-mails under "Do Not Mail".
  const options = { columns: { doNotMail: null }, ignore: [] };
  const plan = planColumns(names, options, false);
  const { at, fault, whole } = plan;
  const id = at.externalId;
  const { line1, line2, postalCode, region, country } = at;
  const address = Object.fromEntries(
    Object.entries({ line1, line2, postalCode, region, country }).filter(
      ([, index]) => index !== undefined,
    ),
  );
  return {
    email: at.email,
    externalId: id === undefined || anybodysIds.has(fold(names[id] ?? '')) ? undefined : id,
    address: whole ? {} : address,
    plan,
    fault: fault === null || fault.reason === 'no_street_column' ? null : fault.message,
  };
}
