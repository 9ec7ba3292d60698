/** A list with a column that says who is not to be mailed, from the file to `why`. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { bakeryPlace } from './places.ts';
import { cli } from './cli.ts';

interface Report {
  readonly turnedAway: Readonly<Record<string, number>>;
  readonly createdByState: Readonly<Record<string, number>>;
  readonly changed: number;
  readonly noted: Readonly<Record<string, number>>;
}

describe('a list that says who is not to be mailed', () => {
  const at = bakeryPlace();
  const list = join(at.folder, 'mine.csv');
  const row = (n: number, says: string, zip = '02138'): string =>
    `${n},p${n}@example.com,Ann,${n} Elm St,Boston,MA,${zip},${says}`;
  const write = (...rows: readonly string[]): void => {
    const header = 'customer_id,email,first_name,Street,City,State,Zip,Do Not Mail';
    writeFileSync(list, [header, ...rows, ''].join('\n'));
  };

  it('keeps them out, tells it, and stops who is in already', async () => {
    write(row(1, 'no'), row(2, 'yes'), row(3, ''), row(4, '2021-04-05'));
    writeFileSync(
      join(at.folder, 'any.typ'),
      '#import "postrider.typ": *\n#let front(card) = [x]\n#let back(card) = address-block(card)\n',
    );
    const file = at.spoiled('mine.yaml', (text) =>
      text
        .replace('path: customers.csv', 'path: mine.csv')
        .replace('postcard.typ', 'any.typ')
        .replace(/^ {2}columns:\n(?: {4}.*\n)*/m, '')
        .replace(/^holdout:\n(?: .*\n)*/m, ''),
    );
    const applied = await cli(at.place, ['campaign', 'apply', file]);
    assert.equal(applied.code, 0, applied.stderr);
    assert.match(
      applied.stdout,
      /of its 4 rows 2 could be mailed, 2 not to be mailed, as the list says/,
    );
    const synced = await cli(at.place, ['sync', 'bakery-welcome']);
    assert.equal(synced.code, 0, synced.stderr);
    assert.match(synced.stdout, /^turned away: .*do_not_mail 2/m);
    assert.match(
      synced.stdout,
      /^not to be mailed, as the list says: they are kept out of this campaign alone; out of every one: postrider suppress --file LIST --only "COLUMN=yes"$/m,
    );
    assert.match(synced.stdout, /Column "Do Not Mail" holds "2021-04-05", which is neither yes/);
    const why = await cli(at.place, ['why', 'p2@example.com']);
    assert.match(why.stdout, /blacklisted/);
    assert.match(why.stdout, /says that this person is not to be mailed/);
    assert.match(why.stdout, /"Do Not Mail" is "yes"/);

    // A row that cannot be used otherwise stops the person as well.
    write(row(1, 'yes', '9'), row(2, 'yes'), row(3, 'no'), row(4, 'no'));
    const again = await cli(at.place, ['sync', 'bakery-welcome', '--json']);
    assert.equal(again.code, 0, again.stderr);
    const [report] = again.json<Report>();
    assert.deepEqual(report?.turnedAway, { do_not_mail: 1 });
    assert.deepEqual(report.noted, { bad_postal_code: 1 });
    const states = await at.machine.sql`
      select r.external_id, s.state
      from postrider.recipient r
      join postrider.recipient_state s on s.recipient_id = r.id
      order by r.external_id`;
    assert.deepEqual(
      states.map((person) => `${person['external_id']} ${person['state']}`),
      ['1 blacklisted', '2 blacklisted', '3 pending', '4 blacklisted'],
    );
  });

  it('makes an opt-out of every campaign of them, as it says', async () => {
    write(row(1, 'no'), row(2, 'yes'), row(3, ''));
    const refused = await cli(at.place, ['suppress', '--file', list]);
    assert.equal(refused.code, 65, refused.stdout);
    assert.match(refused.stderr, /column "Do Not Mail" says "no" in line 2/);
    const run = await cli(at.place, ['suppress', '--file', list, '--only', 'Do Not Mail=yes']);
    assert.equal(run.code, 0, run.stderr);
    const entries = await at.machine.sql`
      select kind || ' ' || value as entry from postrider.suppression order by 1`;
    assert.deepEqual(
      entries.map(({ entry }) => String(entry)),
      ['email p2@example.com', 'external_id 2'],
    );
  });
});
