/** Sync: who comes, follows, freezes, revives and leaves; and a report whose counts add up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { applyCampaign, erase } from '@postrider/core';
import { applyPage, claimBatch, closeSync, openSync } from '../../packages/core/src/machine/sync.ts';
import type { Member, Reject } from '../../packages/core/src/ports/index.ts';
import { beginProof, settleProof } from '../../packages/core/src/machine/cohorts.ts';
import { definition, people, syncPeople, type Person, type Place } from '../support/machine.ts';
import { LEASE_MS, RUNNER, one, place, proofed, reap, reasonsOf, sent, sharedMachine, stage, statesOf, turnClock } from './rig.ts';

const rig = sharedMachine();

interface Run {
  page(members: readonly Person[], rejects?: readonly Reject[]): Promise<void>;
  close(complete?: boolean, allowDepartures?: boolean): ReturnType<typeof closeSync>;
}

/** A run of several pages. */
const run = async (sql: postgres.Sql, at: Place): Promise<Run> => {
  const opened = { ...at, ...(await openSync(sql, at.organizationId, at.campaignId, 'manual', 'test')) };
  return {
    page: async (members, rejects = []) => await applyPage(sql, opened, members as unknown as Member[], rejects, 5),
    close: async (complete = true, allowDepartures = false) => await closeSync(sql, opened, complete, null, allowDepartures),
  };
};

const emailOnly = (externalId: string, row = 1): Person => ({
  externalId,
  row,
  email: `${externalId}@example.com`,
  firstName: 'Ada',
  lastName: 'B',
  merge: {},
});
const sum = (report: Record<string, unknown>): number =>
  ['created', 'changed', 'unchanged', 'repeated', 'invalid'].reduce((total, name) => total + Number(report[name]), 0);

void test('who has an address waits to be proofed, who has only an e-mail waits for an address', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const report = await syncPeople(sql, at, [...people(2), emailOnly('mail')]);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'pending (new)', p1: 'pending (new)', mail: 'address_enrichable (new)' });
  assert.deepEqual(report['created_by_state'], { pending: 2, address_enrichable: 1 });
  assert.equal(report['created'], 3);
});

void test('a second run changes nothing, and says so', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, [...people(3), emailOnly('mail')]);
  const [before] =
    await sql`select sum(move_no) as moves, max(since) as since from postrider.recipient_state where organization_id = ${at.organizationId}`;
  const report = await syncPeople(sql, at, [...people(3), emailOnly('mail')]);
  const [later] =
    await sql`select sum(move_no) as moves, max(since) as since from postrider.recipient_state where organization_id = ${at.organizationId}`;
  assert.deepEqual({ ...later }, { ...before });
  assert.deepEqual([report['created'], report['changed'], report['unchanged'], report['left_segment']], [0, 0, 4, 0]);
});

void test('up to pending a person follows the source', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const [person] = people(1);
  assert.ok(person);
  await syncPeople(sql, at, [person]);
  const report = await syncPeople(sql, at, [{ ...person, firstName: 'Zoë', line1: '77 Other Way', merge: { code: 'X' } }]);
  const [row] =
    await sql`select first_name, line1, household_key, merge from postrider.recipient where organization_id = ${at.organizationId}`;
  assert.deepEqual({ ...row }, { first_name: 'Zoë', line1: '77 Other Way', household_key: 'US|94607|77 OTHER WAY|', merge: { code: 'X' } });
  assert.deepEqual([report['created'], report['changed'], report['unchanged']], [0, 1, 0]);
});

void test('from staging on a person is frozen: what the source says now is not what is printed', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const [person] = people(1);
  assert.ok(person);
  await syncPeople(sql, at, [person]);
  await stage(sql, at, 'proof');
  const report = await syncPeople(sql, at, [{ ...person, firstName: 'Zoë', line1: '77 Other Way' }]);
  const [row] = await sql`select first_name, line1 from postrider.recipient where organization_id = ${at.organizationId}`;
  assert.deepEqual({ ...row }, { first_name: 'Ada', line1: '1 p Street' });
  assert.deepEqual([report['changed'], report['unchanged']], [0, 1]);
});

void test('a row that comes again in the same run is a repeat, within a page and across pages', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const [a, b] = people(2);
  assert.ok(a && b);
  const first = await run(sql, at);
  await first.page([a, { ...a, row: 90, line1: '90 Late Rd' }, b]);
  await first.page([{ ...b, row: 91, line1: '91 Late Rd' }]);
  const report = await first.close();
  assert.deepEqual([report.created, report.repeated, report.fetched], [2, 2, 4]);
  const [row] =
    await sql`select array_agg(line1 order by line1) as lines from postrider.recipient where organization_id = ${at.organizationId}`;
  assert.deepEqual(row?.['lines'], [a.line1, b.line1]);
});

