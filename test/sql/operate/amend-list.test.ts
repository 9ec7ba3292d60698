/** A one-off that was launched takes the amended rows of its list, and nothing else of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { amend, endCampaign, launch } from '@postrider/core';
import { applyAmendedPage, type AmendedRow } from '../../../packages/core/src/machine/amend.ts';
import { closeSync, type SyncReport } from '../../../packages/core/src/machine/sync.ts';
import { syncPeople, type Person, type Place } from '../../support/machine.ts';
import {
  mailBegun,
  membersOf,
  one,
  place,
  proofAll,
  reasonsOf,
  refused,
  resident,
  runOpened,
  settleAll,
  sharedMachine,
  stageOne,
  statesOf,
} from '../rig.ts';
import { oneOff } from '../rig/campaigns.ts';

const rig = sharedMachine();

interface ListRead {
  readonly told: readonly AmendedRow[];
  readonly report: SyncReport;
}

async function listAmended(
  sql: postgres.Sql,
  at: Place,
  pages: readonly (readonly Person[])[],
  kind: 'amend' | 'amend_preview' = 'amend',
): Promise<ListRead> {
  const run = await runOpened(sql, at, kind);
  const told: AmendedRow[] = [];
  for (const members of pages) {
    const page = { members: membersOf(members), rejects: [], waitedMs: 0, told: 20 };
    told.push(...(await applyAmendedPage(sql, run, page)));
  }
  return { told, report: await closeSync(sql, run, { complete: true, error: null }) };
}

/** What the list says of it by row. */
async function notesOf(sql: postgres.Sql, report: SyncReport): Promise<unknown[]> {
  const rows = await sql`
    select source_row::int as row, reason, message
    from postrider.sync_notes where run_id = ${report.runId} order by 1`;
  return rows.map((note) => [note['row'], note['reason'], note['message']]);
}

const list = [1, 2, 3, 4].map((n) => resident(`h${n}`, {}, n));

