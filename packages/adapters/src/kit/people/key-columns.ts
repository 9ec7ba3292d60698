/** The columns by which somebody is known in a list that is no audience. */
import type { ColumnPlan } from './column-plan.ts';
import { planColumns } from './columns.ts';
import { fold, headingOf } from './headings.ts';

/** Ids of which nobody knows whose they are: of the row, of a login, of another program. */
const anybodysIds = new Set(
  'id userid uid uuid guid recordid accountid profileid leadid personid'.split(' '),
);

/** Why somebody is in such a list: an e-mail of these is the person's whom it stops. */
const stopped = new Set(
  (
    'do not dont no opt opted out of unsubscribe unsubscribed suppress suppressed blocked ' +
    'blacklisted bounced bouncing invalid complained cleaned hard soft removed excluded'
  ).split(' '),
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
    email: at.email ?? stoppedEmail(names),
    externalId: id === undefined || anybodysIds.has(fold(names[id] ?? '')) ? undefined : id,
    address: whole ? {} : address,
    plan,
    fault: fault === null || fault.reason === 'no_street_column' ? null : fault.message,
  };
}

function stoppedEmail(names: readonly string[]): number | undefined {
  const index = names.findIndex((name) => {
    const heading = headingOf(name);
    return heading?.part === 'email' && heading.group.split(' ').every((word) => stopped.has(word));
  });
  return index < 0 ? undefined : index;
}
