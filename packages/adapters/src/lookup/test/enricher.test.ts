import assert from 'node:assert/strict';
import { copyFile, readFile, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { contractContext, describeEnricherContract } from '@postrider/core/contract';
import { AdapterConfigError, AudienceSourceError } from '@postrider/core/ports';
import type { AddressEnricher, EnrichRequest } from '@postrider/core/ports';
import { createLookupEnricher } from '../index.ts';
import { temporaryFolder, wiringAt } from '../../../test/helpers.ts';
import { piece } from '../../../test/pieces.ts';

const caseFolder = join(import.meta.dirname, '../../../../../test/cases/lists');
const table =
  'email,line1,city,state,zip\nAnn@Example.com,12 Main Street,Springfield,IL,62701\nbad@example.com,1 Main Street,Springfield,IL,6270\n';
const { address } = piece().to;
function person(email: string): EnrichRequest {
  return { recipientId: `r-${email}`, email, firstName: null, lastName: null };
}

async function enricherWith(
  text: string,
  name = 'addresses.csv',
): Promise<{ enricher: AddressEnricher; folder: string }> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, name), text);
  return { enricher: createLookupEnricher({ path: name }, wiringAt(folder)), folder };
}

describeEnricherContract('lookup', async () => {
  const { enricher, folder } = await enricherWith(table);
  return {
    enricher,
    people: [
      { request: person('ann@EXAMPLE.com '), address },
      { request: person('bad@example.com'), address: null },
      { request: person('nobody@example.com'), address: null },
    ],
    restarted: async () => createLookupEnricher({ path: 'addresses.csv' }, wiringAt(folder)),
    close: async () => undefined,
  };
});