void test('of rows that repeat an id the first counts, in every run: nobody flips to and fro', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const [a] = people(1);
  assert.ok(a);
  for (const _ of [1, 2, 3]) {
    const again = await run(sql, at);
    await again.page([a]);
    await again.page([{ ...a, row: 90, line1: '90 Late Rd' }]);
    const report = await again.close();
    assert.equal(report.repeated, 1);
    assert.equal(report.changed, 0);
    const [row] = await sql`select line1 from postrider.recipient where organization_id = ${at.organizationId}`;
    assert.equal(row?.['line1'], a.line1);
  }
});

void test('a page that is applied twice changes nothing the second time', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const again = await run(sql, at);
  await again.page(people(5));
  await again.page(people(5));
  const report = await again.close();
  assert.equal(report.created, 5);
  assert.equal(sum({ ...report }), report.fetched);
  assert.deepEqual(new Set(Object.values(await statesOf(sql, at))), new Set(['pending']));
});

void test('rows that cannot be read are counted, and listed with their place and reason', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const reject = (row: number): Reject => ({
    row,
    column: 'zip',
    externalId: `x${row}`,
    reason: 'postal_code',
    message: `"${row}" is no ZIP`,
  });
  const again = await run(sql, at);
  await again.page(people(2), [reject(7)]);
  await again.page([], [reject(8), reject(9)]);
  const report = await again.close();
  assert.deepEqual([report.invalid, report.fetched, report.pages, report.waitedMs], [3, 5, 2, 10]);
  const rows = await sql`select source_row::int as row, source_column, reason, message from postrider.sync_rejects
    where organization_id = ${at.organizationId} order by source_row`;
  assert.deepEqual(
    rows.map((r) => r['row']),
    [7, 8, 9],
  );
  assert.equal(rows[0]?.['message'], '"7" is no ZIP');
});

void test('a row that cannot be read keeps its person in the segment, whatever stands around its id', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(2));
  const again = await run(sql, at);
  await again.page([], [{ row: 2, column: 'zip', externalId: '\u200bp0\u00a0', reason: 'postal_code', message: 'no ZIP' }]);
  await again.close();
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'pending (new)', p1: 'skipped (left_segment)' });
});

void test('the report adds up, by state and by reason, when everything happens in one run', async () => {
  const { sql } = rig;
  const other = await place(sql);
  await syncPeople(sql, other, people(2, 'taken'));
  const { campaignId } = await applyCampaign(sql, other.organizationId, definition({ name: 'second' }));
  const at = { ...other, campaignId };
  await sql`select postrider.suppress(${at.organizationId}, 'p0@example.com')`;
  const [a, b, c] = people(3);
  assert.ok(a && b && c);
  const again = await run(sql, at);
  await again.page([
    a,
    b,
    { ...b, row: 50 },
    { ...c, externalId: 'twin', email: 'twin@example.com', row: 51 },
    c,
    ...people(2, 'taken'),
    emailOnly('mail'),
  ]);
  const report = await again.close();
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'blacklisted (suppressed)',
    p1: 'pending (new)',
    p2: 'skipped (duplicate)',
    twin: 'pending (new)',
    taken0: 'skipped (cross_campaign)',
    taken1: 'skipped (cross_campaign)',
    mail: 'address_enrichable (new)',
  });
  assert.deepEqual(report.createdByState, { blacklisted: 1, pending: 2, skipped: 3, address_enrichable: 1 });
  assert.deepEqual(report.turnedAway, { suppressed: 1, duplicate: 1, cross_campaign: 2 });
  assert.deepEqual([report.created, report.repeated, report.fetched], [7, 1, 8]);
  assert.equal(sum({ ...report }), report.fetched);
});

void test('who was skipped for want of an address comes back when the source learns one', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, [emailOnly('late'), emailOnly('never')]);
  await sql`select postrider.enrich_none(${at.organizationId}, ${at.campaignId})`;
  assert.deepEqual(await reasonsOf(sql, at), { late: 'skipped (no_address)', never: 'skipped (no_address)' });
  const [address] = people(1);
  await syncPeople(sql, at, [{ ...address, ...emailOnly('late') }, emailOnly('never')]);
  assert.deepEqual(await reasonsOf(sql, at), { late: 'pending (address_came)', never: 'skipped (no_address)' });
});

