/** What a night asks: what is left, when it is done, who is suppressed, and who is not in it. */
import assert from 'node:assert/strict';
import { closeSync } from '../../../packages/core/src/machine/sync.ts';
import { applyCampaign } from '@postrider/core';
import { definition, syncPeople } from '../../support/machine.ts';
import {
  accepted,
  answered,
  mailBegun,
  proofAll,
  RUNNER,
  runOpened,
  sending,
  settle,
  syncRun,
  turnClock,
} from '../../sql/rig.ts';
import { neighbours, type OperatedPlace, type Statements } from '../operated-place.ts';

const HOUR = 3_600_000;

/** A dozen people, of whom five were mailed half an hour ago; one card was refused. */
export async function spending({ sql, at }: OperatedPlace, run: Statements): Promise<void> {
  const money = { budget_minor: 1000, price_minor: 90, currency: 'USD' };
  await applyCampaign(sql, at.organizationId, definition({ name: 'spring', ...money }));
  await sql`select postrider.heartbeat(${RUNNER}, 'laptop:4711', 2, 4, '0.1.0')`;
  const batch = await sending(sql, at, neighbours(6));
  await settle(
    sql,
    at,
    batch,
    batch.pieces.map((piece, n) => (n === 0 ? answered(piece, 'rejected') : accepted(piece))),
  );
  await syncPeople(sql, at, neighbours(8).slice(6), false);
  await turnClock(sql, HOUR / 2);
  await proofAll(sql, at);
  await mailBegun(sql, at);

  const [left] = await run.rows('find', { campaign: 'spring' });
  assert.deepEqual(
    ['made', 'reserved', 'not_made', 'spent_minor', 'left_minor'].map((name) => left?.[name]),
    ['5', '2', '1', '450', '370'],
  );
  const [pace] = await run.rows('pace', { campaign: 'spring' });
  assert.deepEqual([pace?.['waiting'], pace?.['standing_still']], ['2', '']);
  assert.match(pace?.['done_at'] ?? '', /^20/);
  await syncPeople(sql, at, neighbours(9, 'Elm Street'), false);
  const [still] = await run.rows('still');
  assert.equal(still?.['standing_still'], 'the budget does not last for 5 of the 11 who wait');
  const [mode] = await run.rows('mode', { campaign: 'spring' });
  assert.deepEqual([mode?.['mode'], mode?.['sent']], ['live', '5']);
}

export async function suppressed(
  { sql, at, operator }: OperatedPlace,
  run: Statements,
): Promise<void> {
  await syncPeople(sql, at, neighbours(2));
  await operator`select postrider.suppress(${at.organizationId}, 'ada@example.com')`;
  await operator`
    select postrider.suppress(
      ${at.organizationId}, p_line1 => '13 Main Street', p_postal_code => '62701',
      p_source => 'letter')`;
  for (const who of ['Ada Miller <ADA@example.com>', 'MA-1001']) {
    const rows = await run.rows('person', { who });
    assert.deepEqual(
      rows.map((row) => [row['kind'], row['match']]),
      [['email', 'certain']],
      who,
    );
  }
  assert.deepEqual(await run.rows('person', { who: 'cleo@example.com' }), []);
  const address = { line1: '13 MAIN ST', line2: 'Apt 4', postal_code: '62701-1234' };
  const [possible] = await run.rows('address', address);
  assert.deepEqual([possible?.['kind'], possible?.['match']], ['household', 'possible']);
}

export async function notIn({ sql, at }: OperatedPlace, run: Statements): Promise<void> {
  const first = await syncRun(sql, at);
  await first.page(neighbours(3), [
    {
      row: 5,
      column: 'zip',
      externalId: '1015',
      reason: 'bad_postal_code',
      message: 'zip: "6270" is no US postal code',
    },
  ]);
  await first.close();
  const [sentence] = await run.rows('why', { who: '1015' });
  assert.match(sentence?.['why'] ?? '', /^1015 is not in campaign spring: row 5, column zip: /);
  await turnClock(sql, HOUR);
  await closeSync(sql, await runOpened(sql, at), {
    complete: false,
    error: 'customers.csv: line 6: a quote is not closed',
  });
  const [never] = await run.rows('never', { stranger: '1099' });
  assert.match(never?.['why'] ?? '', /^Nobody is known by 1099: .* did not read its list/);
}
