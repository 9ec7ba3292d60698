/** The text of the files. */
import type { End } from '../../../test/audit/oracle.ts';
import type { Assembled } from './assemble.ts';
import { FIRST, HOLDOUT } from './assemble.ts';
import type { Made, Row } from './rows.ts';

const COLUMNS: readonly (keyof Row)[] = [
  'customer_id',
  'email',
  'first_name',
  'last_name',
  'address1',
  'address2',
  'city',
  'state',
  'zip',
  'country',
  'favorite',
  'promo_code',
];

const ENDS: readonly End[] = [
  'received',
  'skipped',
  'blacklisted',
  'holdout',
  'invalid',
  'repeated',
  'conflicting',
];

function record(fields: readonly string[]): string {
  return fields
    .map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field))
    .join(',');
}

function lines(records: readonly string[]): string {
  return `${records.join('\n')}\n`;
}

export function filesOf({ rows, suppressions, known }: Assembled): Record<string, string> {
  const records = rows.map((made) => made.raw ?? record(COLUMNS.map((column) => made.row[column])));
  return {
    'customers.csv': lines([record(COLUMNS), ...records]),
    'suppressions.csv': lines([
      'email,external_id,line1,line2,city,region,postal_code,country,reason',
      ...suppressions.map(({ email = '', external_id = '', place, reason }) =>
        record([
          email,
          external_id,
          place?.address1 ?? '',
          place?.address2 ?? '',
          place?.city ?? '',
          place?.state ?? '',
          place?.zip ?? '',
          place === undefined ? '' : 'US',
          reason,
        ]),
      ),
    ]),
    'addresses.csv': lines([
      'email,line1,line2,city,region,postal_code,country',
      ...known.map(({ email, place }) =>
        record([email, place.address1, place.address2, place.city, place.state, place.zip, 'US']),
      ),
    ]),
    'expected.json': expected(rows, records),
  };
}

/** One line for each row, so that a changed end shows up as one changed line. */
function expected(rows: readonly Made[], records: readonly string[]): string {
  let line = 2;
  const ends = rows.map((made, index) => {
    const entry = {
      customer_id: made.row.customer_id.trim(),
      kind: made.kind,
      ends: made.ends,
      reason: made.reason ?? null,
      card: made.ends === 'received',
    };
    const text = `    "${line}": ${JSON.stringify(entry)}`;
    line += (records[index] ?? '').split('\n').length;
    return text;
  });
  const totals = { [`first_${FIRST}`]: totalsOf(rows.slice(0, FIRST)), all: totalsOf(rows) };
  return `{
  "holdout": ${JSON.stringify(HOLDOUT)},
  "totals": ${JSON.stringify(totals, null, 2).replaceAll('\n', '\n  ')},
  "rows": {
${ends.join(',\n')}
  }
}
`;
}

function totalsOf(rows: readonly Made[]): object {
  const count = (fits: (made: Made) => boolean): number => rows.filter(fits).length;
  const reasons = [...new Set(rows.flatMap((made) => made.reason ?? []))].sort();
  return {
    rows: rows.length,
    cards: count((made) => made.ends === 'received'),
    ends: Object.fromEntries(ENDS.map((ends) => [ends, count((made) => made.ends === ends)])),
    reasons: Object.fromEntries(
      reasons.map((reason) => [reason, count((made) => made.reason === reason)]),
    ),
  };
}
