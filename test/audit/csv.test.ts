import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { byColumn, CsvError, readCsv, readTable } from './csv.ts';

describe('readCsv', () => {
  test('plain, quoted, empty and doubled-quote fields', () => {
    assert.deepEqual(readCsv('a,"b ""c"", d",\n,,\n'), [
      { line: 1, fields: ['a', 'b "c", d', ''] },
      { line: 2, fields: ['', '', ''] },
    ]);
  });

  test('says on which line a record begins, with line breaks inside quotes', () => {
    const records = readCsv('h,i\n"one\n\ntwo",x\r\n"three\r\nfour",y\n\nlast,z');
    assert.deepEqual(
      records.map(({ line, fields }) => [line, fields[0]]),
      [
        [1, 'h'],
        [2, 'one\n\ntwo'],
        [5, 'three\r\nfour'],
        [8, 'last'],
      ],
    );
  });

  test('keeps NUL and control characters, and drops a byte order mark', () => {
    assert.deepEqual(readCsv('\uFEFFJo\0,\u0007x\n'), [{ line: 1, fields: ['Jo\0', '\u0007x'] }]);
  });

  test('refuses what is not CSV', () => {
    assert.throws(() => readCsv('a,"b'), CsvError);
    assert.throws(() => readCsv('a,"b"c\n'), /line 1: text follows a closing quote/);
    assert.throws(() => readCsv('x\na,b"c\n'), /line 2: a quote inside a field/);
  });

  test('reads back whatever is written', () => {
    const field = fc.string({
      unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', '\0', 'é'),
      maxLength: 6,
    });
    const record = fc
      .array(field, { minLength: 1, maxLength: 4 })
      .filter((fields) => fields.length > 1 || fields[0] !== '');
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 6 }),
        fc.constantFrom('\n', '\r\n'),
        (records, end) => {
          const text = records
            .map(
              (fields) => fields.map((each) => `"${each.replaceAll('"', '""')}"`).join(',') + end,
            )
            .join('');
          assert.deepEqual(
            readCsv(text).map(({ fields }) => fields),
            records,
          );
        },
      ),
    );
  });
});

test('readTable names the column that is missing', () => {
  assert.throws(
    () => readTable('a,b\n', ['b', 'c'], 'customers'),
    /customers: the header has no column c/,
  );
  assert.throws(() => readTable('', [], 'customers'), /customers: the file is empty/);
  const table = readTable('a,b\n1\n', ['a'], 'customers');
  assert.deepEqual(byColumn(table, table.records[0] ?? { line: 0, fields: [] }), { a: '1', b: '' });
});
