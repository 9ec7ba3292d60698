/** Rows that come again with an id that the run has met: of the same person, or of another one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { people, type Person } from '../../support/machine.ts';
import { emailOnly, place, resident, sharedMachine, statesOf, syncRun } from '../rig.ts';

const rig = sharedMachine();

function sum(report: Record<string, unknown>): number {
  return ['created', 'changed', 'unchanged', 'repeated', 'conflicting', 'invalid'].reduce(
    (total, name) => total + Number(report[name]),
    0,
  );
}

void test('an id that comes again with another person behind it is a conflict: told by row, counted apart, and the first one stands', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const [a, b] = people(2);
  assert.ok(a && b);
  const other = resident('other', { externalId: 'p0', row: 7 });
  const rows: [Person, 'repeated' | 'conflicting'][] = [
    [{ ...a, row: 3, email: 'new@example.com' }, 'repeated'],
    [{ ...a, row: 4, line1: '90 Late Rd', firstName: 'Zoë' }, 'repeated'],
    [{ ...a, row: 5, email: null, line1: '90 Late Rd' }, 'repeated'],
    [{ ...other, row: 6 }, 'conflicting'],
    [
      { ...other, row: 7, firstName: a.firstName ?? null, lastName: a.lastName ?? null },
      'conflicting',
    ],
    [{ ...other, row: 8, email: null }, 'conflicting'],
    [{ ...emailOnly('p0', 9), email: 'other@example.com' }, 'conflicting'],
    [{ ...emailOnly('p0', 10), email: a.email ?? '' }, 'repeated'],
  ];
  for (const again of [false, true]) {
    // In one page with the first row, in pages behind it, and in a run in which nobody is new.
    for (const pages of [
      [[a, ...rows.map(([row]) => row)]],
      [[a], ...rows.map(([row]) => [row])],
    ]) {
      const run = await syncRun(sql, at);
      for (const page of pages) await run.page(page);
      const report = await run.close();
      assert.deepEqual(
        [report.created + report.unchanged, report.repeated, report.conflicting, report.changed],
        [1, 4, 4, 0],
        `${again} ${pages.length}`,
      );
      assert.equal(report.invalid, 0);
      assert.equal(sum({ ...report }), report.fetched);
      const told = await sql`
        select source_row::int as row, external_id, reason, message
        from postrider.sync_rejects
        where organization_id = ${at.organizationId} and run_id = ${report.runId}
        order by source_row`;
      assert.deepEqual(
        told.map((reject) => [reject['row'], reject['external_id'], reject['reason']]),
        [6, 7, 8, 9].map((row) => [row, 'p0', 'conflicting_id']),
      );
      assert.match(
        String(told[0]?.['message']),
        /The id stands in row \d already, with another person/,
      );
    }
  }
  const next = await syncRun(sql, at);
  await next.page(
    [b, a],
    [{ row: 2, column: null, externalId: 'x', reason: 'odd', message: 'Odd.' }],
  );
  await next.page([
    { ...b, row: 12 },
    { ...other, row: 13 },
  ]);
  const report = await next.close();
  assert.deepEqual(
    [report.created, report.unchanged, report.repeated, report.conflicting, report.invalid],
    [1, 1, 1, 1, 1],
  );
  assert.deepEqual(await statesOf(sql, at), { p0: 'pending', p1: 'pending' });
});
