import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { describeAudienceContract } from '@postrider/core/contract';
import { createNdjsonAudience } from '../index.ts';
import { temporaryFolder, wiringAt } from '../../../test/helpers.ts';
import { readAll } from '../../../test/read.ts';
import type { Read } from '../../../test/read.ts';

describeAudienceContract('ndjson', async () => {
  const folder = await temporaryFolder();
  const people = [
    { id: 1, email: 'a@example.com' },
    { id: '2' },
    { id: '3', email: 'c@example.com', city: 'X' },
    { id: 4, email: 'd@example.com' },
  ];
  await writeFile(
    join(folder, 'people.ndjson'),
    `${people.map((one) => JSON.stringify(one)).join('\n')}\nnot json\n`,
  );
  return {
    source: createNdjsonAudience({ path: 'people.ndjson' }, wiringAt(folder)),
    unreadable: createNdjsonAudience({ path: '.' }, wiringAt(folder)),
    segmentId: 'any',
    rows: 5,
    close: async () => undefined,
  };
});

describe('NDJSON audience', () => {
  const ndjson = async (content: string, options: object = {}): Promise<Read> => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'people.ndjson'), content);
    return readAll(createNdjsonAudience({ path: 'people.ndjson', ...options }, wiringAt(folder)));
  };

  it('reads people whose keys differ, nested ones too', async () => {
    const { members, rejects } = await ndjson(
      [
        '\uFEFF{"id": 17, "email": "a@example.com", "vip": true, "tags": ["x", "y"], "size": null}',
        '',
        '{"id":"18","first_name":"Bo","address":{"line1":"1 Main St","city":"Boston","region":"MA","postal_code":"2138"}}',
      ].join('\r\n'),
    );
    assert.deepEqual(rejects, []);
    assert.deepEqual(
      members.map(({ row, externalId, merge }) => ({ row, externalId, merge })),
      [
        { row: 1, externalId: '17', merge: { vip: 'true', tags: '["x","y"]', size: '' } },
        { row: 3, externalId: '18', merge: {} },
      ],
    );
    assert.equal(members[1]?.address?.postalCode, '02138');
  });

  it('has no number with other digits than the file', async () => {
    const numbers: readonly [string, string][] = [
      ['9007199254740993', '9007199254740993'],
      ['-9007199254740993', '-9007199254740993'],
      ['7000000000001', '7000000000001'],
      ['12345678901234567.25', '12345678901234567.25'],
      ['0.1234567890123456789', '0.1234567890123456789'],
      ['1.50', '1.5'],
      ['2138.0', '2138'],
      ['1e3', '1000'],
      ['1e999', '1e999'],
      ['[1,9007199254740993]', '[1,"9007199254740993"]'],
      ['"1e3 9007199254740993"', '1e3 9007199254740993'],
    ];
    for (const [written, read] of numbers) {
      const { members } = await ndjson(`{"id":"1","email":"a@example.com","x":${written}}`);
      assert.equal(members[0]?.merge['x'], read, written);
    }
    const { rejects } = await ndjson(
      '{"id":"1","email":"a@example.com"}\n{"id":7.00E+12,"email":"a@example.com"}\n',
    );
    assert.equal(rejects[0]?.reason, 'rounded_id');
  });

  it('takes a street of several lines, and no list or object for a text', async () => {
    const where = { city: 'Boston', state: 'MA', zip: '02138' };
    const lines = [
      { id: '1', street: ['1 Elm St', 'Apt 3'], ...where },
      { id: '2', street: ['2 Elm St'], ...where },
      { id: '3', street: ['3 Elm St', 'Bldg C', 'Apt 3'], ...where },
      { id: '4', street: '4 Elm St', name: ['Ann', 'Bob'], ...where },
      { id: '5', street: [{ line: '5 Elm St' }], ...where },
    ].map((one) => JSON.stringify(one));
    lines.push(`{"id":7.0e12,"street":"6 Elm St","city":"Boston","state":"MA","zip":"02138"}`);
    const { members, rejects } = await ndjson(`${lines.join('\n')}\n`);
    assert.deepEqual(
      members.map(({ address }) => [address?.line1, address?.line2]),
      [
        ['1 Elm St', 'Apt 3'],
        ['2 Elm St', null],
      ],
    );
    assert.deepEqual(
      rejects.map(({ row, reason }) => [row, reason]),
      [
        [3, 'control_character'],
        [4, 'machine_word'],
        [5, 'machine_word'],
        [6, 'rounded_id'],
      ],
    );
  });

  it('rejects a line that is not JSON by its number', async () => {
    const lines = [
      '{"id":1,"email":"a@example.com"}',
      '{"id":2,',
      '[1]',
      '{"id":3,"email":"b@example.com"}',
      '{"id":4,"a\\u0000b":1}',
    ];
    const { members, rejects } = await ndjson(
      [...lines, '{"id":5,"email":"c@example.com","name":"\\ud800"}'].join('\n'),
    );
    assert.equal(members.length, 2);
    assert.deepEqual(
      rejects.map(({ row, reason }) => `${row} ${reason}`),
      ['2 bad_json', '3 bad_json', '5 bad_json', '6 bad_encoding'],
    );
  });

  it('says so when the file is something else', async () => {
    await assert.rejects(ndjson('id,email\n1,a@example.com\n'), /not NDJSON.*line 1/s);
    await assert.rejects(ndjson('[{"id":1}]'), /one JSON array/);
    await assert.rejects(ndjson(`{"id":"${'x'.repeat(1_100_000)}"}`), /longer than 1000000/);
  });
});
