import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { contractContext, describeAudienceContract } from '@postrider/core/contract';
import { AdapterConfigError, AudienceSourceError } from '@postrider/core/ports';
import fc from 'fast-check';
import { createCsvAudience } from '../index.ts';
import { temporaryFolder, wiringAt } from '../../../test/helpers.ts';
import { readAll } from '../../../test/read.ts';
import { csv, good, header } from './people.ts';

describeAudienceContract('csv', async () => {
  const folder = await temporaryFolder();
  await writeFile(
    join(folder, 'people.csv'),
    [
      header,
      good,
      'c2,,,,,,,,,,',
      'c3,b@example.com,,,,,,,,,',
      '',
      ',x@example.com,,,,,,,,,',
      'c5,c@example.com,"Li\nsa",,,,,,,,',
      'c6,d@example.com,,,,,,,,,',
    ].join('\r\n'),
  );
  return {
    source: createCsvAudience({ path: 'people.csv' }, wiringAt(folder)),
    unreadable: createCsvAudience({ path: 'missing.csv' }, wiringAt(folder)),
    segmentId: 'any',
    rows: 6,
    close: async () => undefined,
  };
});

describe('CSV audience', () => {
  it('reads a person, guesses the columns and keeps the rest as merge data', async () => {
    const { members, rejects } = await csv(
      `\uFEFF${header},=cmd|' /C calc'!A0\r\n${good},=1+1\r\n`,
    );
    assert.deepEqual(rejects, []);
    assert.deepEqual(members, [
      {
        row: 2,
        externalId: 'c1',
        email: 'ann@example.com',
        firstName: 'Ann',
        lastName: 'Lee',
        address: {
          line1: '12 Main Street',
          line2: 'Apt 4',
          city: 'Springfield',
          region: 'IL',
          postalCode: '62701',
          country: 'US',
        },
        merge: { favorite: 'Rye', "=cmd|' /C calc'!A0": '=1+1' },
      },
    ]);
  });

  it('says of a header that was cut at the wrong delimiter what stands in it', async () => {
    await assert.rejects(
      csv('id,email,first\n1,a@example.com,Ann\n', { delimiter: ';' }),
      /line 1 is one cell with 2 commas in it, "id,email,first…": leave delimiter out/,
    );
  });

  it('takes semicolons and tabs, other spellings of columns, and names in one column', async () => {
    const expected = {
      line1: '1 High St',
      line2: null,
      city: 'Leeds',
      region: null,
      postalCode: 'LS1 4AP',
      country: 'GB',
    };
    for (const delimiter of [';', '\t', '|']) {
      const rows = [
        [
          'Customer ID',
          'E-Mail Address',
          'Full Name',
          'Street',
          'Post Town',
          'Postcode',
          'Country',
        ],
        ['7', 'jo@example.com', 'Jo van Dyk', '1 High St', 'Leeds', 'ls14ap', 'United Kingdom'],
      ];
      const { members } = await csv(rows.map((row) => row.join(delimiter)).join('\n'));
      assert.deepEqual(members[0]?.address, expected);
      assert.deepEqual([members[0]?.firstName, members[0]?.lastName], ['Jo van', 'Dyk']);
    }
  });

  it('rejects what is not UTF-8, and reads it when it is told the encoding', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${header}\nc1,a@example.com,Zo`),
      Buffer.from([0xeb]),
      Buffer.from(',,,,,,,,\n'),
    ]);
    const { rejects } = await csv(bytes);
    assert.deepEqual(
      [rejects[0]?.row, rejects[0]?.column, rejects[0]?.reason],
      [2, 'first_name', 'bad_encoding'],
    );
    const { members } = await csv(bytes, { encoding: 'windows-1252' });
    assert.equal(members[0]?.firstName, 'Zoë');
    const utf16 = Buffer.from(`\uFEFFid\temail\nc1\tzoë@example.com\n`, 'utf16le');
    for (const bigEndian of [false, true]) {
      const file = bigEndian ? Buffer.from(utf16).swap16() : utf16;
      const encoding = bigEndian ? 'utf-16be' : 'utf-16le';
      for (const options of [{}, { encoding }, { encoding: 'windows-1252' }])
        assert.equal((await csv(file, options)).members[0]?.email, 'zoë@example.com');
      const unmarked = file.subarray(2);
      await assert.rejects(csv(unmarked), new RegExp(`UTF-16 without.*encoding: ${encoding}`));
      assert.equal((await csv(unmarked, { encoding })).members[0]?.email, 'zoë@example.com');
    }
  });

  it('takes the columns it is told, and merge data where a guess is switched off', async () => {
    const text = 'kennung;email;zip;address2\nx1;a@example.com;62701;blue\n';
    const columns = { externalId: 'Kennung', line2: null, postalCode: null };
    assert.deepEqual((await csv(text, { columns })).members[0]?.merge, {
      zip: '62701',
      address2: 'blue',
    });
    await assert.rejects(
      csv(text, { columns: { externalId: 'Nummer' } }),
      /no column "Nummer" for externalId.*"kennung"/s,
    );
  });

  it('filters by a segment column, and reads a file for each segment', async () => {
    const text = 'id,email,segment\n1,a@example.com,loyal\n2,b@example.com,new\n3,broken,loyal\n';
    const loyal = await csv(text, { segmentColumn: 'Segment' }, 'loyal');
    assert.deepEqual([loyal.members.length, loyal.rejects.length], [1, 1]);
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'loyal.csv'), text);
    const source = createCsvAudience({ segments: { loyal: 'loyal.csv' } }, wiringAt(folder));
    assert.equal((await readAll(source, 'loyal')).members.length, 2);
    await assert.rejects(readAll(source, 'other'), AudienceSourceError);
  });

  it('keeps a column named __proto__ as plain data', async () => {
    const { members } = await csv('id,email,__proto__\n1,a@example.com,polluted\n');
    assert.equal(Object.hasOwn(members[0]?.merge ?? {}, '__proto__'), true);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  it('tells by AudienceSourceError what is wrong with a file, and where', async () => {
    const cases: readonly (readonly [string | Uint8Array, RegExp])[] = [
      ['', /is empty/],
      ['\n\n', /no header line/],
      [gzipSync(header), /gzip.*gunzip/],
      [Buffer.from('PK\u0003\u0004rest'), /spreadsheet/],
      [
        'c1,ann@example.com,Ann\n',
        /no column holds the id.*add a header line.*columns\.externalId/s,
      ],
      ['id,shoe size\n1,44\n', /neither an e-mail nor an address/],
      ['id,email,Email\n', /columns 2 and 3 are both named "Email" \(line 1\)/],
      ['id,,email\n', /column 2 has no name/],
      [`${header}\n${good}\nc2,"never closed\n`, /quote.*never closed.*line 3/s],
      [`${header}\nc2,"${'x'.repeat(200_000)}`, /longer than 128000.*line 2/s],
    ];
    for (const [content, message] of cases) {
      await assert.rejects(
        csv(content),
        (error) => error instanceof AudienceSourceError && message.test(error.message),
        String(message),
      );
    }
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'sub'));
    await writeFile(join(folder, 'secret.csv'), header);
    await chmod(join(folder, 'secret.csv'), 0);
    const paths: [string, RegExp][] = [
      ['missing.csv', /no such file.*campaign file/],
      ['sub', /directory/],
      ['secret.csv/x', /not a folder/],
    ];
    // root may read everything.
    if (process.getuid?.() !== 0) paths.push(['secret.csv', /no right/]);
    for (const [path, message] of paths)
      await assert.rejects(readAll(createCsvAudience({ path }, wiringAt(folder))), message);
  });

  it('does not count a file as whole that was changed while it was read', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'growing.csv');
    await writeFile(path, `${header}\n${good}\n`);
    const source = createCsvAudience({ path }, wiringAt(folder));
    await assert.rejects(async () => {
      for await (const _ of source.members('', { pageSize: 1, limit: null }, contractContext()))
        await writeFile(path, `${header}\n${good}\n${good}\n`);
    }, /changed while it was read/);
  });

  it('names the option it cannot use', () => {
    for (const [options, option] of [
      [{}, 'audience.path'],
      [{ path: 5 }, 'audience.path'],
      [{ path: 'x', colums: {} }, 'audience.colums'],
      [{ path: 'x', columns: { mail: 'x' } }, 'audience.columns.mail'],
      [{ path: 'x', defaultCountry: 'usa' }, 'audience.defaultCountry'],
    ] as const) {
      assert.throws(
        () => createCsvAudience(options, wiringAt('/')),
        (error) => error instanceof AdapterConfigError && error.option === option,
        option,
      );
    }
  });

  it('tells for any cells the line on which their record begins', async () => {
    const cell = fc.oneof(
      fc.constantFrom('', 'x', 'a,b', '"', 'a "b" c', '\n', '\r\n', 'a\rb', '\n\n'),
      fc.string({ maxLength: 6 }),
    );
    const lineBreak = fc.constantFrom('\n', '\r\n', '\r');
    const clean = (text: string): string => text.replace(/[\0\uFEFF]/g, '');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell, lineBreak), { maxLength: 8 }),
        lineBreak,
        async (rows, first) => {
          let text = `id,email,a,b${first}`;
          let line = 2;
          const expected: { row: number; a: string; b: string }[] = [];
          for (const [a, b, lineBreakHere] of rows) {
            const [x, y] = [clean(a), clean(b)];
            expected.push({
              row: line,
              a: x.normalize('NFC').trim(),
              b: y.normalize('NFC').trim(),
            });
            const [one, two] = [x, y].map((field) => `"${field.replaceAll('"', '""')}"`);
            const record = `1,a@example.com,${one},${two}${lineBreakHere}`;
            text += record;
            line += record.match(/\r\n|\n|\r/g)?.length ?? 0;
          }
          const { members, rejects } = await csv(text);
          assert.deepEqual(rejects, []);
          assert.deepEqual(
            members.map(({ row, merge }) => ({ row, a: merge['a'], b: merge['b'] })),
            expected,
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});
