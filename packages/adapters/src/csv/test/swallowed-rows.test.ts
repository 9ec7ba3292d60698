import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { csv } from './people.ts';
import { readCase, told } from './cases.ts';

const header = 'id,email,note,first_name,line1,city,state,zip';
function row(n: number, note: string): string {
  return `${n},p${n}@example.com,${note},Ann,${n} Elm St,Boston,MA,02138`;
}

describe('Rows that a quote has swallowed', () => {
  it('are told by their own lines, the list is not whole, and the person before them is taken', async () => {
    const read = await readCase('c01-swallow.csv');
    assert.deepEqual(told(read), [
      '2 member 1 Ann Ash',
      '3 note swallowed_row',
      '4 member 3 Cat Cox',
      '5 member 4 Dan Dow',
    ]);
    assert.deepEqual(read.members[0]?.merge, {});
    assert.deepEqual(read.members[0]?.notes, [
      {
        column: 'note',
        reason: 'left_out',
        message: 'Column "note" holds another row (line 3) and was left out.',
      },
    ]);
    assert.deepEqual(
      read.rejects.map(({ externalId, message }) => [externalId, message]),
      [
        [
          '2',
          'The row stands inside the row of line 2, in column "note": most likely a quote is opened there and not closed.',
        ],
      ],
    );
    assert.match(read.incomplete ?? '', /c01-swallow\.csv: line 3 .*line 2.*nobody was taken/);
    assert.equal((await readCase('c01-good.csv')).incomplete, null);
  });

  it('are each told where one quote has swallowed several, whatever the line breaks and the delimiter', async () => {
    for (const lineBreak of ['\n', '\r\n', '\r'])
      for (const delimiter of [',', ';', '\t']) {
        const lines = [
          'id,email,first_name,note',
          '1,a@example.com,Ann,"open',
          '2,b@example.com,Ben,x',
          '3,c@example.com,Cat,y"',
          '4,d@example.com,Dan,',
        ];
        const text = lines.map((line) => line.replaceAll(',', delimiter)).join(lineBreak);
        assert.deepEqual(told(await csv(text)), [
          '2 member 1 Ann',
          '3 note swallowed_row',
          '4 note swallowed_row',
          '5 member 4 Dan',
        ]);
      }
  });

  it('are told where two rows are mixed up, of which nobody is taken', async () => {
    const read = await csv([header, row(1, '"open'), row(2, '"shut"'), row(3, 'x')].join('\n'));
    assert.deepEqual(told(read), [
      '2 null swallowed_row',
      '3 null swallowed_row',
      '4 member 3 Ann',
    ]);
    assert.notEqual(read.incomplete, null);
  });

  it('are told where the cell is one that is printed, and nobody is taken with it', async () => {
    const read = await csv(
      'id,email,name\n1,a@example.com,"Ann\n2,b@example.com,Ben"\n3,c@example.com,Cat\n',
    );
    assert.deepEqual(told(read), [
      '2 name swallowed_row',
      '3 name swallowed_row',
      '4 member 3 Cat',
    ]);
  });

  it('are told whatever segment the row before them is in', async () => {
    const text =
      'id,email,segment,note\n1,a@example.com,new,"x\n2,b@example.com,loyal,y"\n3,c@example.com,loyal,\n';
    const read = await csv(text, { segmentColumn: 'segment' }, 'loyal');
    assert.deepEqual(
      read.rejects.map((reject) => reject.row),
      [3],
    );
    assert.notEqual(read.incomplete, null);
  });

  it('are not seen in a text of several lines', async () => {
    const read = await csv(
      [
        header,
        row(1, '"Dear, dear\nAnn, hello, hello\n\nbye"'),
        row(2, '"a, b, c, d, e\nf"'),
        row(3, '"a\nb, c, d, e, f, g"'),
      ].join('\n'),
    );
    assert.deepEqual([read.members.length, read.rejects, read.incomplete], [3, [], null]);
    const last = await csv('id,email,a,note,,,,\n1,a@example.com,,"x, y\nz, w",,,,\n');
    assert.deepEqual([last.members.length, last.incomplete], [1, null]);
  });

  it('end the reading where the header has swallowed them', async () => {
    await assert.rejects(
      csv('id,email,"note\n1,a@example.com,x"\n2,b@example.com,y\n'),
      /the header holds another row.*quote/,
    );
  });
});
