/** What a run of sync counts: repeats, rejects, and a report that adds up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCampaign } from '@postrider/core';
import type { Reject } from '../../../packages/core/src/ports/index.ts';
import { definition, people, syncPeople, type Person } from '../../support/machine.ts';
import {
  emailOnly,
  one,
  place,
  reasonsOf,
  sent,
  sharedMachine,
  statesOf,
  syncRun,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine();

function sum(report: Record<string, unknown>): number {
  return ['created', 'changed', 'unchanged', 'repeated', 'conflicting', 'invalid'].reduce(
    (total, name) => total + Number(report[name]),
    0,
  );
}

void test('a row that comes again in the same run is a repeat, within a page and across pages', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const [a, b] = people(2);
  assert.ok(a && b);
  const first = await syncRun(sql, at);
  await first.page([a, { ...a, row: 90, line1: '90 Late Rd' }, b]);
  await first.page([{ ...b, row: 91, line1: '91 Late Rd' }]);
  const report = await first.close();
  assert.deepEqual([report.created, report.repeated, report.fetched], [2, 2, 4]);
  const [row] = await sql`
    select array_agg(line1 order by line1) as lines
    from postrider.recipient
    where organization_id = ${at.organizationId}`;
  assert.deepEqual(row?.['lines'], [a.line1, b.line1]);
});

void test('of rows that repeat an id the first counts, in every run: nobody flips to and fro', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const [a] = people(1);
  assert.ok(a);
  for (const _ of [1, 2, 3]) {
    const again = await syncRun(sql, at);
    await again.page([a]);
    await again.page([{ ...a, row: 90, line1: '90 Late Rd' }]);
    const report = await again.close();
    assert.equal(report.repeated, 1);
    assert.equal(report.changed, 0);
    const [row] =
      await sql`select line1 from postrider.recipient where organization_id = ${at.organizationId}`;
    assert.equal(row?.['line1'], a.line1);
  }
});

void test('a page that is applied twice changes nothing the second time', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const again = await syncRun(sql, at);
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
  const again = await syncRun(sql, at);
  await again.page(people(2), [reject(7)]);
  await again.page([], [reject(8), reject(9)]);
  const report = await again.close();
  assert.deepEqual([report.invalid, report.fetched, report.pages, report.waitedMs], [3, 5, 2, 10]);
  const rows = await sql`
    select source_row::int as row, source_column, reason, message
    from postrider.sync_rejects
    where organization_id = ${at.organizationId}
    order by source_row`;
  assert.deepEqual(
    rows.map((r) => r['row']),
    [7, 8, 9],
  );
  assert.equal(rows[0]?.['message'], '"7" is no ZIP');
});

void test('what was changed or left out of rows is counted by reason, and told by row; the first thousand of each', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const noted = (n: number, reason: string): Person[] =>
    people(n, reason).map((person) => ({
      ...person,
      notes: [{ column: 'zip', reason, message: `Column "zip" is ${person.externalId}.` }],
    }));
  const again = await syncRun(sql, at);
  await again.page([...noted(2, 'unwrapped'), ...people(1)]);
  await again.page([...noted(700, 'rounded')]);
  await again.page([...noted(1400, 'rounded').slice(700), ...noted(3, 'unwrapped').slice(2)]);
  const report = await again.close();
  assert.deepEqual(report.noted, { unwrapped: 3, rounded: 1400 });
  assert.deepEqual(report.notedColumns, { unwrapped: { zip: 3 }, rounded: { zip: 1400 } });
  assert.deepEqual([report.created, report.invalid], [1404, 0]);
  const kept = await sql<{ reason: string; rows: number; last: string }[]>`
    select reason, count(*)::int as rows, max(message) as last
    from postrider.sync_notes
    where organization_id = ${at.organizationId} and source_column = 'zip'
    group by 1
    order by 1`;
  assert.deepEqual(
    kept.map(({ reason, rows }) => [reason, rows]),
    [
      ['rounded', 1000],
      ['unwrapped', 3],
    ],
  );
  assert.equal(kept[1]?.last, 'Column "zip" is unwrapped2.');
});

void test('a note without a reason or a sentence is refused with its page', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const again = await syncRun(sql, at);
  const [a] = people(1);
  assert.ok(a);
  for (const note of [{ reason: 'changed' }, { message: 'It is.' }, 7])
    await assert.rejects(
      again.page([{ ...a, notes: [note] as never }]),
      /a note of a member lacks/,
    );
  assert.deepEqual(await statesOf(sql, at), {});
});

void test('the report adds up, by state and by reason, when everything happens in one run', async () => {
  const { sql } = rig;
  const other = await place(sql);
  await syncPeople(sql, other, people(2, 'taken'));
  const { campaignId } = await applyCampaign(
    sql,
    other.organizationId,
    definition({ name: 'second' }),
  );
  const at = { ...other, campaignId };
  await sql`select postrider.suppress(${at.organizationId}, 'p0@example.com')`;
  const [a, b, c] = people(3);
  assert.ok(a && b && c);
  const again = await syncRun(sql, at);
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
  assert.deepEqual(report.createdByState, {
    blacklisted: 1,
    pending: 2,
    skipped: 3,
    address_enrichable: 1,
  });
  assert.deepEqual(report.turnedAway, { suppressed: 1, duplicate: 1, cross_campaign: 2 });
  assert.deepEqual([report.created, report.repeated, report.fetched], [7, 1, 8]);
  assert.equal(sum({ ...report }), report.fetched);
});

void test('a run that went silent is ended by the next, and leaves nothing behind', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const silent = await syncRun(sql, at);
  await silent.page(people(3));
  await turnClock(sql, 31_000);
  await syncPeople(sql, at, people(3));
  const [row] = await sql`
    select
      (
        select count(*)::int from postrider.sync_seen where organization_id = ${at.organizationId}
      ) as seen,
      (
        select count(*)::int
        from postrider.sync_run
        where organization_id = ${at.organizationId} and ended_at is null
      ) as open,
      (
        select max(error) from postrider.sync_run where organization_id = ${at.organizationId}
      ) as error`;
  assert.deepEqual([row?.['seen'], row?.['open']], [0, 0]);
  assert.match(String(row?.['error']), /silent/);
});

void test('a second row of somebody on a later page is a repeat wherever they are, run after run', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await sent(sql, at, 2);
  const segment = [...people(4), emailOnly('mail')];
  const [a] = people(3).slice(2);
  assert.ok(a);
  const double: Person = { ...a, externalId: 'double' };
  for (const created of [4, 0, 0]) {
    const again = await syncRun(sql, at);
    await again.page([...segment, double]);
    await again.page([...segment, double]);
    const report = await again.close();
    assert.deepEqual(
      [report.created, report.unchanged, report.repeated, report.fetched],
      [created, 6 - created, 6, 12],
    );
  }
  assert.equal((await one(sql, at, 'p0')).state, 'sent');
  assert.equal((await one(sql, at, 'double')).state, 'skipped');
});

void test('what is counted by reason is counted by column as well, over all pages', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const noted = (who: string, ...notes: (readonly [reason: string, column: string | null])[]) => ({
    ...(people(1, who)[0] as Person),
    notes: notes.map(([reason, column]) => ({ reason, column, message: 'Told.' })),
  });
  const run = await syncRun(sql, at);
  await run.page([
    noted('a', ['unwrapped', 'zip'], ['unwrapped', 'id']),
    noted('b', ['odd', null]),
  ]);
  await run.page([noted('c', ['unwrapped', 'zip'])]);
  await run.page([noted('d', ['unwrapped', 'id'], ['lost', 'a "column"']), noted('e')]);
  const { noted: reasons, notedColumns } = await run.close();
  assert.deepEqual(reasons, { unwrapped: 4, odd: 1, lost: 1 });
  assert.deepEqual(notedColumns, {
    unwrapped: { zip: 2, id: 2 },
    lost: { 'a "column"': 1 },
  });
});
