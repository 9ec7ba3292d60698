/**
 * Columns of well-known exports that are not what their headings say, by columns that only such an
 * export has.
 */
import { fold } from './headings.ts';

interface KnownExport {
  readonly hasAny: readonly string[];
  /** Headings that say nothing of a person there. */
  readonly otherwise: readonly string[];
}

const knownExports: readonly KnownExport[] = [
  // Where an opening of an e-mail was seen, by its network address.
  { hasAny: ['leid', 'euid', 'memberrating', 'optintime'], otherwise: ['region', 'cc'] },
  // Rows are orders, and so are `Id` and `Name`. `Street` says both address lines once more.
  {
    hasAny: ['lineitemname', 'financialstatus'],
    otherwise: ['id', 'name', 'billingstreet', 'shippingstreet'],
  },
  // A shop that is a WordPress: at first the login of somebody.
  { hasAny: ['userlogin', 'usernicename'], otherwise: ['displayname', 'nickname'] },
];

/** Positions of columns of which nothing is guessed. */
export function misleading(names: readonly string[]): ReadonlySet<number> {
  const folded = names.map(fold);
  const found = knownExports.filter(({ hasAny }) => hasAny.some((name) => folded.includes(name)));
  return new Set(
    folded.flatMap((name, index) =>
      found.some(({ otherwise }) => otherwise.includes(name)) ? [index] : [],
    ),
  );
}