void test('who comes back meets the rules of the door again', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, [emailOnly('late'), ...people(1)]);
  await sql`select postrider.enrich_none(${at.organizationId}, ${at.campaignId})`;
  const [address] = people(1);
  assert.ok(address);
  await syncPeople(sql, at, [address, { ...address, ...emailOnly('late') }]);
  assert.deepEqual(await reasonsOf(sql, at), { late: 'skipped (duplicate)', p0: 'pending (new)' });
});

void test('of two people whose new addresses are one household one stays, whichever way they come to it', async () => {
  const { sql } = rig;
  const moved = { line1: '5 New Home', postalCode: '94607', country: 'US', city: 'Oakland', region: 'CA', line2: null };
  const at = await place(sql);
  await syncPeople(sql, at, people(3));
  await syncPeople(
    sql,
    at,
    people(3).map((person, i) => (i < 2 ? { ...person, ...moved } : person)),
  );
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'pending (new)', p1: 'skipped (duplicate)', p2: 'pending (new)' });
  const later = await place(sql);
  await syncPeople(sql, later, [emailOnly('a'), emailOnly('b', 2)]);
  await syncPeople(sql, later, [
    { ...emailOnly('a'), ...moved },
    { ...emailOnly('b', 2), ...moved },
  ]);
  assert.deepEqual(await reasonsOf(sql, later), { a: 'pending (address_came)', b: 'skipped (duplicate)' });
});

void test('who changes e-mail and has no address still waits for one, and nothing is said to have come', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, [emailOnly('a')]);
  await syncPeople(sql, at, [{ ...emailOnly('a'), email: 'new@example.com' }]);
  assert.deepEqual(await reasonsOf(sql, at), { a: 'address_enrichable (new)' });
});

void test('a source that knows no address any more does not take away the one that is known', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(1));
  await syncPeople(sql, at, [{ ...emailOnly('p0'), firstName: 'Zoë' }]);
  const [row] = await sql`select line1, first_name from postrider.recipient where organization_id = ${at.organizationId}`;
  assert.deepEqual({ ...row }, { line1: '1 p Street', first_name: 'Zoë' });
  assert.equal((await one(sql, at)).state, 'pending');
});

void test('who is not in the segment any more is left out, but only after a run that saw all of it', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(3));
  const cut = await syncPeople(sql, at, people(1), false);
  assert.equal(cut['left_segment'], 0);
  assert.equal((await one(sql, at, 'p2')).state, 'pending');
  const whole = await syncPeople(sql, at, people(1));
  assert.equal(whole['left_segment'], 2);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'pending (new)', p1: 'skipped (left_segment)', p2: 'skipped (left_segment)' });
});

void test('when more than half of those who wait would leave at once nobody does, until somebody says that it is meant', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const alarm = async () =>
    await sql<{ meaning: string; what_helps: string }[]>`
    select meaning, what_helps from postrider.alarms where organization_id = ${at.organizationId} and kind = 'mass_departure'`;
  const told = async (n: number, allowed = false): ReturnType<typeof closeSync> => {
    const now = await run(sql, at);
    await now.page(people(n));
    return await now.close(true, allowed);
  };
  await told(100);
  const report = await told(49);
  assert.deepEqual([report.complete, report.leftSegment], [false, 0]);
  assert.match(report.error ?? '', /51 of the 100 people who wait would leave the segment at once.*--allow-departures/);
  assert.deepEqual(new Set(Object.values(await statesOf(sql, at))), new Set(['pending']));
  await told(0);
  assert.equal((await alarm()).length, 1, 'it is said once');
  assert.match((await alarm())[0]?.meaning ?? '', /51 of 100/);
  assert.equal((await told(50)).leftSegment, 50, 'half of them may leave');
  assert.equal((await alarm()).length, 0, 'the source is well again');
  assert.equal((await told(0)).complete, false);
  assert.deepEqual([(await told(0, true)).leftSegment, (await alarm()).length], [50, 0]);
});

void test('a row that can no longer be read has not left the segment: its person stays as they are, in whatever order its rows come', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const [a, b, c] = people(3);
  assert.ok(a && b && c);
  await syncPeople(sql, at, [a, b, c]);
  const odd = (externalId: string): Reject => ({ row: 3, column: 'zip', externalId, reason: 'bad_postal_code', message: 'No ZIP.' });
  const again = await run(sql, at);
  await again.page([], [odd('p0'), odd('p1')]);
  await again.page([{ ...b, firstName: 'Zoë' }]);
  const report = await again.close();
  assert.deepEqual([report.invalid, report.changed, report.repeated, report.leftSegment], [2, 1, 0, 1]);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'pending (new)', p1: 'pending (new)', p2: 'skipped (left_segment)' });
});

