/**
 * What an enricher may do to the people it has: nothing, for ever; rubbish; or give way to another
 * one.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AddressEnricher, SubmitBatchResult } from '@postrider/core/ports';
import { reasonsOf } from '../../sql/rig.ts';
import { home, listing, never, taken, whyOf } from './enricher.ts';
import { open, until, type OpenOptions } from '../rig.ts';

for (const [what, answer] of [
  ['throws', () => Promise.reject(new Error('502\u0000'))],
  ['answers what is no answer', () => ({ outcome: 'maybe' })],
  [
    'answers nothing that can be used',
    () => ({ outcome: 'done', results: [{ recipientId: 'somebody', outcome: 'no_match' }, null] }),
  ],
  [
    'answers about nobody of the batch',
    () => ({
      outcome: 'done',
      results: [{ recipientId: '00000000-0000-7000-8000-000000000001', outcome: 'no_match' }],
    }),
  ],
  ['is still at work', () => ({ outcome: 'pending' })],
  ['hangs', never],
] as const) {
  void test(`an enricher that ${what} keeps people until its deadline, and no longer`, async () => {
    await using place = await taken(['a', 'b']);
    place.answers = answer;
    await place.later();
    await place.enrich();
    assert.deepEqual(await reasonsOf(place.sql, place.place), {
      a: 'address_enriching (staged)',
      b: 'address_enriching (staged)',
    });
    await place.later(true);
    await place.enrich();
    assert.deepEqual(await reasonsOf(place.sql, place.place), {
      a: 'address_enrichable (batch_lost)',
      b: 'address_enrichable (batch_lost)',
    });
    assert.match(await whyOf(place), /^the enricher did not answer in time: /);
  });
}

/** Somebody without an address, and an enricher that counts what it is asked. */
async function counted(submit: () => Promise<SubmitBatchResult>, options: Partial<OpenOptions>) {
  const asked = { submit: 0, find: 0 };
  const port: AddressEnricher = {
    submit: async () => await Promise.resolve((asked.submit += 1)).then(submit),
    find: async () => await Promise.resolve((asked.find += 1)).then(() => null),
    collect: async () => await Promise.resolve({ outcome: 'pending' }),
  };
  const place = await open({
    people: 0,
    ...options,
    integrations: { enricher: async () => await Promise.resolve({ name: 'first', port }) },
    ports: { audience: listing(['a']) },
  });
  const { organizationId, campaignId } = place.place;
  await place.pipeline.sync(organizationId, campaignId);
  return Object.assign(place, {
    asked,
    enrich: async () => await place.pipeline.enrich(organizationId, campaignId),
  });
}

void test('a batch that may still be on its way to the enricher is not looked for there: its people would be bought twice', async () => {
  await using place = await counted(never, { settings: { adapterTimeoutMs: 120_000 } });
  void place.enrich().catch(() => undefined);
  await until(() => place.asked.submit === 1);
  await place.sql`select postrider.turn_clock('170 seconds')`;
  await place.enrich();
  assert.deepEqual(
    [place.asked, await reasonsOf(place.sql, place.place)],
    [{ submit: 1, find: 0 }, { a: 'address_enriching (staged)' }],
  );
  await place.sql`select postrider.turn_clock('20 seconds')`;
  // It does not have it: the people are taken again at once, and handed over.
  void place.enrich().catch(() => undefined);
  await until(() => place.asked.submit === 2);
  assert.equal(place.asked.find, 1);
});

void test('who was stopped for long between the claim of a batch and handing it over does not hand it over any more', async (t) => {
  const now = Date.now.bind(Date);
  let ahead = 0;
  t.mock.method(Date, 'now', () => now() + ahead);
  await using place = await counted(
    async () => await Promise.resolve({ outcome: 'accepted', providerBatchId: 'b1' }),
    {
      onPoint: async (point) => {
        if (point === 'enrich.claimed') ahead = 40_000;
        await Promise.resolve();
      },
    },
  );
  await assert.rejects(place.enrich(), /too late to be handed over/);
  assert.deepEqual(
    [place.asked, await reasonsOf(place.sql, place.place)],
    [{ submit: 0, find: 0 }, { a: 'address_enriching (staged)' }],
  );
});

