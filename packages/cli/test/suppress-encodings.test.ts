/**
 * A do-not-mail list is read as an audience is: in its encoding, with its delimiter, and told
 * alike.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodings } from '@postrider/adapters/lists';
import { cli } from './cli.ts';
import { listPlace } from './list-place.ts';

interface Report {
  readonly changed: readonly { row: number; column: string; reason: string; message: string }[];
  readonly noted: Readonly<Record<string, number>>;
  readonly notedColumns: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

describe('a do-not-mail list in its own encoding', () => {
  const { at, listed, suppress } = listPlace();
  const stopped = async (text: string | Buffer, ...args: string[]) => {
    await at.machine.sql`delete from postrider.suppression`;
    const run = await suppress(text, ...args);
    return { ...run, entries: await listed() };
  };

  it('reads it in the encoding that is said, and offers all that an audience knows', async () => {
    const text = 'external_id,email\nJosé,a@example.com\n';
    const bytes = {
      'utf-8': Buffer.from(text),
      'utf-16le': Buffer.from(text, 'utf16le'),
      'utf-16be': Buffer.from(text, 'utf16le').swap16(),
      'windows-1252': Buffer.from(text, 'latin1'),
    };
    assert.deepEqual(Object.keys(bytes), [...encodings]);
    for (const [encoding, list] of Object.entries(bytes)) {
      const run = await stopped(list, '--encoding', encoding);
      assert.equal(run.code, 0, `${encoding}: ${run.stderr}`);
      assert.deepEqual(run.entries, ['email a@example.com', 'external_id José'], encoding);
    }
    const unknown = await stopped(bytes['utf-8'], '--encoding', 'latin-9');
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /utf-8, utf-16le, utf-16be, windows-1252/);
  });

  it('refuses UTF-16 without a mark, changes nothing, and says the option', async () => {
    const list = Buffer.from('email,reason\na@example.com,letter\n', 'utf16le');
    const run = await stopped(list);
    assert.equal(run.code, 65);
    assert.match(run.stderr, /looks like UTF-16.*say --encoding utf-16le.*nothing was changed/);
    assert.deepEqual(run.entries, []);
  });

  it('says of a letter that was lost which row it is', async () => {
    const run = await stopped(Buffer.from('external_id\nJosé\nAda\n', 'latin1'));
    assert.equal(run.code, 65);
    assert.deepEqual(run.entries, ['external_id Ada']);
  });

  it('reads it with the delimiter that is said, a tab too', async () => {
    // By its header it would be a list with commas.
    const text = 'email|a,b,c\na@example.com|1,2,3\n';
    assert.equal((await stopped(text)).code, 65);
    const run = await stopped(text, '--delimiter', '|');
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual(run.entries, ['email a@example.com']);
    const tabs = 'email\ta,b,c\na@example.com\t1,2,3\n';
    for (const tab of ['tab', '\\t', '\t'])
      assert.deepEqual((await stopped(tabs, '--delimiter', tab)).entries, ['email a@example.com']);
    for (const wrong of ['', '||', '"', '\n']) {
      const refused = await stopped(text, '--delimiter', wrong);
      assert.equal(refused.code, 2, JSON.stringify(wrong));
      assert.match(refused.stderr, /one character, or tab/);
    }
  });

  it('says that both are of a file', async () => {
    for (const option of [
      ['--encoding', 'utf-8'],
      ['--delimiter', ';'],
    ]) {
      const run = await cli(at.place, ['suppress', '--email', 'a@example.com', ...option]);
      assert.equal(run.code, 2);
      assert.match(run.stderr, /say how a --file is read\nnothing was changed/);
    }
  });

  it('counts what it changed by reason and by column', async () => {
    const text = [
      'email,external_id,line1,postal_code',
      'a@example.com,12.0,12 Elm St,02138.0',
      "b@example.com,13,13 Elm St,'02138",
      '',
    ].join('\n');
    const run = await stopped(text);
    assert.equal(run.code, 0, run.stderr);
    const [report] = run.json<Report>();
    assert.deepEqual(report?.noted, { unwrapped: 3 });
    assert.deepEqual(report?.notedColumns, { unwrapped: { external_id: 1, postal_code: 2 } });
    assert.deepEqual(
      report?.changed.map(({ row, column, reason }) => [row, column, reason]),
      [
        [2, 'external_id', 'unwrapped'],
        [2, 'postal_code', 'unwrapped'],
        [3, 'postal_code', 'unwrapped'],
      ],
    );
    assert.match(run.stderr, /something was changed: unwrapped 3 \(postal_code 2, external_id 1\)/);
  });
});
