/** Files that are no CSV, or one of another kind. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { csv, good, header } from './people.ts';

it('what is no CSV is named as what it is', async () => {
  const xls = Uint8Array.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0]);
  await assert.rejects(csv(xls), /is an old spreadsheet \(xls\); export it as CSV/);
  for (const [content, told] of [
    ['%PDF-1.4\n', /is a PDF; export the list/],
    ['\n<html><table><tr><td>id</td></tr></table></html>', /is a page of HTML/],
    ['<?xml version="1.0"?><Workbook/>', /is XML/],
    ['[{"id":"1","email":"a@example.com"}]', /is JSON, and no CSV.*kind: ndjson/],
    ['{"id":"1","email":"a@example.com"}\n', /is JSON, and no CSV/],
    [
      `Customers\n\n${header}\n${good}\n`,
      /"Customers", which is a title and no header.*named in line 3/,
    ],
    [`"${header}"\n${good}\n`, /line 1 is one cell with 10 commas in it/],
    ['name\nAnn\n', /no column holds the id/],
  ] as const)
    await assert.rejects(csv(content), told, content);
});

it('other delimiters and single quotes are found out', async () => {
  for (const delimiter of ['^', '~', ':']) {
    const { members } = await csv(`${header}\n${good}\n`.replaceAll(',', delimiter));
    assert.equal(members[0]?.address?.city, 'Springfield', delimiter);
  }
  const quoted = `${header}\n${good}\n`.replace(/[^,\n]+/g, (cell) => `'${cell}'`);
  const { members } = await csv(quoted.replace("'Lee'", "'O''Brien, Jr'"));
  assert.deepEqual(
    [members[0]?.lastName, members[0]?.address?.postalCode],
    ["O'Brien, Jr", '62701'],
  );
  const plain = await csv(`${header}\n${good.replace('Lee', "O'Brien")}\n`);
  assert.equal(plain.members[0]?.lastName, "O'Brien");
  const times = await csv(`id,email,at\n1,a@example.com,10:20:30\n`);
  assert.equal(times.members[0]?.merge['at'], '10:20:30');
});
