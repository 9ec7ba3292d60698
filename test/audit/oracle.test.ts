import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isHeldBack } from './household-key.ts';
import { CUSTOMER_COLUMNS, judge, printableZip, type Verdict } from './oracle.ts';

interface Files {
  rows: (readonly string[] | string)[];
  suppressions?: string[];
  addresses?: string[];
  percent?: number;
  limit?: number;
}

function ends({ rows, suppressions = [], addresses = [], percent = 0, limit }: Files): Verdict[] {
  return judge({
    customers: [CUSTOMER_COLUMNS, ...rows]
      .map((row) => (typeof row === 'string' ? row : row.join(',')))
      .join('\n'),
    suppressions: [
      'email,external_id,line1,line2,city,region,postal_code,country,reason',
      ...suppressions,
    ].join('\n'),
    addresses: ['email,line1,line2,city,region,postal_code,country', ...addresses].join('\n'),
    holdout: { percent, salt: 'test' },
    rows: limit ?? null,
  });
}

/** A row with everything in order; `change` by column. */
function row(
  id: string,
  change: Partial<Record<(typeof CUSTOMER_COLUMNS)[number], string>> = {},
): string[] {
  const good: Record<string, string> = {
    customer_id: id,
    email: `${id}@example.com`,
    first_name: 'Ann',
    last_name: 'Lee',
    address1: `${id} Main Street`,
    address2: '',
    city: 'Salem',
    state: 'MA',
    zip: '01970',
    country: 'US',
    favorite: 'rye',
    promo_code: `P${id}`,
    ...change,
  };
  return CUSTOMER_COLUMNS.map((column) => good[column] ?? '');
}

const noAddress = { address1: '', address2: '', city: '', state: '', zip: '', country: '' };
function short(verdicts: Verdict[]): string[] {
  return verdicts.map(({ ends: end, reason }) =>
    reason === null || reason === end ? end : `${end}: ${reason}`,
  );
}

describe('rows that cannot be used', () => {
  for (const [reason, bad] of [
    ['wrong_number_of_fields', row('1').slice(0, 11)],
    ['wrong_number_of_fields', [...row('1'), 'x']],
    ['nul_byte', row('1', { last_name: 'r\0e' })],
    ['bad_encoding', row('1', { first_name: 'Ren\uFFFD' })],
    ['too_long', row('1', { last_name: 'x'.repeat(201) })],
    ['missing_external_id', row('1', { customer_id: ' ' })],
    ['control_character', row('1', { first_name: 'A\u0007nn' })],
    ['no_email_no_address', row('1', { email: '', ...noAddress })],
    ['bad_email', row('1', { email: 'nobody', ...noAddress })],
    ['incomplete_address', row('1', { city: '' })],
    ['incomplete_address', row('1', { address1: '' })],
    ['bad_postal_code', row('1', { zip: '0197O' })],
    ['bad_postal_code', row('1', { zip: '12' })],
    ['bad_postal_code', row('1', { zip: '' })],
    ['bad_postal_code', row('1', { zip: '9410', state: 'CA' })],
  ] as const) {
    test(`${reason}: ${JSON.stringify(bad.join(','))}`.slice(0, 100), () => {
      const [verdict] = ends({ rows: [bad] });
      assert.deepEqual([verdict?.ends, verdict?.reason, verdict?.card], ['invalid', reason, false]);
    });
  }

  test('a quoted line break in merge data is fine, and counts as a line', () => {
    const verdicts = ends({
      rows: [row('1', { favorite: '"rye\nwith caraway"' }), row('2', { zip: '1970' })],
    });
    assert.deepEqual(
      verdicts.map((verdict) => [verdict.row, verdict.ends]),
      [
        [2, 'received'],
        [4, 'received'],
      ],
    );
    assert.equal(verdicts[1]?.recipient?.address.postalCode, '01970');
  });

  test('merge data decides about nobody', () => {
    for (const favorite of ['r\0e', 'Ren\uFFFD', 'x'.repeat(201)])
      assert.deepEqual(short(ends({ rows: [row('1', { favorite })] })), ['received']);
  });

  test('extra fields that are blank do no harm', () => {
    assert.deepEqual(short(ends({ rows: [[...row('1'), '', ' ']] })), ['received']);
  });

  test('an invalid row takes nobody’s place', () => {
    assert.deepEqual(short(ends({ rows: [row('1', { zip: 'x' }), row('1')] })), [
      'invalid: bad_postal_code',
      'received',
    ]);
  });
});

