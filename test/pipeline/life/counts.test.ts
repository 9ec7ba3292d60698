/** What a pipeline counts is what the database has taken, each person once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoopPrinter } from '@postrider/adapters/noop';
import type { PipelineCounts, WorkKind } from '@postrider/core';
import { beats, nextSyncAt } from '@postrider/core/queues';
import { states } from '../../support/machine.ts';
import { open, until, type Opened } from '../rig.ts';

function people({ campaigns }: PipelineCounts): Readonly<Partial<Record<WorkKind, number>>> {
  return Object.fromEntries(
    Object.entries(campaigns[0]?.people ?? {}).filter(([, many]) => many > 0),
  );
}

/** Moves by what they are, as the database has them. */
async function moves({ sql }: Opened, from: string, to: string): Promise<number> {
  const [row] = await sql<{ people: number }[]>`
    select people::int from postrider.move_counts where from_state = ${from} and to_state = ${to}`;
  return row?.people ?? 0;
}

void test('results that could not be recorded at once are counted once, when they are', async () => {
  const begun = Promise.withResolvers<void>();
  await using opened = await open({
    people: 6,
    settings: { proofSlots: 1, mailSlots: 1 },
    onPoint: async (point) => {
      if (point === 'proof.begun') await begun.promise;
    },
  });
  const { sql, machine, pipeline } = opened;
  await pipeline.start();
  await until(async () => (await states(sql))['proofing'] === 6);
  // Results of one person wait for this, and are tried again; those of the others do not.
  const forgotten = await machine.connect(1).reserve();
  await forgotten`begin`;
  await forgotten`
    select from postrider.recipient_state
    where recipient_id = (select min(recipient_id::text)::uuid from postrider.recipient_state)
    for update`;
  begun.resolve();
  await until(async () => (await states(sql))['proofing'] === 1);
  await forgotten`rollback`;
  forgotten.release();
  await until(async () => (await states(sql))['sent'] === 6);
  await pipeline.stop();
  assert.deepEqual(people(pipeline.counts), { proofed: 6, mailed: 6 });
  assert.equal(await moves(opened, 'proofing', 'proofed'), 6);
  assert.equal(await moves(opened, 'sending', 'sent'), 6);
  assert.ok(
    opened.log.some((line) => line.includes('settling one by one')),
    'it was tried again',
  );
});

void test('what a printer refuses, fails to answer and is found to have is counted apart', async () => {
  const inner = createNoopPrinter();
  let calls = 0;
  await using opened = await open({
    people: 3,
    ports: {
      printer: {
        ...inner,
        maxBatch: 1,
        submit: async (pieces, lease, context) => {
          lease.assertMaySend();
          calls += 1;
          if (calls === 1)
            return [{ outcome: 'rejected', reason: 'no', message: 'no', badAddress: false }];
          const answers = await inner.submit(pieces, lease, context);
          if (calls === 2) throw new Error('the answer was lost');
          return answers;
        },
      },
    },
    settings: { mailSlots: 1, quietMs: 0 },
  });
  const { pipeline, place } = opened;
  await pipeline.start();
  await until(() => (people(pipeline.counts).mailed ?? 0) === 1);
  const { mailed, failed, unknown } = people(pipeline.counts);
  assert.deepEqual({ mailed, failed, unknown }, { mailed: 1, failed: 1, unknown: 1 });
  await until(async () => {
    await pipeline.reconcile(place.organizationId);
    return pipeline.counts.found === 1;
  });
  await pipeline.stop();
  assert.equal(await moves(opened, 'sending', 'sent'), 2, 'mailed and found');
  const { calls: counted, jobs, atWork } = pipeline.counts;
  const printer = counted.filter(({ port }) => port === 'printer');
  assert.ok((printer.find(({ outcome }) => outcome === 'answered')?.calls ?? 0) >= 2);
  assert.equal(printer.find(({ outcome }) => outcome === 'failed')?.calls, 1);
  assert.ok(jobs.some((job) => job.queue === 'mail' && job.outcome === 'done' && job.seconds > 0));
  assert.equal(atWork, 0);
});

void test('lists are said to be read again when the beat of the sync comes', () => {
  const sync = beats.find(({ name }) => name === 'sync');
  assert.equal(sync !== undefined && 'cron' in sync && sync.cron, '*/15 * * * *');
  assert.deepEqual(
    nextSyncAt(new Date('2026-03-01T10:14:59.9Z')),
    new Date('2026-03-01T10:15:00Z'),
  );
  assert.deepEqual(nextSyncAt(new Date('2026-03-01T10:15:00Z')), new Date('2026-03-01T10:30:00Z'));
});