void test('who has been proofed stays, in the segment or not', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at, 2);
  const report = await syncPeople(sql, at, []);
  assert.equal(report['left_segment'], 0);
  assert.deepEqual(await statesOf(sql, at), { p0: 'proofed', p1: 'proofed' });
});

void test('who comes back to pending while a run is on its way was seen by it, and has not left', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(3));
  // One each: begun and to be tried again, staged and given back, failed and retried.
  const [a, b, c] = await stage(sql, at, 'proof', 3, 1);
  for (const id of [a, c]) await beginProof(sql, at.organizationId, id ?? '', RUNNER, LEASE_MS);
  const of = async (cohortId: string | undefined): Promise<string> => {
    const [row] = await sql<{ id: string }[]>`select recipient_id as id from postrider.recipient_state where cohort_id = ${cohortId ?? ''}`;
    return row?.id ?? '';
  };
  const [retried, failed] = [await of(a), await of(c)];
  await settleProof(sql, at.organizationId, c ?? '', [{ recipientId: failed, outcome: 'failed', message: 'no' }], true);
  const slow = await run(sql, at);
  await slow.page(people(3));
  await settleProof(sql, at.organizationId, a ?? '', [{ recipientId: retried, outcome: 'retry', message: 'wait', afterMs: 0 }], true);
  await sql`delete from postrider_queue.job where id = ${b ?? ''}`;
  await turnClock(sql, 30_000);
  await reap(sql);
  await sql`select postrider.retry(${failed})`;
  const report = await slow.close();
  assert.equal(report.leftSegment, 0);
  assert.deepEqual(new Set(Object.values(await statesOf(sql, at))), new Set(['pending']));
});

void test('who comes back from a lost batch while a run is on its way has not left either', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, [emailOnly('mail')]);
  const batch = await claimBatch(sql, at.organizationId, at.campaignId, 'faraday', 10, 3_600_000, 60_000);
  const slow = await run(sql, at);
  await slow.page([emailOnly('mail')]);
  await sql`select postrider.enrich_lost(${at.organizationId}, ${batch?.batchId ?? ''}, 'lost')`;
  assert.equal((await slow.close()).leftSegment, 0);
});

void test("who was erased stays away, run after run, also as somebody else's double", async () => {
  const { sql } = rig;
  const at = await place(sql);
  const [a, b] = people(2);
  assert.ok(a && b);
  const spouse: Person = { ...a, externalId: 'spouse', email: 'spouse@example.com', firstName: 'Bob', row: 60 };
  await syncPeople(sql, at, [a, b]);
  await erase(sql, (await one(sql, at, 'p0')).id);
  for (const segment of [
    [a, b],
    [a, spouse, b],
    [spouse, a, b],
    [{ ...a, externalId: 'new id' }, spouse, b],
    [{ ...a, email: 'new@example.com' }, spouse, b],
  ]) {
    const report = await syncPeople(sql, at, segment);
    assert.equal((report['turned_away'] as Record<string, number>)['erased'], 1, JSON.stringify(report['turned_away']));
  }
  const known = (
    await sql<{ email: string | null }[]>`select email from postrider.recipient where organization_id = ${at.organizationId}`
  ).map((r) => r.email);
  assert.deepEqual(known.filter((email) => email !== null).sort(), ['p1@example.com', 'spouse@example.com']);
  // Who was erased keeps nobody's place: the household's next one comes in, on whatever page they stand.
  assert.equal((await one(sql, at, 'spouse')).state, 'pending');
});

void test('a run that went silent is ended by the next, and leaves nothing behind', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const silent = await run(sql, at);
  await silent.page(people(3));
  await turnClock(sql, 31_000);
  await syncPeople(sql, at, people(3));
  const [row] = await sql`select (select count(*)::int from postrider.sync_seen where organization_id = ${at.organizationId}) as seen,
    (select count(*)::int from postrider.sync_run where organization_id = ${at.organizationId} and ended_at is null) as open,
    (select max(error) from postrider.sync_run where organization_id = ${at.organizationId}) as error`;
  assert.deepEqual([row?.['seen'], row?.['open']], [0, 0]);
  assert.match(String(row?.['error']), /silent/);
});

void test('who is already sent is neither made again nor changed', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await sent(sql, at, 2);
  const report = await syncPeople(sql, at, people(3));
  assert.deepEqual([report['created'], report['unchanged']], [1, 2]);
  assert.deepEqual(await statesOf(sql, at), { p0: 'sent', p1: 'sent', p2: 'pending' });
});