describe('the order of the rules', () => {
  test('the same id is repeated, or another person has it, and counts for nothing', () => {
    const rows = [
      row('1'),
      row('1', { address1: '5 Elm Court' }),
      row('1', { email: 'new@example.com', address1: '5 Elm Court' }),
      row('2', { email: 'new@example.com', address1: '5 Elm Court' }),
    ];
    assert.deepEqual(short(ends({ rows })), [
      'received',
      'repeated',
      'conflicting: conflicting_id',
      'received',
    ]);
  });

  test('duplicates by e-mail in another case and by household in another spelling', () => {
    const rows = [
      row('1'),
      row('2', { email: '1@EXAMPLE.com' }),
      row('3', { address1: '1 main st.' }),
    ];
    assert.deepEqual(short(ends({ rows })), [
      'received',
      'skipped: duplicate',
      'skipped: duplicate',
    ]);
  });

  test('a person who was let in before holds his place, whatever became of him', () => {
    const rows = [
      row('1'),
      row('2', { address1: '1 Main Street' }),
      row('3', { email: '2@example.com' }),
      row('4', { address1: '3 Main Street' }),
    ];
    assert.deepEqual(short(ends({ rows, suppressions: [',1,,,,,,,'] })), [
      'blacklisted: suppressed',
      'skipped: duplicate',
      'skipped: duplicate',
      'skipped: duplicate',
    ]);
  });

  test('suppressions by e-mail, id and address in another spelling', () => {
    const rows = [row('1'), row('2'), row('3'), row('4')];
    const suppressions = ['1@EXAMPLE.COM,,,,,,,,', ',2,,,,,,,', ',,3 MAIN ST,,SALEM,MA,01970,US,'];
    assert.deepEqual(short(ends({ rows, suppressions })), [
      ...Array.from({ length: 3 }, () => 'blacklisted: suppressed'),
      'received',
    ]);
  });

  test('suppression comes before the holdout, and the second of a household held back is a duplicate', () => {
    const rows = [row('1'), row('2'), row('3', { address1: '2 Main Street' })];
    assert.deepEqual(short(ends({ rows, suppressions: [',1,,,,,,,'], percent: 100 })), [
      'blacklisted: suppressed',
      'holdout',
      'skipped: duplicate',
    ]);
  });
});

describe('known by e-mail only', () => {
  test('found, not found, and found without regard to case', () => {
    const verdicts = ends({
      rows: [row('1', noAddress), row('2', noAddress)],
      addresses: ['1@EXAMPLE.com,7 Elm Court,,Troy,VT,5868,US'],
    });
    assert.deepEqual(short(verdicts), ['received', 'skipped: no_address']);
    assert.equal(verdicts[0]?.recipient?.address.postalCode, '05868');
  });

  test('the household rules run again on the address that was found', () => {
    const addresses = [
      '2@example.com,1 Main St,,Salem,MA,01970,US',
      '3@example.com,9 Elm Ct,,Troy,VT,05868,US',
      '4@example.com,8 Elm Ct,,Troy,VT,05868,US',
    ];
    const rows = [row('1'), ...['2', '3', '4'].map((id) => row(id, noAddress))];
    assert.deepEqual(
      short(ends({ rows, addresses, suppressions: [',,9 Elm Court,,Troy,VT,05868,US,'] })),
      ['received', 'skipped: duplicate', 'blacklisted: suppressed', 'received'],
    );
    assert.deepEqual(short(ends({ rows, addresses, percent: 100 })), [
      'holdout',
      'skipped: duplicate',
      'holdout',
      'holdout',
    ]);
  });

  test('a suppressed e-mail is not even looked up', () => {
    assert.deepEqual(
      short(ends({ rows: [row('1', noAddress)], suppressions: ['1@example.com,,,,,,,,'] })),
      ['blacklisted: suppressed'],
    );
  });
});

test('only so many rows', () => {
  assert.equal(ends({ rows: [row('1'), row('2'), row('3')], limit: 2 }).length, 2);
});

test('the holdout goes by household, not by person', () => {
  const rows = Array.from({ length: 60 }, (_, n) => row(String(n)));
  const held = ends({ rows, percent: 10 }).filter((verdict) => verdict.ends === 'holdout');
  assert.ok(held.length > 0 && held.length < 30);
  for (const { customerId } of held)
    assert.ok(isHeldBack({ percent: 10, salt: 'test' }, `2|US|01970|${customerId}|MAIN|ST||||`));
});

test('printableZip', () => {
  const zips = [
    ['01970', 'MA'],
    ['1970', 'MA'],
    ['1970-1234', 'MA'],
    ['019701234', 'MA'],
    ['901', 'PR'],
    ['9582', 'CA'],
    ['00000', 'MA'],
    ['12', 'MA'],
    ['0197O', 'MA'],
  ] as const;
  assert.deepEqual(
    zips.map(([zip, state]) => printableZip(zip, state)),
    ['01970', '01970', '01970-1234', '01970-1234', '00901', null, null, null, null],
  );
});
