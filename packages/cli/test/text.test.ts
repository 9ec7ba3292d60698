import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { asArgument, asCommand } from '../src/output/as-command.ts';
import { nearWords } from '@postrider/core/ports/near';
import { readCsv } from '../src/demo/csv.ts';
import { explain } from '../src/errors/explain.ts';
import { peopleAtPrinter } from '../src/operate/pause-and-end.ts';
import { renderTable, wrapped } from '../src/output/table.ts';
import { relative, width } from '../src/output/text.ts';

describe('words of the command line', () => {
  it('tells a connection that was lost as such, in whatever words of the driver or the system', () => {
    for (const code of [
      'CONNECTION_CLOSED',
      'CONNECTION_DESTROYED',
      'EPIPE',
      'ECONNRESET',
      'ECONNREFUSED',
      'ETIMEDOUT',
      'CONNECT_TIMEOUT',
    ]) {
      const { exitCode, hint } = explain(Object.assign(new Error(`write ${code}`), { code }));
      assert.equal(exitCode, 69, code);
      assert.ok(hint !== null, code);
    }
  });

  it('finds what was meant, and nothing where nothing is near', () => {
    assert.deepEqual(nearWords('bakery-wellcome', ['bakery-welcome', 'spring', 'autumn']), [
      'bakery-welcome',
    ]);
    assert.deepEqual(nearWords('sprnig', ['spring', 'string']), ['spring', 'string']);
    assert.deepEqual(nearWords('x', ['bakery-welcome', 'spring']), []);
  });

  it('writes a name into a command as a shell takes it', () => {
    for (const [name, argument] of [
      ['spring', 'spring'],
      ['shop/spring', 'shop/spring'],
      ['Spring Sale', '"Spring Sale"'],
      ['Flour & Field', '"Flour & Field"'],
      ['Save $100 `now`', "'Save $100 `now`'"],
      ["it's $5", String.raw`'it'\''s $5'`],
    ] as const) {
      assert.equal(asArgument(name), argument);
      assert.equal(
        asCommand("select postrider.launch('o', 'c', 'live')", name),
        `postrider campaign launch ${argument}`,
      );
    }
  });

  it('names the command where the machine names its function', () => {
    for (const [said, advised] of [
      [
        "select postrider.cancel('0198') asks the printer",
        'postrider cancel 0198 asks the printer',
      ],
      ['postrider.cancel(recipient) stops it', 'postrider cancel <who> stops it'],
      ['use postrider.retry(recipient), or wait', 'use postrider retry <who>, or wait'],
      [
        "Next: mend the cause, then postrider.retry('0198').",
        'Next: mend the cause, then postrider retry 0198.',
      ],
      [
        'to forget somebody use postrider.erase(recipient)',
        'to forget somebody use postrider erase <who>',
      ],
      [
        'one person is amended by postrider.amend(recipient, fields). Nothing',
        'one person is amended by postrider amend <who> --set <field=value>. Nothing',
      ],
      [
        "look there, then postrider.resolve('0198', 'printed' or 'not_printed', 'evidence'), and amend then",
        'look there, then postrider resolve 0198 printed|not_printed --evidence "…", and amend then',
      ],
      [
        "use postrider.resolve(mailpiece, 'printed' or 'not_printed', evidence); nothing",
        'use postrider resolve <mailpiece> printed|not_printed --evidence "…"; nothing',
      ],
      [
        "goes on after postrider.release(organization, 'recipient', '0198').",
        'goes on after postrider release recipient 0198.',
      ],
      [
        "to skip them: select postrider.end_campaign('o', 'c', 'active')",
        'to skip them: postrider campaign end spring',
      ],
      [
        'a test is put aside: postrider.go_live(organization, campaign); nothing',
        'a test is put aside: postrider campaign launch spring --live; nothing',
      ],
    ] as const)
      assert.equal(asCommand(said, 'spring'), advised);
  });

  it('tells times as people do', () => {
    const now = new Date('2026-01-02T03:04:05Z');
    assert.equal(relative(new Date('2026-01-02T02:52:05Z'), now), '12 min ago');
    assert.equal(relative(new Date('2026-01-02T06:04:05Z'), now), 'in 3 h');
  });

  it('cuts passwords out of whatever is told', () => {
    const error = new Error('cannot use postgres://ada:s3cret@db/x');
    assert.ok(!explain(error).message.includes('s3cret'));
  });

  it('measures cells and not letters', () => {
    assert.equal(width('Zoë'), 3);
    assert.equal(width('e\u0301'), 1);
    assert.equal(width('東京'), 4);
  });

  it('lines columns up, and lets the last one go on below itself', () => {
    const rows = [
      { name: '東', n: 1234, text: 'one two three four five six seven' },
      { name: 'abcd', n: 5, text: 'short' },
    ];
    const table = renderTable(
      rows,
      [
        { title: 'name', value: (row) => row.name },
        { title: 'n', value: (row) => row.n, right: true },
        { title: 'text', value: (row) => row.text },
      ],
      { width: 33, paint: (_style, text) => text },
    );
    assert.deepEqual(table.split('\n'), [
      'name      n  text',
      '東    1,234  one two three four',
      '             five six seven',
      'abcd      5  short',
    ]);
    assert.deepEqual(wrapped('see /a/very/long/path end', 10), [
      'see',
      '/a/very/lo',
      'ng/path',
      'end',
    ]);
  });
});

describe('what a hold does not stop any more', () => {
  it('is what is at the printer, and what nobody knows of', () => {
    assert.equal(peopleAtPrinter({ atPrinter: 0, unknown: 0 }), '');
    assert.equal(
      peopleAtPrinter({ atPrinter: 2, unknown: 0 }),
      '; 2 cards are at the printer already and will still go out',
    );
    assert.equal(
      peopleAtPrinter({ atPrinter: 50, unknown: 50 }),
      '; of 50 cards nobody knows whether the printer has them: postrider reconcile asks',
    );
  });
});

describe('small CSV files', () => {
  it('reads quotes, doubled quotes and line breaks inside them, and says on which line a record begins', () => {
    const records = readCsv('\ufeffa,b\r\n"x ""y"", z","two\nlines"\n\n,last');
    assert.deepEqual(records, [
      { line: 1, cells: ['a', 'b'] },
      { line: 2, cells: ['x "y", z', 'two\nlines'] },
      { line: 5, cells: ['', 'last'] },
    ]);
  });
});
