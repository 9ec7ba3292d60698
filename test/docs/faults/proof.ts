/** Cards that cannot be rendered. */
import assert from 'node:assert/strict';
import type postgres from 'postgres';
import { beginProof, settleProof } from '../../../packages/core/src/machine/proof.ts';
import { LEASE_MS, proofAll, RUNNER, stageOne } from '../../sql/rig.ts';
import { type Person, type Place, states, syncPeople } from '../../support/machine.ts';
import { neighbours, type OperatedPlace, type Statements } from '../operated-place.ts';

async function renderFails(
  sql: postgres.Sql,
  at: Place,
  members: readonly Person[],
  message: string,
): Promise<void> {
  await syncPeople(sql, at, members, false);
  const cohortId = await stageOne(sql, at, 'proof');
  const begun = await beginProof(sql, { ...at, cohortId, runnerId: RUNNER, leaseMs: LEASE_MS });
  const failed =
    begun?.cards.map((card) => ({
      recipientId: card.recipientId,
      outcome: 'failed' as const,
      message,
    })) ?? [];
  await settleProof(sql, { ...at, cohortId, results: failed, last: true });
}

export async function renderError({ sql, at }: OperatedPlace, run: Statements): Promise<void> {
  await renderFails(
    sql,
    at,
    neighbours(5),
    'broken_template: postcard.typ line 12: unknown variable naem',
  );
  await renderFails(
    sql,
    at,
    neighbours(1, 'Elm Street'),
    'missing_field: the template asks for promo_code',
  );

  const causes = await run.rows('find');
  assert.deepEqual(
    causes.map((row) => [row['people'], row['reason']]),
    [
      ['5', 'render_failed'],
      ['1', 'render_failed'],
    ],
  );
  assert.match(causes[0]?.['why'] ?? '', /unknown variable naem/);

  const [one] = await run.rows('one', { reason: 'render_failed', campaign: 'spring' });
  assert.deepEqual(await run.rows('mend-one', { recipient: one?.['recipient_id'] ?? '' }), [
    { retry: 'pending' },
  ]);
  assert.deepEqual(await states(sql), { pending: 1, error: 5 });
  const [all] = await run.rows('mend-all', { reason: 'render_failed', campaign: 'spring' });
  assert.deepEqual(JSON.parse(all?.['retry_all'] ?? ''), {
    tried: { pending: 5 },
    refused: 0,
    left: 0,
  });
  await proofAll(sql, at);
  assert.deepEqual(await states(sql), { proofed: 6 });
}
