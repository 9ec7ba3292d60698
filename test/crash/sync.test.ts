/** A sync that goes on while its people move: only whom the source no longer names has left the segment. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { broken, freshMachine, launched, people, states, syncPeople } from '../support/machine.ts';

void test('who comes back to pending while a sync runs has not left the segment', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const place = await launched(sql);
  const members = people(12);
  await syncPeople(sql, place, members);
  const begin = async (): Promise<void> => {
    await sql`select postrider.stage_round('proof', 4, 6)`;
    const cohorts = await sql<{ id: string }[]>`select id from postrider.cohort where begun_at is null and closed_at is null`;
    for (const { id } of cohorts) await sql`select postrider.begin_proof(${place.organizationId}, ${id}, gen_random_uuid(), '1 minute')`;
  };
  await begin();
  assert.deepEqual(await states(sql), { proofing: 12 });

  // Two are in error when their page comes, the others are being rendered; one has really left.
  await sql`
    select postrider.settle_proof(${place.organizationId}, c.id, json_agg(json_build_object('recipientId', s.recipient_id, 'outcome', 'failed')), false)
    from postrider.cohort c cross join lateral (
      select recipient_id from postrider.recipient_state s where s.cohort_id = c.id order by recipient_id limit 1) s
    where c.closed_at is null group by c.id`;
  assert.deepEqual(await states(sql), { error: 2, proofing: 10 });
  const [run] = await sql<{ run_id: string; token: string }[]>`
    select run_id, token from postrider.sync_open(${place.organizationId}, ${place.campaignId}, 'manual', 'test')`;
  assert.ok(run);
  await sql`select postrider.sync_page(${place.organizationId}, ${place.campaignId}, ${run.token}, ${run.run_id},
    ${JSON.stringify(members.slice(1))}::text::jsonb, '[]')`;
  await sql`select postrider.turn_clock('2 minutes')`;
  await sql`select postrider.reap('10 seconds', '10 seconds')`;
  await sql`select postrider.retry(recipient_id) from postrider.recipient_state where state = 'error'`;
  assert.deepEqual(await states(sql), { pending: 12 });
  await sql`select postrider.sync_close(${place.organizationId}, ${place.campaignId}, ${run.token}, ${run.run_id}, true, null)`;

  assert.deepEqual(await states(sql), { pending: 11, skipped: 1 });
  const left =
    await sql`select r.external_id from postrider.recipient_state s join postrider.recipient r on r.id = s.recipient_id where s.state = 'skipped'`;
  assert.deepEqual(
    left.map((row) => row['external_id']),
    ['p0'],
  );
  assert.deepEqual(await broken(sql), []);
});
