/** Enrichers that do not answer, lose what they took, or find nothing. */
import assert from 'node:assert/strict';
import { giveBackBatch } from '../../../packages/core/src/machine/enrich.ts';
import { noteWorkFailed } from '../../../packages/core/src/machine/house.ts';
import { turnClock } from '../../sql/rig.ts';
import { answer, claimed, HOUR } from '../../sql/rig/enricher.ts';
import { states, syncPeople, type Person } from '../../support/machine.ts';
import { neighbours, type OperatedPlace, type Statements } from '../operated-place.ts';

const MINUTE = 60_000;

/** Known by e-mail only. */
function withoutAddress(n: number): Person[] {
  return neighbours(n).map((person) => ({
    ...person,
    line1: null,
    city: null,
    region: null,
    postalCode: null,
    country: null,
  }));
}

export async function enricherSilent({ sql, at }: OperatedPlace, run: Statements): Promise<void> {
  await syncPeople(sql, at, withoutAddress(5));
  await claimed(sql, at, 3);
  const work = { ...at, work: 'collect' } as const;
  const error = { message: 'the enricher answers 503', code: null, hint: null };
  for (let round = 1; round <= 4; round += 1) {
    await noteWorkFailed(sql, work, error);
    await turnClock(sql, MINUTE);
  }
  await turnClock(sql, HOUR);

  const [waiting] = await run.rows('find');
  assert.deepEqual([waiting?.['address_enrichable'], waiting?.['address_enriching']], ['2', '3']);
  const [batch] = await run.rows('stuck');
  assert.deepEqual(
    [batch?.['people'], batch?.['why']],
    ['3', 'the batch was taken but not handed to the enricher'],
  );
  const [failing] = await run.rows('failing');
  assert.deepEqual(
    [failing?.['work'], failing?.['failures'], failing?.['error']],
    ['collect', '4', 'the enricher answers 503'],
  );
}

export async function enricherLost({ sql, at }: OperatedPlace, run: Statements): Promise<void> {
  await syncPeople(sql, at, withoutAddress(4));
  for (let round = 1; round <= 10; round += 1) {
    const { batchId } = await claimed(sql, at);
    await giveBackBatch(sql, { ...at, batchId, why: 'no such batch', afterMs: MINUTE });
    await turnClock(sql, MINUTE + 1000);
  }
  assert.deepEqual(await states(sql), { error: 4 });

  const [lost] = await run.rows('find');
  assert.deepEqual([lost?.['people'], lost?.['last_loss']], ['4', 'no such batch']);
  const [all] = await run.rows('mend', { campaign: 'spring' });
  assert.deepEqual(JSON.parse(all?.['retry_all'] ?? ''), {
    tried: { address_enrichable: 4 },
    refused: 0,
    left: 0,
  });
  await answer(sql, at, await claimed(sql, at), { ada: '12 Main St', ben: '14 Main St' });
  assert.deepEqual(await states(sql), { pending: 2, skipped: 2 });

  const nobody = await run.rows('not-found', { campaign: 'spring' });
  assert.deepEqual(
    nobody.map((row) => row['email']),
    ['cleo@example.com', 'dora@example.com'],
  );
  await syncPeople(sql, at, neighbours(4));
  assert.deepEqual(await states(sql), { pending: 4 }, 'the source has learned where they live');
}
