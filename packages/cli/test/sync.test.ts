import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { cli, ended, shortBakery, startCli } from './cli.ts';
import { ownPlace } from './places.ts';

describe('sync, enrichment and previews from the command line', () => {
  const at = ownPlace();
  const { place } = at;
  let folder: string;
  before(async () => {
    folder = shortBakery(place.home, 80);
    const applied = await cli(place, [
      'campaign',
      'apply',
      join(folder, 'campaign.yaml'),
      '--no-check',
    ]);
    assert.equal(applied.code, 0, applied.stderr);
  });

  it('suppresses a list, tells of each row it cannot use, and stands for the others', async () => {
    const list = join(place.home, 'stop.csv');
    writeFileSync(
      list,
      'email,line1,postal_code,reason\nada@example.com,,,asked\n,12 Elm Street,,half an ' +
        'address\n,,,nobody\n"c@example.com",,,"quoted, as it has a comma"\n',
    );
    const run = await cli(place, ['suppress', '--file', list, '--json']);
    assert.equal(run.code, 65, run.stderr);
    const [report] = run.json<{ entries: number; rejected: { row: number }[] }>();
    assert.equal(report?.entries, 2);
    assert.deepEqual(
      report?.rejected.map(({ row }) => row),
      [3, 4],
    );
    const lifted = await cli(place, ['suppress', 'lift', '--email', 'ADA@example.com']);
    assert.equal(lifted.code, 0, lifted.stderr);
    assert.equal((await cli(place, ['suppress', 'lift', '--email', 'ada@example.com'])).code, 1);
    const missing = await cli(place, ['suppress', '--file', 'nowhere.csv']);
    assert.equal(missing.code, 65);
    assert.match(missing.stderr, /nowhere\.csv: there is no such file/);
    const all = await cli(place, ['suppress', '--file', join(folder, 'suppressions.csv')]);
    assert.equal(all.code, 0, all.stderr);
    assert.match(all.stdout, /40 entries stand for Flour & Field Bakery/);
  });

  it('reports what became of every row, and of each that cannot be used where and why', async () => {
    const run = await cli(place, ['sync', 'bakery-welcome', '--limit', '60', '--json']);
    assert.equal(run.code, 0, run.stderr);
    const [report] = run.json<
      Record<string, number> & { rejects: { row: number; column: string | null; reason: string }[] }
    >();
    assert.ok(report !== undefined);
    assert.equal(report['fetched'], 60);
    const { created = 0, changed = 0, unchanged = 0, repeated = 0, conflicting = 0 } = report;
    const { invalid = 0 } = report;
    assert.equal(created + changed + unchanged + repeated + conflicting + invalid, 60);
    assert.equal(report.rejects.length, invalid + conflicting);
    assert.ok(invalid > 0 && report.rejects.every(({ row, reason }) => row > 1 && reason !== ''));
    const again = await cli(place, ['sync', 'bakery-welcome', '--limit', '60']);
    assert.match(again.stdout, /created +0/);
    assert.match(again.stdout, /not concluded: not every page was read/);
    assert.match(again.stdout, /row +column +reason +what/);
  });

  it('tells by reason and by row what was left out of rows whose people were taken', async () => {
    const path = join(folder, 'customers.csv');
    const whole = readFileSync(path, 'utf8');
    const [header = '', ...rows] = whole.split('\n');
    const mails = rows.map((row, n) => (n < 8 ? row.replace(/,[^,]*@[^,]*,/, ',at home,') : row));
    writeFileSync(path, [header, ...mails].join('\n'));
    const run = await cli(place, ['sync', 'bakery-welcome', '--json']);
    const text = await cli(place, ['sync', 'bakery-welcome']);
    writeFileSync(path, whole);
    const [report] = run.json<{
      noted: Record<string, number>;
      notes: { row: number; column: string; reason: string; message: string }[];
    }>();
    const noted = report?.noted['email_not_used'] ?? 0;
    assert.ok(noted > 5, JSON.stringify(report?.noted));
    assert.equal(report?.notes.length, noted);
    assert.ok(report?.notes.every(({ row }) => row > 1));
    assert.ok(report?.notes.some(({ message }) => message.endsWith('left out: "at home".')));
    assert.match(
      text.stdout,
      new RegExp(`something changed or left out: email_not_used ${noted} \\(email ${noted}\\)`),
    );
    assert.match(text.stdout, /\d +email +email_not_used +Column "email" is not an e-mail address/);
    assert.match(text.stderr, new RegExp(`${noted - 5} more: postrider sql .*sync_notes`));
  });

  it('exits 75 with holder and since while somebody else syncs, and waits for them with --wait', async () => {
    const [campaign] = await at.machine.sql<{ organization_id: string; id: string }[]>`
      select organization_id, id from postrider.campaign`;
    const { organization_id: organization, id } = campaign ?? assert.fail('it was applied');
    const [open] = await at.machine.sql`
      select run_id, token
      from postrider.open_sync(${organization}, ${id}, 'manual', 'somebody else')`;
    const busy = await cli(place, ['sync', 'bakery-welcome', '--json']);
    assert.equal(busy.code, 75, busy.stderr);
    const { error } = JSON.parse(busy.stderr) as {
      error: { code: string; message: string; detail: { holder: string; since: string } };
    };
    assert.equal(error.code, 'PR011');
    assert.equal(error.detail.holder, 'somebody else');
    assert.ok(!Number.isNaN(Date.parse(error.detail.since)));
    const waiting = startCli(place, ['sync', 'bakery-welcome', '--wait', '--limit', '5']);
    const end = ended(waiting);
    await new Promise<void>((resolve) =>
      waiting.stderr?.on('data', (text: string) => String(text).includes('waiting: ') && resolve()),
    );
    await at.machine.sql`
      select postrider.close_sync(
        ${organization}, ${id}, ${open?.['token'] as string}, ${open?.['run_id'] as string},
        false, null)`;
    const run = await end;
    assert.equal(run.code, 0, run.stderr);
    assert.match(
      run.stderr,
      /waiting: the campaign is being synced by somebody else .*; if that process is gone, its lock ends within 30 s/,
    );
  });

  it('takes nobody out where most would leave at once, until it is told that it is meant', async () => {
    const path = join(folder, 'customers.csv');
    const whole = readFileSync(path, 'utf8');
    const header = `${whole.split('\n', 1)[0] ?? ''}\n`;
    const left = async () =>
      (await at.machine.sql`select from postrider.recipient_state where reason = 'left_segment'`)
        .length;
    writeFileSync(path, header);
    const run = await cli(place, ['sync', 'bakery-welcome']);
    assert.match(run.stderr, /would leave the segment at once, so nobody was taken out/);
    assert.match(run.stdout, /left segment +0 +not concluded/);
    assert.equal(await left(), 0);
    assert.match((await cli(place, ['alarms'])).stdout, /--allow-departures/);
    writeFileSync(path, whole);
    assert.equal((await cli(place, ['sync', 'bakery-welcome'])).code, 0);
    assert.doesNotMatch((await cli(place, ['alarms'])).stdout, /--allow-departures/);
  });

  it('exits 65 where the list cannot be read, and loses nobody', async () => {
    const path = join(folder, 'customers.csv');
    const whole = readFileSync(path);
    const before = (await at.machine.sql`select from postrider.recipient`).length;
    writeFileSync(path, Buffer.concat([Buffer.from([0x1f, 0x8b]), whole.subarray(0, 500)]));
    const run = await cli(place, ['sync', 'bakery-welcome']);
    writeFileSync(path, whole);
    assert.equal(run.code, 65, run.stderr);
    assert.match(run.stderr, /customers\.csv: is compressed with gzip/);
    assert.equal(
      (await at.machine.sql`select from postrider.recipient_state where reason = 'left_segment'`)
        .length,
      0,
    );
    assert.equal((await at.machine.sql`select from postrider.recipient`).length, before);
    const shown = await cli(place, ['campaign', 'show', 'bakery-welcome', '--json']);
    assert.match(shown.stdout, /is compressed with gzip/);
  });

  it('looks up addresses at once', async () => {
    const [before] = (await cli(place, ['status', '--json'])).json<{
      address_enrichable: number;
    }>();
    assert.ok((before?.address_enrichable ?? 0) > 0);
    assert.equal((await cli(place, ['hold', 'campaign', 'bakery-welcome'])).code, 0);
    const held = await cli(place, ['enrich', 'bakery-welcome']);
    assert.match(
      held.stdout,
      /\d+ (people wait|person waits) for an address.*the campaign is held: postrider release campaign "bakery-welcome"/,
    );
    assert.equal((await cli(place, ['release', 'campaign', 'bakery-welcome'])).code, 0);
    const run = await cli(place, ['enrich', 'bakery-welcome', '--json']);
    assert.equal(run.code, 0, run.stderr);
    const [report] = run.json<{ taken: number; found: number; notFound: number }>();
    assert.equal(report?.taken, before?.address_enrichable);
    const [missed] = await at.machine.sql`
        select count(*)::int as people from postrider.recipients where reason = 'no_address'`;
    assert.deepEqual(
      [report?.notFound, (report?.found ?? 0) + (report?.notFound ?? 0)],
      [missed?.['people'], before?.address_enrichable],
    );
    assert.match(
      (await cli(place, ['enrich', 'bakery-welcome'])).stdout,
      /nobody waits for an address/,
    );
  });

  it('makes pictures of a card, and says where the disk is full', async (t) => {
    const out = join(place.home, 'pictures');
    const run = await cli(place, [
      'preview',
      'bakery-welcome',
      '--row',
      '2',
      '--out',
      out,
      '--width',
      '300',
      '--json',
    ]);
    assert.equal(run.code, 0, run.stderr);
    const [files] = run.json<{ front: string }>();
    assert.equal(
      readFileSync(files?.front ?? '')
        .subarray(1, 4)
        .toString(),
      'PNG',
    );
    const unusable = await cli(place, [
      'preview',
      'bakery-welcome',
      '--row',
      '99999',
      '--out',
      out,
    ]);
    assert.equal(unusable.code, 65, unusable.stderr);
    const list = join(folder, 'customers.csv');
    renameSync(list, `${list}.away`);
    const absent = await cli(place, ['preview', 'bakery-welcome', '--out', out]);
    renameSync(`${list}.away`, list);
    assert.equal(absent.code, 65, absent.stderr);
    assert.match(absent.stderr, /customers\.csv: no such file.*\nnothing was written\n$/);
    if (!existsSync('/dev/full')) {
      t.diagnostic('this system has no /dev/full: a full disk was not tried');
      return;
    }
    const full = join(place.home, 'full');
    mkdirSync(full);
    symlinkSync('/dev/full', join(full, 'bakery-welcome-front.png'));
    const refused = await cli(place, [
      'preview',
      'bakery-welcome',
      '--out',
      full,
      '--width',
      '300',
    ]);
    assert.equal(refused.code, 73, refused.stderr);
    assert.match(refused.stderr, /the disk is full/);
  });
});
