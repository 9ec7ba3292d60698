/**
 * An enricher whose provider begins to fail between two batches: the people who are not handed over
 * wait, others go on, and they are looked up as soon as it works again.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCampaign, createPipeline, ensureOrganization, integrationsOf } from '@postrider/core';
import type { AddressEnricher, ProviderCall } from '@postrider/core/ports';
import { emailOnly, reasonsOf, turnClock } from '../../sql/rig.ts';
import { by, connected } from '../../sql/rig/connections.ts';
import { definition, freshMachine, syncPeople, type Machine } from '../../support/machine.ts';
import { noopPorts, until } from '../rig.ts';

const call: Omit<ProviderCall, 'startedAt'> = {
  route: 'POST /batches',
  about: [],
  durationMs: 1,
  status: 503,
  outcome: 'answer',
  hungUp: false,
  providerRequestId: null,
  request: null,
  answer: null,
  error: null,
};

async function place(sql: Machine['sql'], name: string) {
  const organizationId = await ensureOrganization(sql, name);
  const { connectionId } = await connected(sql, organizationId);
  const { campaignId } = await applyCampaign(sql, organizationId, definition(by('lob-main')));
  const ours = { enricher: { connection: connectionId } };
  await sql`
    update postrider.campaign
    set integrations = integrations || ${JSON.stringify(ours)}::text::jsonb
    where id = ${campaignId}`;
  await syncPeople(
    sql,
    { organizationId, campaignId },
    Array.from({ length: 6 }, (_, n) => emailOnly(`e${n}`, n + 1)),
  );
  return { organizationId, campaignId, connectionId };
}

void test('an enricher that begins to fail is asked no more until it works again; nobody is in error, others go on, and its people go by themselves', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const [at, other] = [await place(sql, 'Bakery'), await place(sql, 'Elsewhere')];
  const asked: string[] = [];
  let isBroken = true;
  const enricherOf = (organizationId: string): AddressEnricher => ({
    submit: async (reference, people, context) => {
      asked.push(organizationId);
      const mine = asked.filter((id) => id === at.organizationId).length;
      if (organizationId === at.organizationId && mine > 1 && isBroken)
        // As an adapter that tries a request again by itself.
        for (let tries = 0; tries < 5; tries += 1)
          context.calls.record({ ...call, startedAt: context.now() });
      return await Promise.resolve(
        mine > 1 && isBroken && organizationId === at.organizationId
          ? { outcome: 'retry', afterMs: 0, message: 'it answered 503' }
          : { outcome: 'accepted', providerBatchId: `${reference} ${people.length}` },
      );
    },
    find: async () => await Promise.resolve(null),
    collect: async () => await Promise.resolve({ outcome: 'pending' }),
  });
  const pipeline = createPipeline({
    sql: machine.connect(3),
    restoreWatermark: 'not kept',
    integrations: {
      ...integrationsOf(noopPorts()),
      enricher: async ({ organizationId }) =>
        await Promise.resolve({ name: 'lookup', port: enricherOf(organizationId) }),
    },
    settings: { beats: false, reapMs: 200, batchSize: 2 },
  });
  const stateOf = async (): Promise<string> => {
    const [row] = await sql<{ state: string }[]>`
      select state from postrider.connection_health where connection_id = ${at.connectionId}`;
    return row?.state ?? 'none';
  };
  const count = async (who: { organizationId: string }, reason: string): Promise<number> =>
    Object.values(await reasonsOf(sql, who)).filter((told) => told === reason).length;
  try {
    await pipeline.start();
    await pipeline.enrich(at.organizationId, at.campaignId);
    await until(async () => (await stateOf()) === 'open');
    assert.equal(await count(at, 'address_enriching (staged)'), 2);
    const before = asked.length;
    await pipeline.enrich(at.organizationId, at.campaignId);
    assert.equal(asked.length, before, 'nobody is handed over');
    await pipeline.enrich(other.organizationId, other.campaignId);
    assert.equal(await count(other, 'address_enriching (staged)'), 6);
    assert.equal(
      (await sql`select from postrider.recipient_state where state = 'error'`).length,
      0,
    );
    isBroken = false;
    // No runner can probe it here: the next batch tries it.
    await turnClock(sql, 120_000);
    await until(async () => (await count(at, 'address_enriching (staged)')) === 6);
  } finally {
    await pipeline.stop({ timeoutMs: 2000 });
  }
});