void test('amended rows are taken, new ones are told and not added, and nobody leaves', async () => {
  const { sql } = rig;
  const at = await oneOff(sql, list);
  await proofAll(sql, at);
  const rows = [
    resident('h1', { line1: '9 Oak Street' }, 1),
    resident('h2', {}, 2),
    resident('new', {}, 5),
    resident('h3', { lastName: 'Nightingale' }, 3),
    resident('h3', { lastName: 'Nightingale' }, 6),
  ];
  for (const kind of ['amend_preview', 'amend'] as const) {
    const before = await reasonsOf(sql, at);
    const { told, report } = await listAmended(sql, at, [rows.slice(0, 3), rows.slice(3)], kind);
    assert.deepEqual(
      [report.fetched, report.changed, report.unchanged, report.notAdded, report.repeated],
      [5, 2, 1, 1, 1],
    );
    assert.deepEqual([report.created, report.leftSegment, report.tooLate], [0, 0, 0]);
    // It was read to its end, and why says no other.
    assert.equal(report.complete, true);
    const [why] = await sql`
      select sentence from postrider.why('nobody at all', ${at.organizationId}) as sentence`;
    assert.doesNotMatch(String(why?.['sentence']), /did not read its list/);
    assert.deepEqual(
      told.map((person) => [person.row, person.externalId, person.changed, person.state]),
      [
        [1, 'h1', ['line1'], 'pending'],
        [3, 'h3', ['last_name'], 'pending'],
      ],
    );
    assert.deepEqual(
      [told[0]?.before.line1, told[0]?.after.line1],
      ['1 h1 Street', '9 Oak Street'],
    );
    assert.match(JSON.stringify(await notesOf(sql, report)), /5,"not_added","The id is not in/);
    if (kind === 'amend_preview') assert.deepEqual(await reasonsOf(sql, at), before);
  }
  assert.deepEqual(await reasonsOf(sql, at), {
    h1: 'pending (amended)',
    h2: 'proofed (rendered)',
    h3: 'pending (amended)',
    h4: 'proofed (rendered)',
  });
  const again = await listAmended(sql, at, [rows]);
  assert.deepEqual([again.report.changed, again.report.unchanged], [0, 3]);
  const [row] = await sql`
    select why from postrider.interventions
    where organization_id = ${at.organizationId} and action = 'amend' and why like '%line1%'`;
  assert.equal(row?.['why'], 'changed: line1 · by the list');
});

void test('rows for which it comes too late are told by row, and the others are taken', async () => {
  const { sql } = rig;
  const at = await oneOff(sql, list.slice(0, 2));
  await proofAll(sql, at);
  await settleAll(sql, at, await mailBegun(sql, at));
  const { report } = await listAmended(sql, at, [
    [resident('h1', { line1: '9 Oak Street' }, 11), resident('h2', {}, 12)],
  ]);
  assert.deepEqual([report.tooLate, report.unchanged, report.changed], [1, 1, 0]);
  assert.deepEqual(await notesOf(sql, report), [
    [
      11,
      'too_late',
      'The row has another line1, and the person is sent: the printer has the card.',
    ],
  ]);
});

void test('a changed row of somebody who gets no card is not too late', async () => {
  const { sql } = rig;
  const at = await place(sql, { campaign_mode: 'one_off', holdout_percent: 50 }, null);
  const many = Array.from({ length: 12 }, (_, n) => resident(`k${n}`, {}, n));
  await syncPeople(sql, at, many);
  await launch(sql, at, { mode: 'live', arm: true });
  const [kept] = Object.entries(await statesOf(sql, at)).find(([, s]) => s === 'holdout') ?? [];
  assert.ok(kept !== undefined);
  const changed = resident(kept, { lastName: 'Nightingale' }, 7);
  const { report } = await listAmended(sql, at, [[changed]]);
  assert.deepEqual([report.tooLate, report.unchanged, report.noted], [0, 1, { no_card: 1 }]);
  assert.deepEqual(await notesOf(sql, report), [
    [
      7,
      'no_card',
      'The row has another last_name, and the person is holdout: no card will be made.',
    ],
  ]);
});

void test('the rules of admission hold for a page: doubles, bad addresses, opt-outs', async () => {
  const { sql } = rig;
  const at = await oneOff(sql, list);
  await proofAll(sql, at);
  await sql`select postrider.suppress(
    ${at.organizationId}, p_line1 => '9 Quiet Lane', p_postal_code => '94607')`;
  const { report } = await listAmended(sql, at, [
    [
      resident('h1', { line1: '1 h2 Street' }, 1),
      resident('h3', { region: 'ZZ' }, 3),
      resident('h4', { line1: '9 Quiet Lane' }, 4),
    ],
  ]);
  assert.deepEqual(report.turnedAway, { duplicate: 1, bad_address: 1, suppressed: 1 });
  assert.deepEqual(await reasonsOf(sql, at), {
    h1: 'skipped (duplicate)',
    h2: 'proofed (rendered)',
    h3: 'skipped (bad_address)',
    h4: 'blacklisted (suppressed)',
  });
  await listAmended(sql, at, [[resident('h3', {}, 3)]]);
  assert.equal((await one(sql, at, 'h3')).state, 'pending');
});

void test('what an operator amended holds against the list as it was, and not against a new row', async () => {
  const { sql } = rig;
  const at = await oneOff(sql, list);
  await proofAll(sql, at);
  await amend(sql, (await one(sql, at, 'h1')).id, { line2: 'Apt 4' });
  await amend(sql, (await one(sql, at, 'h2')).id, { line2: 'Apt 4' });
  const { report, told } = await listAmended(sql, at, [
    [list[0] as Person, resident('h2', { line1: '8 Elm Street' }, 2)],
  ]);
  assert.deepEqual([report.unchanged, report.changed], [1, 1]);
  assert.deepEqual(report.noted, { amendment_replaced: 1 });
  assert.deepEqual([told[0]?.after.line1, told[0]?.after.line2], ['8 Elm Street', null]);
});

void test('a page stands or falls as one: where it is refused nobody of it is amended', async () => {
  const { sql } = rig;
  const at = await oneOff(sql, list);
  const run = await runOpened(sql, at, 'amend');
  const members = membersOf([
    resident('h1', { line1: '9 Oak Street' }, 1),
    { ...resident('h2', {}, 2), externalId: null as unknown as string },
  ]);
  await refused(
    'PR020',
    applyAmendedPage(sql, run, { members, rejects: [], waitedMs: 0, told: 5 }),
  );
  await closeSync(sql, run, { complete: false, error: null });
  assert.equal((await one(sql, at, 'h1')).reason, 'new');
});

void test('a completed one-off is active again, and an archived one refuses', async () => {
  const { sql } = rig;
  const at = await oneOff(sql, [resident('h1', { region: 'ZZ' }), resident('h2')]);
  await endCampaign(sql, at, { status: 'completed' });
  const preview = await listAmended(sql, at, [[resident('h1')]], 'amend_preview');
  assert.equal(preview.told[0]?.state, 'pending');
  const status = async (): Promise<unknown> =>
    (await sql`select status from postrider.campaigns where id = ${at.campaignId}`)[0]?.['status'];
  assert.equal(await status(), 'completed');
  await listAmended(sql, at, [[resident('h1')]]);
  assert.deepEqual([await status(), (await one(sql, at, 'h1')).state], ['active', 'pending']);
  await endCampaign(sql, at, { status: 'archived' });
  await refused('PR012', runOpened(sql, at, 'amend'), /list of campaign .* is not amended/);
});

void test('only a one-off that was launched is amended by its list, by a run that was opened for it', async () => {
  const { sql } = rig;
  const automated = await place(sql, { campaign_mode: 'automated' });
  const waiting = await place(sql, { campaign_mode: 'one_off' }, null);
  for (const at of [automated, waiting]) {
    const error = await refused('PR012', runOpened(sql, at, 'amend'));
    assert.match(String(error.hint), /takes its list as it is now: postrider sync/);
  }
  const run = await runOpened(sql, automated);
  const page = { members: [], rejects: [], waitedMs: 0, told: 5 };
  await refused('PR020', applyAmendedPage(sql, run, page), /was not opened to amend/);
  await closeSync(sql, run, { complete: false, error: null });
  const held = await runOpened(sql, await oneOff(sql, [resident('h1')]), 'amend');
  await refused('PR013', applyAmendedPage(sql, { ...held, token: held.runId }, page));
  await closeSync(sql, held, { complete: false, error: null });
});

void test('a cohort whose people are amended by the list loses them', async () => {
  const { sql } = rig;
  const at = await oneOff(sql, list);
  await proofAll(sql, at);
  const cohort = await stageOne(sql, at, 'mail');
  await listAmended(sql, at, [[resident('h1', { line1: '9 Oak Street' }, 1)]]);
  const [begun] = await sql`select postrider.begin_mail(
    ${at.organizationId}, ${cohort}, ${at.campaignId}, '1 minute') as begun`;
  const pieces = (begun?.['begun'] as { pieces: unknown[] } | undefined)?.pieces;
  assert.equal(pieces?.length, 3);
});

void test('who waits and is not in the list any more stays', async () => {
  const { sql } = rig;
  const at = await oneOff(sql, list);
  const { report } = await listAmended(sql, at, [[resident('h1', { line1: '9 Oak Street' }, 1)]]);
  assert.deepEqual([report.complete, report.changed, report.leftSegment], [true, 1, 0]);
  assert.deepEqual(await reasonsOf(sql, at), {
    h1: 'pending (amended)',
    h2: 'pending (new)',
    h3: 'pending (new)',
    h4: 'pending (new)',
  });
});

void test('a list that says by now not to mail somebody stops the person, and a preview tells it', async () => {
  const { sql } = rig;
  const at = await oneOff(sql, list);
  await proofAll(sql, at);
  const forbids = { doNotMail: true, doNotMailBecause: '"Deceased" is "yes"' };
  const rows = [resident('h1', forbids, 1), resident('h2', {}, 2), resident('new', forbids, 9)];
  for (const kind of ['amend_preview', 'amend'] as const) {
    const { report } = await listAmended(sql, at, [rows], kind);
    assert.deepEqual(report.turnedAway, { do_not_mail: 1 });
    assert.deepEqual([report.fetched, report.unchanged, report.notAdded], [3, 2, 1]);
    assert.deepEqual(await reasonsOf(sql, at), {
      h1: kind === 'amend' ? 'blacklisted (do_not_mail)' : 'proofed (rendered)',
      h2: 'proofed (rendered)',
      h3: 'proofed (rendered)',
      h4: 'proofed (rendered)',
    });
  }
});
