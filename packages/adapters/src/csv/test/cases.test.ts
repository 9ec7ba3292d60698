import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readCase, told } from './cases.ts';
import { csv } from './people.ts';

describe('Lists as people bring them', () => {
  it('tells each id that a spreadsheet has rounded, takes nobody by it, and is not whole', async () => {
    const read = await readCase('c04-sciid.csv');
    assert.deepEqual(told(read), [
      '2 customer_id rounded_id',
      '3 customer_id rounded_id',
      '4 customer_id rounded_id',
    ]);
    assert.match(
      read.rejects[0]?.message ?? '',
      /"customer_id".*rounded: "7\.00E\+12"\. .*as text/,
    );
    assert.match(read.incomplete ?? '', /rounded \(row 2: "7\.00E\+12"\), so nobody was taken/);
    const other = await csv(
      'id,email\n"9,12E+15",a@example.com\n7E+12,b@example.com\n1.23457E+11,c@example.com\n',
    );
    assert.deepEqual(
      other.rejects.map(({ reason }) => reason),
      ['rounded_id', 'rounded_id', 'rounded_id'],
    );
    const ids = ['1e3', '12E4', '7E12', 'E+12', '5.1', '0E+10'];
    const kept = await csv(`id,email\n${ids.map((id) => `${id},a@example.com\n`).join('')}`);
    assert.deepEqual(
      kept.members.map(({ externalId }) => externalId),
      ids,
    );
  });

  it('leaves numbers of JSON as they are written where they would lose digits', async () => {
    assert.deepEqual(told(await readCase('n02.ndjson')), [
      '1 member 653247040368672768 Ann',
      '2 member 653247040368672769 Ben',
      '3 member 653247040368672770 Cat',
    ]);
    assert.deepEqual(told(await readCase('n01.ndjson')), [
      '1 member 1 Ann',
      '2 member 7000000000001 Ben Bay',
      '3 member 12345678901234567891 Cat Cox',
      '4 member 12345678901234567892 Dan Dow',
      '5 member 5 Eve Eck',
      '6 member 6 Fay Fox',
    ]);
  });
});