for (const what of ['submit', 'find', 'be made'] as const) {
  void test(`an enricher that hangs when it is to ${what} gives its people back at the deadline`, async () => {
    await using place = await taken(['a'], what === 'submit' ? never() : { outcome: 'accepted' });
    assert.deepEqual(await reasonsOf(place.sql, place.place), { a: 'address_enriching (staged)' });
    if (what === 'be made') place.made = never;
    place.enricher.port.find = never;
    await place.later(true);
    await place.enrich().catch(() => undefined);
    assert.deepEqual(await reasonsOf(place.sql, place.place), {
      a: 'address_enrichable (batch_lost)',
    });
    assert.match(
      await whyOf(place),
      /did not answer in time: nothing was heard of (enricher first|the maker of the enricher) for 100 ms/,
    );
  });
}

void test('a hanging enricher is waited for once in a job, however many batches it has, and for no longer than a batch may take', async () => {
  await using place = await taken(['a', 'b', 'c'], undefined, {
    batchSize: 1,
    batchDeadlineMs: 100,
  });
  let asked = 0;
  place.answers = async () => {
    asked += 1;
    return await never();
  };
  await place.later(true);
  await place.enrich();
  const back = 'address_enrichable (batch_lost)';
  assert.deepEqual(
    [asked, await reasonsOf(place.sql, place.place)],
    [1, { a: back, b: back, c: back }],
  );
});

void test('of an answer what can be used counts: who has no usable address has none, and nothing is remembered of it', async () => {
  await using place = await taken(['a', 'b', 'c', 'd']);
  place.answers = (people) => ({
    outcome: 'done',
    results: people.flatMap(({ recipientId, email }): unknown[] => {
      if (email.startsWith('a'))
        return [
          { recipientId, outcome: 'match', address: home },
          { recipientId, outcome: 'no_match' },
        ];
      if (email.startsWith('b'))
        return [{ recipientId, outcome: 'match', address: { ...home, line1: 'a\u0000' } }];
      if (email.startsWith('c'))
        return [{ recipientId, outcome: 'match', address: { street: '1 Elm St' } }];
      return [{ recipientId: `${recipientId}x`, outcome: 'no_match' }];
    }),
  });
  await place.later();
  await place.enrich();
  assert.deepEqual(await reasonsOf(place.sql, place.place), {
    a: 'pending (address_found)',
    b: 'skipped (no_address)',
    c: 'skipped (no_address)',
    d: 'skipped (no_address)',
  });
  const cached = await place.sql<
    { email_key: string }[]
  >`select email_key from postrider.address_cache`;
  assert.deepEqual(
    cached.map((row) => row.email_key),
    ['a@example.com'],
  );
  assert.ok(
    place.log.some((line) => line.includes('cannot be used') && line.includes('address.line1')),
  );
});

void test('an enricher that takes a batch and names no id is asked for it', async () => {
  await using place = await taken(['a'], { outcome: 'accepted', providerBatchId: 'b\u0000' });
  await place.later();
  place.answers = (people) => ({
    outcome: 'done',
    results: people.map(({ recipientId }) => ({ recipientId, outcome: 'match', address: home })),
  });
  await place.enrich();
  assert.deepEqual(await reasonsOf(place.sql, place.place), { a: 'pending (address_found)' });
});

void test('a batch belongs to the enricher that took it: another one is not asked about it, and gives nobody its answers', async () => {
  await using place = await taken(['a']);
  let asked = 0;
  place.enricher.name = 'second';
  place.answers = () => {
    asked += 1;
    return { outcome: 'lost', message: 'what batch?' };
  };
  await place.later();
  await place.enrich();
  assert.deepEqual(
    [asked, await reasonsOf(place.sql, place.place)],
    [0, { a: 'address_enriching (staged)' }],
  );
  assert.ok(
    place.log.some((line) =>
      /the batch is at first, and the enricher of the campaign is second/.test(line),
    ),
  );
  await place.later(true);
  await place.enrich();
  assert.deepEqual(
    [asked, await reasonsOf(place.sql, place.place)],
    [0, { a: 'address_enrichable (batch_lost)' }],
  );
});

void test('a batch that is out is waited for by nobody: once() ends, and says who waits for what, and until when', async () => {
  await using place = await taken(['a', 'b']);
  await place.later();
  const waiting = await place.pipeline.once({ signal: AbortSignal.timeout(20_000) });
  assert.deepEqual(
    waiting.map(({ state, people, why }) => [state, people, why]),
    [['address_enriching', 2, 'the enricher first']],
  );
  assert.ok(waiting[0]?.until instanceof Date);
  place.answers = (people) => ({
    outcome: 'done',
    results: people.map(({ recipientId }) => ({ recipientId, outcome: 'no_match' })),
  });
  await place.later();
  await place.pipeline.once();
  assert.deepEqual(await reasonsOf(place.sql, place.place), {
    a: 'skipped (no_address)',
    b: 'skipped (no_address)',
  });
});