describe('Look-up enricher', () => {
  it('reads NDJSON too, and the file again when it changes', async () => {
    const line = (email: string): string =>
      `${JSON.stringify({ email, address: { line1: '12 Main Street', city: 'Springfield', state: 'IL', zip: '62701' } })}\n`;
    const { enricher, folder } = await enricherWith(line('ann@example.com'), 'addresses.ndjson');
    const outcomes = async (): Promise<readonly string[]> => {
      const submitted = await enricher.submit(
        'batch',
        [person('ann@example.com'), person('bo@example.com')],
        contractContext(),
      );
      assert.equal(submitted.outcome, 'accepted');
      const collected = await enricher.collect('lookup-batch', contractContext());
      return collected.outcome === 'done' ? collected.results.map(({ outcome }) => outcome) : [];
    };
    assert.deepEqual(await outcomes(), ['match', 'no_match']);
    await writeFile(
      join(folder, 'addresses.ndjson'),
      line('ann@example.com') + line('bo@example.com'),
    );
    assert.deepEqual(await outcomes(), ['match', 'match']);
  });

  it('keeps names and addresses out of its files, stays in its folder, and clears old batches away', async () => {
    const { enricher, folder } = await enricherWith(table);
    const batches = join(folder, 'data', 'lookup-batches');
    const context = contractContext();
    await enricher.submit(
      '../../escape',
      [{ ...person('ann@example.com'), firstName: 'Ann', lastName: 'Lee' }],
      context,
    );
    const [name = ''] = await readdir(batches);
    assert.match(name, /^[0-9a-f]{64}\.json$/);
    assert.doesNotMatch(await readFile(join(batches, name), 'utf8'), /Lee/);
    assert.equal(await enricher.find('../../escape', context), 'lookup-../../escape');
    const old = new Date(Date.now() - 40 * 86_400_000);
    await utimes(join(batches, name), old, old);
    await createLookupEnricher({ path: 'addresses.csv' }, wiringAt(folder)).submit(
      'new',
      [],
      context,
    );
    assert.deepEqual(await readdir(batches), ['new.json']);
  });

  it('says by row what of the file cannot be used, and which e-mails have two addresses', async () => {
    const remarksOf = async (path: string): Promise<readonly string[]> => {
      const folder = join(import.meta.dirname, '../../../../../test/cases/lists');
      const enricher = createLookupEnricher({ path }, wiringAt(folder));
      const remarks = (await enricher.remarks?.(contractContext())) ?? [];
      return remarks.map((remark) => remark.replace(/^.*lists\//, ''));
    };
    assert.deepEqual(await remarksOf('k02-lookup.csv'), [
      'k02-lookup.csv: rows that cannot be used, by which nobody is found: 1 of 3 ' +
        '(row 2: Column "zip" is not a postal code of US: "0213")',
      'k02-lookup.csv: e-mails with two addresses, of which the last one counts: 1 ' +
        '(row 4: yam@example.com has another address in row 3)',
    ]);
    const [unusable, twice, changed] = await remarksOf('k01-lookup.csv');
    assert.match(unusable ?? '', /2 of 6 .*row 5: .*"line1" holds "NULL".*; row 6: .*"zip"/);
    assert.match(twice ?? '', /row 3: ann@example\.com has another address in row 2/);
    assert.match(
      changed ?? '',
      /2 \(row 4: Column "line2" holds "NULL".*"2138" and is read as "02138"/,
    );
  });

  it('says that it does not obey what a column says of mail', async () => {
    const folder = await temporaryFolder();
    await writeFile(
      join(folder, 'addresses.csv'),
      'email,line1,city,region,zip,Do Not Mail\n' +
        'ann@example.com,1 Elm St,Boston,MA,02138,no\nben@example.com,2 Elm St,Boston,MA,02138,yes\n',
    );
    const enricher = createLookupEnricher({ path: 'addresses.csv' }, wiringAt(folder));
    const [remark, ...others] = (await enricher.remarks?.(contractContext())) ?? [];
    assert.deepEqual(others, []);
    assert.match(
      remark ?? '',
      /not to mail somebody, which a look-up does not obey .*suppress --file.*: 1 of 2 \(row 3: .*"yes"/,
    );
    const fields = (await enricher.describe?.(contractContext())) ?? [];
    assert.deepEqual(fields.at(-1), {
      field: 'Do Not Mail',
      role: null,
      remark: 'a look-up does not obey it',
    });
  });

  it('finds the people of a list in a file, each or nobody', async () => {
    const found = async (list: string, path: string): Promise<readonly string[]> => {
      const emails = (await readFile(join(caseFolder, list), 'utf8'))
        .trim()
        .split('\n')
        .slice(1)
        .map((row) => row.split(',')[1] ?? '');
      const folder = await temporaryFolder();
      await copyFile(join(caseFolder, path), join(folder, path));
      const enricher = createLookupEnricher({ path }, wiringAt(folder));
      const asked = emails.map(person);
      const context = contractContext();
      assert.equal((await enricher.submit('batch', asked, context)).outcome, 'accepted');
      const collected = await enricher.collect('lookup-batch', context);
      assert.equal(collected.outcome, 'done');
      return collected.outcome !== 'done'
        ? []
        : collected.results.map((result) =>
            result.outcome === 'match'
              ? `${result.address.line1}, ${result.address.postalCode}`
              : result.outcome,
          );
    };
    assert.deepEqual(await found('k01-list.csv', 'k01-lookup.csv'), [
      '1 New Rd, 02139',
      '2 Elm St, 02138',
      ...Array.from({ length: 4 }, () => 'no_match'),
    ]);
    assert.deepEqual(await found('k02-list.csv', 'k02-lookup.csv'), [
      'no_match',
      '2 Yam St, 01970',
    ]);
  });

  it('does not take an unreadable file for one without matches', async () => {
    const { enricher } = await enricherWith('email,shoe size\nann@example.com,44\n');
    await enricher.submit('batch', [person('ann@example.com')], contractContext());
    await assert.rejects(enricher.collect('lookup-batch', contractContext()), AudienceSourceError);
    const missing = createLookupEnricher(
      { path: 'missing.csv' },
      wiringAt(await temporaryFolder()),
    );
    await missing.submit('batch', [person('ann@example.com')], contractContext());
    await assert.rejects(
      missing.collect('lookup-batch', contractContext()),
      /missing\.csv: no such file/,
    );
  });

  it('finds a person by any address of theirs and of a row, and tells each row that is not as it should be', async () => {
    const home = (line1: string): string => `,${line1},Springfield,IL,62701`;
    const { enricher } = await enricherWith(
      [
        'email,line1,city,state,zip',
        `"ann@example.com; Ann Lee <ann.work@example.com>"${home('1 Main Street')}`,
        `bob@example.com (home)${home('2 Main Street')}`,
        `cat at home${home('3 Main Street')}`,
        'dan@example.com,4 Main Street,Springfield,IL,6270',
        `mary eve@example.com${home('5 Main Street')}`,
        `bob@example.com${home('6 Main Street')}`,
        'fay@example.com,,,,',
        '',
      ].join('\n'),
    );
    const warned: { fields: { rows?: string[] }; message: string }[] = [];
    const context = contractContext();
    const logger = {
      ...context.logger,
      warn: (fields: object, message: string) => void warned.push({ fields, message }),
    };
    await enricher.submit(
      'batch',
      [
        { ...person('ann.home@example.com'), otherEmails: ['ann.work@example.com'] },
        person('BOB@example.com'),
        person('cat@example.com'),
        person('eve@example.com'),
      ],
      context,
    );
    const collected = await enricher.collect('lookup-batch', { ...context, logger });
    assert.ok(collected.outcome === 'done');
    assert.deepEqual(
      collected.results.map((result) => result.outcome === 'match' && result.address.line1),
      ['1 Main Street', '6 Main Street', false, '5 Main Street'],
    );
    assert.deepEqual(warned[0]?.fields.rows, [
      'row 4: Column "email" is not an e-mail address, and was left out: "cat at home".',
      'row 5: Column "zip" is not a postal code of US: "6270".',
      'row 6: Column "email" was read as eve@example.com; this in it is no address: "mary".',
      'row 7: bob@example.com has another address in row 3; this one counts.',
      'row 8: There is no address.',
    ]);
  });

  it('names the option it cannot use', () => {
    assert.throws(
      () => createLookupEnricher({}, wiringAt('/')),
      (error) => error instanceof AdapterConfigError && error.option === 'enricher.path',
    );
  });
});
