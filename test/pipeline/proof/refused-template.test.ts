/**
 * A template that is not there, or broken, is the campaign's fault: one message for the operator,
 * and nobody is the worse for it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoopRenderer } from '@postrider/adapters/noop';
import { endCampaign, release } from '@postrider/core';
import type { Renderer } from '@postrider/core/ports';
import { open, until } from '../rig.ts';

/** A renderer whose template somebody has deleted, until it is put back. */
function deletable(): { renderer: Renderer; restore(): void } {
  const whole = createNoopRenderer();
  let there = false;
  return {
    renderer: {
      ...whole,
      render: async (job, context) =>
        there
          ? await whole.render(job, context)
          : {
              documents: [],
              results: job.cards.map(({ recipientId }) => ({
                recipientId,
                outcome: 'failed',
                reason: 'template_not_found',
                message: 'gone',
              })),
              refused: [
                { reason: 'template_not_found', message: 'card.typ cannot be read (ENOENT)' },
              ],
            },
    },
    restore: () => void (there = true),
  };
}

void test('where the renderer refuses the job, the campaign is held once, with the reason, and goes on as if nothing had been', async () => {
  const { renderer, restore } = deletable();
  await using opened = await open({
    people: 40,
    ports: { renderer },
    settings: { cohortSize: 10 },
  });
  const { sql, place, pipeline, log } = opened;
  await pipeline.start();
  await until(
    async () => (await sql`select from postrider.campaign where status = 'paused'`).length === 1,
  );
  await until(
    async () =>
      (await sql`select from postrider.recipient_state where state <> 'pending'`).length === 0,
  );
  const [campaign] = await sql`select status, held_why from postrider.campaign`;
  assert.equal(
    campaign?.['held_why'],
    'the renderer refuses its cards: card.typ cannot be read (ENOENT)',
  );
  assert.equal(
    (await sql`select from postrider.recipient_state where attempt > 0 or losses > 0`).length,
    0,
    'no attempt is counted',
  );
  assert.equal((await sql`select from postrider.intervention where action = 'hold'`).length, 1);
  assert.equal(
    log.filter((line) => line.startsWith('the campaign is held')).length,
    1,
    log.join('\n'),
  );
  const [alarm] = await sql`select kind, meaning, what_helps from postrider.alarms`;
  assert.equal(alarm?.['kind'], 'campaign_refused');
  assert.match(String(alarm['meaning']), /held.*: card\.typ cannot be read \(ENOENT\)/);
  assert.match(String(alarm['what_helps']), /mend.*postrider\.release\(/);
  const [stuck] = await sql`select why, what_helps, people::int as people from postrider.stuck`;
  assert.match(
    String(stuck?.['why']),
    /the campaign is held: the renderer refuses its cards: card\.typ/,
  );
  assert.match(String(stuck?.['what_helps']), /mend.*postrider\.release\(/);
  assert.equal(stuck?.['people'], 40);
  restore();
  await release(sql, { ...place, kind: 'campaign', id: place.campaignId });
  assert.equal((await sql`select from postrider.alarms`).length, 0);
  await until(
    async () =>
      (await sql`select from postrider.recipient_state where state in ('sent', 'received')`)
        .length === 40,
  );
});

void test('a cohort that was refused before the template was mended does not hold the campaign again', async () => {
  const { renderer, restore } = deletable();
  const mended = Promise.withResolvers<void>();
  // The first hold would keep the second cohort from beginning.
  const both = Promise.withResolvers<void>();
  let jobs = 0;
  const slow: Renderer = {
    ...renderer,
    render: async (job, context) => {
      jobs += 1;
      const answer = renderer.render(job, context);
      if (jobs === 1) await both.promise;
      else if (jobs === 2) {
        both.resolve();
        await mended.promise;
      }
      return await answer;
    },
  };
  await using opened = await open({
    people: 20,
    ports: { renderer: slow },
    settings: { cohortSize: 10, proofSlots: 2 },
  });
  const { sql, place, pipeline } = opened;
  await pipeline.start();
  await until(
    async () =>
      jobs === 2 &&
      (await sql`select from postrider.campaign where status = 'paused'`).length === 1,
  );
  restore();
  await release(sql, { ...place, kind: 'campaign', id: place.campaignId }, 'mended');
  mended.resolve();
  await until(
    async () =>
      (await sql`select from postrider.recipient_state where state in ('sent', 'received')`)
        .length === 20,
  );
  assert.equal((await sql`select from postrider.intervention where action = 'hold'`).length, 1);
});

void test('the end of a campaign ends the alarm of its hold', async () => {
  const { renderer } = deletable();
  await using opened = await open({ people: 5, ports: { renderer } });
  const { sql, place, pipeline } = opened;
  await pipeline.start();
  await until(async () => (await sql`select from postrider.alarms`).length === 1);
  await endCampaign(sql, place, { status: 'archived' });
  assert.equal((await sql`select from postrider.alarms`).length, 0);
});

/** Fails each card by itself, with what `fault` says of it; null: it is rendered. */
function failing(fault: (recipientId: string, index: number) => string | null): Renderer {
  const whole = createNoopRenderer();
  return {
    ...whole,
    render: async (job, context) => {
      const { documents, results } = await whole.render(job, context);
      return {
        documents,
        results: results.map((result, index) => {
          const message = fault(result.recipientId, index);
          return message === null
            ? result
            : {
                recipientId: result.recipientId,
                outcome: 'failed',
                reason: 'missing_field',
                message,
              };
        }),
      };
    },
  };
}

void test('where every card of a cohort fails in the same words before any was ever made, the campaign is held, and after a release the errors stand', async () => {
  await using opened = await open({
    people: 20,
    ports: { renderer: failing(() => 'the field "nosuch" is blank or missing') },
    settings: { cohortSize: 10 },
  });
  const { sql, place, pipeline } = opened;
  await pipeline.start();
  await until(
    async () => (await sql`select from postrider.campaign where status = 'paused'`).length === 1,
  );
  await until(
    async () =>
      (await sql`select from postrider.recipient_state where state <> 'pending'`).length === 0,
  );
  const [campaign] = await sql`select held_why from postrider.campaign`;
  assert.equal(
    campaign?.['held_why'],
    'every card fails alike: missing_field: the field "nosuch" is blank or missing',
  );
  assert.equal(
    (await sql`select from postrider.recipient_state where attempt > 0`).length,
    0,
    'no attempt is counted',
  );
  await release(sql, { ...place, kind: 'campaign', id: place.campaignId });
  await until(
    async () =>
      (await sql`select from postrider.recipient_state where state = 'error'`).length === 20,
  );
  assert.equal((await sql`select from postrider.campaign where status = 'active'`).length, 1);
  assert.equal((await sql`select from postrider.intervention where action = 'hold'`).length, 1);
});

for (const [what, people, fault] of [
  ['fewer than five cards', 4, () => 'the same'],
  ['cards that fail each in its own words', 10, (id: string) => `not this one: ${id}`],
  [
    'cards of which one is made',
    10,
    (_: string, index: number) => (index === 0 ? null : 'the same'),
  ],
] as const)
  void test(`${what} hold nothing`, async () => {
    await using opened = await open({
      people,
      ports: { renderer: failing(fault) },
      settings: { cohortSize: 10 },
    });
    const { sql, pipeline } = opened;
    await pipeline.start();
    await until(
      async () =>
        (
          await sql`
            select from postrider.recipient_state where state in ('error', 'sent', 'received')`
        ).length === people,
    );
    assert.equal((await sql`select from postrider.campaign where status = 'active'`).length, 1);
  });

void test('one cohort whose cards fail alike holds no campaign of which cards were made', async () => {
  let cohorts = 0;
  const whole = createNoopRenderer();
  const alike = failing(() => 'the same');
  const renderer: Renderer = {
    ...whole,
    render: async (job, context) => {
      cohorts += 1;
      return await (cohorts === 1 ? whole : alike).render(job, context);
    },
  };
  await using opened = await open({
    people: 20,
    ports: { renderer },
    settings: { cohortSize: 10, proofSlots: 1 },
  });
  const { sql, pipeline } = opened;
  await pipeline.start();
  await until(
    async () =>
      (await sql`select from postrider.recipient_state where state = 'error'`).length === 10,
  );
  assert.equal((await sql`select from postrider.campaign where status = 'active'`).length, 1);
});
