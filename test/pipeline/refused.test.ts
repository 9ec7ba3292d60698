/** A template that is not there, or broken, is the campaign's fault: one message for the operator, and nobody is the worse for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoopRenderer } from '@postrider/adapters';
import { release } from '@postrider/core';
import type { Renderer } from '@postrider/core/ports';
import { open, until } from './rig.ts';

/** A renderer whose template somebody has deleted, until it is put back. */
const deletable = (): { renderer: Renderer; restore(): void } => {
  const whole = createNoopRenderer();
  let there = false;
  return {
    renderer: {
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
              refused: [{ reason: 'template_not_found', message: 'card.typ cannot be read (ENOENT)' }],
            },
    },
    restore: () => void (there = true),
  };
};

void test('where the renderer refuses the job, the campaign is held once, with the reason, and goes on as if nothing had been', async () => {
  const { renderer, restore } = deletable();
  await using opened = await open({ people: 40, ports: { renderer }, settings: { cohortSize: 10 } });
  const { sql, place, pipeline, log } = opened;
  await pipeline.start();
  await until(async () => (await sql`select from postrider.campaign where status = 'paused'`).length === 1);
  await until(async () => (await sql`select from postrider.recipient_state where state <> 'pending'`).length === 0);
  const [campaign] = await sql`select status, held_why from postrider.campaign`;
  assert.equal(campaign?.['held_why'], 'the renderer refuses its cards: card.typ cannot be read (ENOENT)');
  assert.equal((await sql`select from postrider.recipient_state where attempt > 0 or losses > 0`).length, 0, 'no attempt is counted');
  assert.equal((await sql`select from postrider.intervention where action = 'hold'`).length, 1);
  assert.equal(log.filter((line) => line.startsWith('the campaign is held')).length, 1, log.join('\n'));
  restore();
  await release(sql, place.organizationId, 'campaign', place.campaignId);
  await until(async () => (await sql`select from postrider.recipient_state where state in ('sent', 'received')`).length === 40);
});

void test('a cohort that was refused before the template was mended does not hold the campaign again', async () => {
  const { renderer, restore } = deletable();
  const mended = Promise.withResolvers<void>();
  let jobs = 0;
  const slow: Renderer = {
    render: async (job, context) => {
      jobs += 1;
      const answer = renderer.render(job, context);
      if (jobs === 2) await mended.promise;
      return await answer;
    },
  };
  await using opened = await open({ people: 20, ports: { renderer: slow }, settings: { cohortSize: 10, proofSlots: 2 } });
  const { sql, place, pipeline } = opened;
  await pipeline.start();
  await until(async () => jobs === 2 && (await sql`select from postrider.campaign where status = 'paused'`).length === 1);
  restore();
  await release(sql, place.organizationId, 'campaign', place.campaignId, 'mended');
  mended.resolve();
  await until(async () => (await sql`select from postrider.recipient_state where state in ('sent', 'received')`).length === 20);
  assert.equal((await sql`select from postrider.intervention where action = 'hold'`).length, 1);
});
