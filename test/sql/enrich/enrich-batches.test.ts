/**
 * Batches at the enricher: looked after until they end, and no batch keeps anybody for ever,
 * whether it is lost, deleted or forgotten.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retry } from '@postrider/core';
import {
  dueBatches,
  giveBackBatch,
  noteBatchSubmitted,
} from '../../../packages/core/src/machine/enrich.ts';
import { syncPeople } from '../../support/machine.ts';
import { emailOnly, one, place, reasonsOf, refused, sharedMachine, turnClock } from '../rig.ts';
import { HOUR, home, claim, claimed, answer } from '../rig/enricher.ts';

const rig = sharedMachine();

void test('a batch that the enricher lost gives its people back, and after ten such losses to a person', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, [emailOnly('a')]);
  for (let round = 1; round <= 10; round += 1) {
    const batch = await claimed(sql, at);
    await giveBackBatch(sql, {
      ...at,
      batchId: batch.batchId,
      why: 'no such batch',
      afterMs: 60_000,
    });
    const person = await one(sql, at);
    assert.equal(person.losses, round);
    assert.equal(person.state, round < 10 ? 'address_enrichable' : 'error');
    assert.equal(await claim(sql, at), null, 'not before its time');
    await turnClock(sql, 61_000);
  }
  assert.deepEqual(await reasonsOf(sql, at), { a: 'error (too_many_losses)' });
  assert.equal(await retry(sql, (await one(sql, at)).id), 'address_enrichable');
  assert.deepEqual(await reasonsOf(sql, at), { a: 'address_enrichable (retried)' });
  await answer(sql, at, await claimed(sql, at), { a: '1 Elm St' });
  assert.deepEqual(await reasonsOf(sql, at), { a: 'pending (address_found)' });
});

void test('open batches are looked after in turn, and past the deadline it is said', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, [emailOnly('a')]);
  const batch = await claimed(sql, at);
  assert.deepEqual(await dueBatches(sql, at.organizationId), []);
  await turnClock(sql, 61_000);
  const [due] = await dueBatches(sql, at.organizationId);
  assert.deepEqual(
    { ...due },
    {
      batchId: batch.batchId,
      campaignId: at.campaignId,
      enricher: 'faraday',
      providerBatchId: null,
      overdue: false,
    },
  );
  assert.deepEqual(await dueBatches(sql, at.organizationId), [], 'it is taken for a minute');
  await turnClock(sql, HOUR);
  assert.equal((await dueBatches(sql, at.organizationId))[0]?.overdue, true);
});

void test("the enricher's id of a batch is kept by compare-and-set: the first one told stands", async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, [emailOnly('a')]);
  const batch = await claimed(sql, at);
  const clients = machine.connect(4);
  const told = await Promise.all(
    ['w', 'x', 'y', 'z'].map(
      async (id) =>
        await noteBatchSubmitted(clients, { ...at, batchId: batch.batchId, providerBatchId: id }),
    ),
  );
  assert.equal(new Set(told).size, 1);
  assert.equal(
    await noteBatchSubmitted(sql, { ...at, batchId: batch.batchId, providerBatchId: 'later' }),
    told[0],
  );
});

void test('people of a batch that somebody deleted go back, and a late answer to it moves nobody by the rules of no campaign', async () => {
  const { sql } = rig;
  const at = await place(sql, { holdout_percent: 100 });
  await syncPeople(sql, at, [emailOnly('a'), emailOnly('b')]);
  const batch = await claimed(sql, at);
  await sql`delete from postrider.enrichment_batch where organization_id = ${at.organizationId}`;
  const [candidate] = await sql`
      select 1 from postrider.campaigns_to_enrich(true)
      where campaign_id = ${at.campaignId}`;
  assert.ok(candidate, 'the beat finds them');
  await answer(sql, at, batch, { a: '1 Elm St' }, false);
  assert.equal(
    (await one(sql, at, 'a')).state,
    'holdout',
    'found is found, and judged by its campaign',
  );
  await sql`select postrider.give_back_orphans(${at.organizationId})`;
  assert.deepEqual(await reasonsOf(sql, at), {
    a: 'holdout (holdout)',
    b: 'address_enrichable (batch_lost)',
  });
});

void test('without an enricher nobody waits for ever', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, [emailOnly('a'), { ...emailOnly('b'), ...home('1 Elm St') }]);
  await sql`select postrider.skip_without_enricher(${at.organizationId}, ${at.campaignId})`;
  assert.deepEqual(await reasonsOf(sql, at), { a: 'skipped (no_address)', b: 'pending (new)' });
});

void test('a campaign that does not exist gets no batch', async () => {
  const { sql } = rig;
  const at = await place(sql);
  assert.equal(
    await claim(sql, { organizationId: at.organizationId, campaignId: at.organizationId }),
    null,
  );
  await refused(
    '22P02',
    sql`select postrider.claim_batch(${at.organizationId}, 'no uuid', 'x', 1, '1 s', '1 s')`,
  );
});
