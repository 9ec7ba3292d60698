/** What befalls jobs: their runner dies in the middle, or they were never made. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { broken, freshMachine, launched, people, states, syncPeople } from '../support/machine.ts';

void test('a job whose runner went silent ends within seconds, and the next of its organization may run', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const { organizationId } = await launched(sql);
  const send = async (queue: string): Promise<number> => {
    const [row] = await sql<{ made: number }[]>`
      select postrider.enqueue(
        ${queue}, array[gen_random_uuid()],
        array[jsonb_build_object('organization_id', ${organizationId}::uuid)], ${organizationId}
      ) as made`;
    return row?.made ?? 0;
  };
  // As the fetch of a worker does; the one that waits meets the key of the one that runs.
  const fetch = async (queue: string): Promise<unknown> =>
    await sql`
      update postrider_queue.job
      set state = 'active', started_on = now(), heartbeat_on = now()
      where name = ${queue} and state = 'created'`;
  const silence = async (seconds: number): Promise<void> => {
    await sql`
      update postrider_queue.job
      set heartbeat_on = now() - ${seconds} * interval '1 second'
      where state = 'active'`;
    await sql`select postrider.reap('1 minute', '1 minute')`;
  };

  for (const queue of ['sync', 'enrich', 'effects', 'reconcile', 'call_back']) {
    assert.equal(await send(queue), 1);
    await fetch(queue);
    assert.equal(await send(queue), 1, `${queue}: one may wait`);
    await silence(5);
    await assert.rejects(fetch(queue), /unique/, `${queue}: the first is still at work`);
    await silence(60);
    await fetch(queue);
    await silence(5);
  }
  // A job of a cohort is not touched: the cohort's lease says what became of it.
  await sql`select postrider.enqueue('mail', array[gen_random_uuid()], array['{}'::jsonb])`;
  await fetch('mail');
  await silence(60);
  const jobs = await sql<{ name: string; state: string }[]>`
    select name, state::text
    from postrider_queue.job
    where name <> 'beat' and not starts_with(name, '__')
    order by name, state`;
  assert.deepEqual(
    jobs.map((job) => `${job.name} ${job.state}`),
    [
      'call_back failed',
      'call_back failed',
      'effects failed',
      'effects failed',
      'enrich failed',
      'enrich failed',
      'mail active',
      'reconcile failed',
      'reconcile failed',
      'sync failed',
      'sync failed',
    ],
  );
});

void test('where not every cohort gets a job, nobody is staged: a cohort without one would have to be found by reap', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const { organizationId, campaignId } = await launched(sql);
  await syncPeople(sql, { organizationId, campaignId }, people(30));
  // Somebody has made the queue one that keeps a single waiting job.
  await sql`update postrider_queue.queue set policy = 'short' where name = 'proof'`;
  await assert.rejects(
    sql`select postrider.stage(${organizationId}, ${campaignId}, 'proof', 3, 10)`,
    /1 of 3 jobs/,
  );
  await sql`select postrider.stage_round('proof', 4, 10)`;
  assert.deepEqual(await states(sql), { pending: 30 });
  assert.equal((await sql`select from postrider.cohort`).length, 0);
  await sql`update postrider_queue.queue set policy = 'standard' where name = 'proof'`;
  await sql`select postrider.stage_round('proof', 4, 10)`;
  assert.deepEqual(await states(sql), { proofing_staged: 30 });
  assert.deepEqual(await broken(sql), []);
});
