/** Holds, and who did what: all is stopped at once, what is held is found, and released. */
import assert from 'node:assert/strict';
import { beginMail } from '../../../packages/core/src/machine/mail.ts';
import {
  accepted,
  LEASE_MS,
  mailBegun,
  proofAll,
  proofed,
  RUNNER,
  sending,
  settle,
  stageOne,
  standing,
  statesOf,
  turnClock,
} from '../../sql/rig.ts';
import { launched, states, syncPeople } from '../../support/machine.ts';
import { neighbours, type OperatedPlace, type Statements } from '../operated-place.ts';
import { driver } from '../shells.ts';

const MINUTES = 60_000;

export async function stop({ sql, at }: OperatedPlace, run: Statements): Promise<void> {
  const batch = await sending(sql, at, neighbours(2));
  await proofed(sql, at, neighbours(4));
  const next = await stageOne(sql, at, 'mail');

  const [held] = await run.rows('hold', { organization: 'Bakery', why: 'wrong offer on the card' });
  assert.deepEqual(JSON.parse(held?.['hold'] ?? ''), {
    held: 'organization',
    id: at.organizationId,
    atPrinter: 2,
    unknown: 0,
  });
  assert.equal(
    await beginMail(sql, { ...at, cohortId: next, runnerId: RUNNER, leaseMs: LEASE_MS }),
    null,
  );
  assert.deepEqual(await states(sql), { sending: 2, proofed: 2 });
  assert.deepEqual(await run.rows('at-printer', { organization: 'Bakery' }), [
    { campaign: 'spring', sending: '2' },
  ]);
  await settle(
    sql,
    at,
    batch,
    batch.pieces.map((piece) => accepted(piece)),
  );
  assert.equal(
    await sql`select postrider.stage_round('mail', 8, 50) as made`.then(([row]) =>
      Number(row?.['made']),
    ),
    0,
  );

  assert.deepEqual(await run.rows('release', { organization: 'Bakery' }), [
    { release: 'released' },
  ]);
  assert.equal((await mailBegun(sql, at)).pieces.length, 2);
  assert.deepEqual(await states(sql), { sending: 2, sent: 2 });
}

export async function held(
  { sql, at, operator, operatorUrl }: OperatedPlace,
  run: Statements,
): Promise<void> {
  const summer = await launched(sql, { name: 'summer' });
  await proofed(sql, at, neighbours(3));
  await syncPeople(sql, summer, neighbours(2, 'Elm Street'));
  const [person] = await standing(sql, summer);
  await operator`select postrider.hold(${at.organizationId}, 'printer', 'press', 'out of paper')`;
  await operator`
    select postrider.hold(${at.organizationId}, 'campaign', ${summer.campaignId}, 'wrong offer')`;
  await operator`select postrider.hold(${at.organizationId}, 'recipient', ${person?.id ?? ''})`;
  await turnClock(sql, 10 * MINUTES);

  const found = await run.rows('find');
  assert.deepEqual(
    found.map((row) => [
      row['campaign'],
      row['state'],
      row['people'],
      row['why']?.replace(/, since .*/, ''),
    ]),
    [
      [
        'spring',
        'proofed',
        '3',
        'the printer is held: out of paper (by night_operator, postgres.js',
      ],
      [
        'summer',
        'pending',
        '2',
        'the campaign is held: wrong offer (by night_operator, postgres.js',
      ],
    ],
  );
  assert.deepEqual(await run.rows('mend-printer', { printer: 'press' }), [{ release: 'released' }]);
  assert.deepEqual(await run.rows('mend-campaign', { campaign: 'summer' }), [
    { release: 'active' },
  ]);
  assert.deepEqual(await run.rows('find'), []);
  assert.equal((await run.rows('find-people'))[0]?.['id'], person?.id);
  assert.deepEqual(await run.rows('mend-people', { campaign: 'summer' }), [{ release: 'pending' }]);
  assert.deepEqual(await run.rows('find-people'), []);

  // What `stuck` says helps is a statement, and helps.
  await operator`select postrider.hold(${at.organizationId}, 'printer', 'press', 'out of paper')`;
  await operator`
    select postrider.hold(${at.organizationId}, 'campaign', ${summer.campaignId}, 'wrong offer')`;
  for (const { what_helps: statement } of found) await driver.run(operatorUrl, statement ?? '', {});
  assert.deepEqual(await run.rows('find'), []);
  await proofAll(sql, summer);
  assert.equal((await mailBegun(sql, at)).pieces.length, 3);
}

export async function who({ sql, at, operator }: OperatedPlace, run: Statements): Promise<void> {
  await proofed(sql, at, neighbours(3));
  const [ada, ben] = await standing(sql, at);
  await operator`select postrider.cancel(${ada?.id ?? ''}, 'moved away')`;
  await operator`
    select postrider.suppress(
      ${at.organizationId}, p_email => 'ben@example.com', p_reason => 'phoned'
    )`;

  const moves = await run.rows('moves');
  assert.deepEqual(
    moves.map((row) => [row['recipient_id'], row['to_state'], row['reason'], row['by_role']]),
    [
      [ben?.id, 'blacklisted', 'suppressed', 'night_operator'],
      [ada?.id, 'skipped', 'cancelled', 'night_operator'],
    ],
  );
  assert.deepEqual(await statesOf(sql, at), {
    'MA-1001': 'skipped',
    'MA-1002': 'blacklisted',
    'MA-1003': 'proofed',
  });
  assert.equal((await sql`select 1 from postrider.mailpiece`).length, 0);
}
