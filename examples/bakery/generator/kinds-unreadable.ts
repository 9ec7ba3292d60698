/** Rows that cannot be read, or say too little to be mailed or looked up. */
import type { Place } from './addresses.ts';
import type { Kind, Planned, Row } from './rows.ts';

export const UNREADABLE: readonly Kind[] = [
  broken('bad_zip_letters', 'bad_postal_code', [
    { zip: 'ABCDE' },
    { zip: '3721O' },
    { zip: 'unknown' },
    { zip: '9O210' },
  ]),
  broken('bad_zip_too_short', 'bad_postal_code', [{ zip: '12' }, { zip: '7' }, { zip: '' }]),
  // In a state whose ZIPs do not begin with a zero: which digit is lost, nobody knows.
  broken('bad_zip_lost_a_digit', 'bad_postal_code', [
    { city: 'Sacramento', state: 'CA', zip: '9582' },
  ]),
  broken('missing_id', 'missing_external_id', [
    { customer_id: '' },
    { customer_id: '' },
    { customer_id: '  ' },
  ]),
  broken('neither_email_nor_address', 'no_email_no_address', [
    { email: '', address1: '', address2: '', city: '', state: '', zip: '', country: '' },
    { email: '', address1: '', address2: '', city: '', state: '', zip: '', country: '' },
  ]),
  {
    kind: 'bad_email_no_address',
    count: 2,
    needs: 0,
    make: (bench, nth) =>
      invalid(
        { ...bench.customer(null), email: ['not an e-mail', 'someone@example'][nth] ?? '' },
        'bad_email',
      ),
  },
  broken('too_long', 'too_long', [{ last_name: 'Sourdough-and-'.repeat(16) }]),
  // What is left of an accent after a file was read in the wrong encoding and saved again.
  broken('bad_encoding', 'bad_encoding', [{ first_name: 'Ren\uFFFD' }]),
  broken('nul_byte', 'nul_byte', [{ first_name: 'Jo\0anna' }, { last_name: 'Null\0' }]),
  broken('control_character', 'control_character', [
    { first_name: 'Bell\u0007a' },
    { last_name: '\u001b[31mRedman' },
    { first_name: 'Tab\u000bitha' },
  ]),
  {
    kind: 'wrong_number_of_fields',
    count: 5,
    needs: 0,
    make: (bench, nth) => {
      const row = bench.customer(bench.place());
      // A comma that somebody forgot to quote, and a line that was cut off.
      const fields = Object.values<string>({
        ...row,
        last_name: nth % 2 === 0 ? `${row.last_name}, Jr.` : row.last_name,
      });
      return invalid(
        row,
        'wrong_number_of_fields',
        (nth % 2 === 0 ? fields : fields.slice(0, 9)).join(','),
      );
    },
  },
];

/**
 * An address that lacks a part. It comes from the package as it is: some of its addresses have no
 * city.
 */
export function incomplete(cityless: readonly Place[]): Kind {
  return {
    kind: 'incomplete_address',
    count: 3,
    needs: 0,
    make: (bench, nth) => invalid(bench.customer(cityless[nth] ?? null), 'incomplete_address'),
  };
}

/** Rows whose fields are all right but for one. */
function broken(kind: string, reason: string, changes: readonly Partial<Row>[]): Kind {
  return {
    kind,
    count: changes.length,
    needs: 0,
    make: (bench, nth) => invalid({ ...bench.customer(bench.place()), ...changes[nth] }, reason),
  };
}

function invalid(row: Row, reason: string, raw?: string): Planned {
  return {
    row,
    ends: 'invalid',
    reason,
    ...(raw === undefined ? {} : { raw }),
  };
}
