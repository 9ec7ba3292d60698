/** What follows from cards, and did not arrive at its provider. */
import assert from 'node:assert/strict';
import type postgres from 'postgres';
import {
  claimEffects,
  settleEffects,
  type EffectSettlement,
} from '../../../packages/core/src/machine/effects.ts';
import { noteWorkFailed } from '../../../packages/core/src/machine/house.ts';
import { sent, turnClock } from '../../sql/rig.ts';
import type { Place } from '../../support/machine.ts';
import { neighbours, type OperatedPlace, type Statements } from '../operated-place.ts';

const MINUTE = 60_000;

/**
 * Cards that are to be charged, and what the meter answers of each. Returns how many it was asked.
 */
async function charge(
  sql: postgres.Sql,
  at: Place,
  answered: Pick<EffectSettlement, 'outcome' | 'message'>,
): Promise<number> {
  const wanted = { ...at, kind: 'usage_meter', limit: 100, leaseMs: MINUTE } as const;
  const effects = await claimEffects(sql, wanted);
  return await settleEffects(
    sql,
    at.organizationId,
    effects.map(({ mailpieceId, kind, status }) => ({ mailpieceId, kind, status, ...answered })),
  );
}

async function threeSent({ sql, at }: OperatedPlace): Promise<void> {
  await sql`
    update postrider.campaign
    set effects = '{usage_meter}'
    where organization_id = ${at.organizationId} and id = ${at.campaignId}`;
  await sent(sql, at, neighbours(3));
}

export async function effectsFailing(place: OperatedPlace, run: Statements): Promise<void> {
  const { sql, at } = place;
  await threeSent(place);
  const message = 'the meter answers 503';
  for (let round = 1; round <= 3; round += 1) {
    assert.equal(await charge(sql, at, { outcome: 'retry', message }), 3);
    const work = { ...at, work: 'usage_meter' } as const;
    await noteWorkFailed(sql, work, { message, code: null, hint: null });
    await turnClock(sql, 60 * MINUTE);
  }
  const [failing] = await run.rows('failing');
  assert.deepEqual(
    [failing?.['work'], failing?.['failures'], failing?.['error']],
    ['usage_meter', '3', message],
  );
  assert.equal(await charge(sql, at, { outcome: 'done' }), 3, 'they are tried again by themselves');
}

export async function effectsFailed(place: OperatedPlace, run: Statements): Promise<void> {
  const { sql, at } = place;
  await threeSent(place);
  assert.equal(await charge(sql, at, { outcome: 'failed', message: 'no such customer' }), 3);

  const alarms = await run.rows('find');
  assert.deepEqual(
    alarms.map((row) => row['meaning']),
    ['what follows from a card failed for good: usage_meter: no such customer'],
  );
  const [one] = await run.rows('one', { who: 'ada@example.com' });
  assert.equal(one?.['what'], 'effect usage_meter failed');
  assert.deepEqual(await run.rows('mend', { kind: 'usage_meter', organization: 'Bakery' }), [
    { retry_effects: '3' },
  ]);
  assert.deepEqual(await run.rows('find'), [], 'the alarm is cleared');
  assert.equal(await charge(sql, at, { outcome: 'done' }), 3);
}
