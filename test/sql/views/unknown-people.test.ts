/** What why and trace say of an id that no campaign knows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { people, syncPeople, type Place } from '../../support/machine.ts';
import { login, logout } from '../privileges/logins.ts';
import {
  anotherCampaign,
  membersOf,
  place,
  resident,
  runOpened,
  sharedMachine,
  syncRun,
  turnClock,
} from '../rig.ts';
import { oneOff } from '../rig/campaigns.ts';
import { applyAmendedPage } from '../../../packages/core/src/machine/amend.ts';
import { closeSync } from '../../../packages/core/src/machine/sync.ts';

const rig = sharedMachine(undefined, async () => await logout(rig));
const HOUR = 3_600_000;
const TIME = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(America\/New_York\)`;

async function why(at: Place, who: string, sql = rig.sql): Promise<string[]> {
  const rows = await sql<{ why: string }[]>`
    select * from postrider.why(${who}, ${at.organizationId}) as why`;
  return rows.map((row) => row.why);
}

async function trace(at: Place, who: string): Promise<[string, string | null, string][]> {
  const rows = await rig.sql<{ what: string; campaign: string | null; detail: string }[]>`
    select what, campaign, detail from postrider.trace(${who}, ${at.organizationId})`;
  return rows.map(({ what, campaign, detail }) => [what, campaign, detail]);
}

const reject = {
  row: 5,
  column: 'zip',
  externalId: '1015',
  reason: 'bad_postal_code',
  message: 'zip: "6270" is no US postal code.',
};

void test('an id that was only rejected is told with row, column, reason, message and run', async () => {
  const at = await place(rig.sql);
  const run = await syncRun(rig.sql, at);
  await run.page(people(1), [reject]);
  await run.close();
  const [last] = await rig.sql<{ id: string }[]>`
    select id from postrider.sync_runs where organization_id = ${at.organizationId}`;
  const [sentence, ...others] = await why(at, ' 1015 ');
  assert.deepEqual(others, []);
  assert.match(
    sentence ?? '',
    new RegExp(
      String.raw`^1015 is not in campaign \w+: row 5, column zip: zip: "6270" is no US postal ` +
        String.raw`code \(bad_postal_code\), in run ${last?.id} of ${TIME}\.$`,
    ),
  );
  const [told, ...rest] = await trace(at, '1015');
  assert.deepEqual(rest, []);
  assert.equal(told?.[0], 'row rejected');
  assert.ok(told?.[2].endsWith(`(bad_postal_code) · run ${last?.id}`), told?.[2]);
});

void test('of several runs the last one that had it speaks, and it is told that the list has it no more', async () => {
  const at = await place(rig.sql);
  for (const row of [5, 6]) {
    const run = await syncRun(rig.sql, at);
    await run.page(people(2), [{ ...reject, row }]);
    await run.close();
    await turnClock(rig.sql, HOUR);
  }
  const [still] = await why(at, '1015');
  assert.match(still ?? '', /: row 6, /);
  assert.doesNotMatch(still ?? '', /any more/);
  assert.equal((await trace(at, '1015')).length, 2);
  await syncPeople(rig.sql, at, people(2));
  const [gone] = await why(at, '1015');
  assert.match(
    gone ?? '',
    new RegExp(`The list was read to its end since, at ${TIME}, and does not have it any more.$`),
  );
});

void test('an id that is known in one campaign is told of by that alone', async () => {
  const at = await place(rig.sql);
  const other = await anotherCampaign(rig.sql, at, {});
  await syncPeople(rig.sql, at, people(1));
  const run = await syncRun(rig.sql, other);
  await run.page([], [{ ...reject, externalId: 'p0' }]);
  await run.close();
  const [sentence, ...others] = await why(at, 'p0');
  assert.match(sentence ?? '', / is pending /);
  assert.deepEqual(others, []);
});

void test('an id that no list had is told so, since when lists were read, and which was cut off', async () => {
  const at = await place(rig.sql);
  assert.deepEqual(await why(at, '1015'), ['Nobody is known by 1015: no list was read yet.']);
  await syncPeople(rig.sql, at, people(1));
  await turnClock(rig.sql, HOUR);
  await syncPeople(rig.sql, at, people(1));
  const [sentence, ...others] = await why(at, '1015');
  assert.deepEqual(others, []);
  assert.match(
    sentence ?? '',
    new RegExp(
      `^Nobody is known by 1015: there is no such id in any list that was read since ${TIME}\\.$`,
    ),
  );
  const [first] = await rig.sql<{ at: string }[]>`
    select to_char(min(started_at) at time zone 'America/New_York', 'YYYY-MM-DD HH24:MI:SS') as at
    from postrider.sync_runs
    where organization_id = ${at.organizationId}`;
  assert.ok(sentence?.includes(`since ${first?.at} `), sentence);
  assert.deepEqual(await trace(at, '1015'), [['not found', null, sentence]]);
  await turnClock(rig.sql, HOUR);
  await closeSync(rig.sql, await runOpened(rig.sql, at), {
    complete: false,
    error: 'line 6: a quote is not closed',
  });
  const [cut] = await why(at, '1015');
  assert.match(
    cut ?? '',
    new RegExp(
      `The last run of campaign \\w+, of ${TIME}, did not read its list to the end: ` +
        'line 6: a quote is not closed\\.$',
    ),
  );
});

void test('nothing is told of the lists of other organizations, and nothing where nobody is named', async () => {
  const theirs = await place(rig.sql);
  const mine = await place(rig.sql);
  const run = await syncRun(rig.sql, theirs);
  await run.page([], [reject]);
  await run.close(false);
  const reader = await login(rig, 'postrider_reader', [mine.organizationId]);
  assert.deepEqual(await why(theirs, '1015', reader.sql), [
    'Nobody is known by 1015: no list was read yet.',
  ]);
  assert.equal((await why(theirs, '1015')).length, 1);
  for (const nobody of ['', '  ']) assert.deepEqual(await why(mine, nobody), []);
});

void test('why knows whose row was not added, and trace the same', async () => {
  const { sql } = rig;
  const known = resident('known');
  const at = await oneOff(sql, [known]);
  const run = await runOpened(sql, at, 'amend');
  await applyAmendedPage(sql, run, {
    members: membersOf([known, resident('new', {}, 5)]),
    rejects: [],
    waitedMs: 0,
    told: 20,
  });
  const report = await closeSync(sql, run, { complete: true, error: null });
  const [why] = await sql`
    select sentence from postrider.why('new', ${at.organizationId}) as sentence`;
  assert.match(
    String(why?.['sentence']),
    new RegExp(
      String.raw`^new is not in campaign \w+: row 5: The id is not in the campaign, which has ` +
        String.raw`read its list: the person was not added \(not_added\), in run ${report.runId}`,
    ),
  );
  const [told] = await sql`select what from postrider.trace('new', ${at.organizationId})`;
  assert.equal(told?.['what'], 'row not added');
  // Of each reason the first thousand notes are kept, and the others are not denied.
  await sql`update postrider.sync_run set noted = '{"not_added": 1001}' where id = ${report.runId}`;
  const [other] = await sql`
    select sentence from postrider.why('another', ${at.organizationId}) as sentence`;
  assert.match(
    String(other?.['sentence']),
    /Of the 1001 rows that a run of campaign \w+ did not add, only the first 1000 are known by id/,
  );
});
