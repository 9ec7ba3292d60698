/**
 * The other yardstick of `bench pipeline`: the usual design, one pg-boss job per recipient and
 * stage, each of which moves its recipient in transactions of its own and sends the next job. Jobs
 * are fetched 50 at a time by four workers, which favours it.
 */
import type { DatabaseAddress } from '@postrider/core';
import { QUEUE_SCHEMA, onPool } from '@postrider/core/queues';
import { PgBoss } from 'pg-boss';
import type postgres from 'postgres';
import { fill, inScratch } from './scratch.ts';

interface Move {
  readonly actor: string;
  readonly from: string;
  readonly to: string;
  /** In a cohort from here on. */
  readonly fence: boolean;
}

async function move(
  sql: postgres.Sql,
  { organizationId, id }: { readonly organizationId: string; readonly id: string },
  { actor, from, to, fence }: Move,
): Promise<void> {
  await sql`
    with acting as materialized (select postrider.act_as(p_actor => ${actor}) as before)
    update postrider.recipient_state s
    set state = ${to}, since = clock_timestamp(), move_no = s.move_no + 1, reason = 'staged',
      cohort_id = ${fence ? '00000000-0000-7000-8000-000000000001' : null}::uuid
    from acting
    where s.organization_id = ${organizationId}
      and s.recipient_id = ${id}
      and s.state = ${from}`;
}

interface Job {
  readonly id: string;
}

/** Seconds for everybody, from pending to received. */
export async function jobPerRecipient(address: DatabaseAddress, people: number): Promise<number> {
  return await inScratch(address, async (scratch) => {
    const { organizationId } = await fill(scratch.sql, people);
    const sql = scratch.connect(12);
    const boss = new PgBoss({
      db: onPool(sql),
      schema: QUEUE_SCHEMA,
      migrate: false,
      useListenNotify: true,
      schedule: false,
    });
    boss.on('error', () => undefined);
    await boss.start();
    let done = 0;
    const finished = Promise.withResolvers<void>();
    const stage = async (
      queue: string,
      next: string | null,
      work: (id: string) => Promise<void>,
    ): Promise<void> => {
      await boss.createQueue(queue, { notify: true });
      for (let n = 0; n < 4; n += 1) {
        const worker: string = await boss.work<Job>(
          queue,
          { batchSize: 50, pollingIntervalSeconds: 0.5, notifyPollingIntervalSeconds: 0.5 },
          async (jobs) => {
            boss.notifyWorker(worker);
            for (const job of jobs) {
              await work(job.data.id);
              if (next !== null) await boss.send(next, { id: job.data.id });
              else if ((done += 1) === people) finished.resolve();
            }
          },
        );
      }
    };
    await stage('one_proof', 'one_mail', async (id) => {
      await move(
        sql,
        { organizationId, id },
        { actor: 'proof', from: 'pending', to: 'proofing_staged', fence: true },
      );
      await move(
        sql,
        { organizationId, id },
        { actor: 'proof', from: 'proofing_staged', to: 'proofing', fence: true },
      );
      await sql`
        insert into postrider.proof (
          organization_id, recipient_id, content_hash,
          front_url, front_page, back_url, back_page, made_at)
        values (${organizationId}, ${id}, 'hash', 'noop:', 1, 'noop:', 2, clock_timestamp())`;
      await move(
        sql,
        { organizationId, id },
        { actor: 'proof', from: 'proofing', to: 'proofed', fence: false },
      );
    });
    await stage('one_mail', 'one_track', async (id) => {
      await move(
        sql,
        { organizationId, id },
        { actor: 'mail', from: 'proofed', to: 'sending_staged', fence: true },
      );
      await sql`
        insert into postrider.mailpiece (
          organization_id, id, recipient_id, campaign_id,
          printer_name, mode, idempotency_key, request, opened_at)
        select organization_id, postrider.new_id(), id, campaign_id,
          'press', 'live', gen_random_uuid(), '{}', clock_timestamp()
        from postrider.recipient
        where organization_id = ${organizationId}
          and id = ${id}`;
      await move(
        sql,
        { organizationId, id },
        { actor: 'mail', from: 'sending_staged', to: 'sending', fence: true },
      );
      await sql`
        update postrider.mailpiece
        set status = 'accepted', provider_id = 'bench_' || id, accepted_at = clock_timestamp()
        where organization_id = ${organizationId}
          and recipient_id = ${id}`;
      await move(
        sql,
        { organizationId, id },
        { actor: 'mail', from: 'sending', to: 'sent', fence: false },
      );
    });
    await stage('one_track', null, async (id) => {
      await sql`
        update postrider.mailpiece
        set status = 'delivered'
        where organization_id = ${organizationId}
          and recipient_id = ${id}`;
      await move(
        sql,
        { organizationId, id },
        { actor: 'track', from: 'sent', to: 'received', fence: false },
      );
    });
    const ids = await sql<{ id: string }[]>`
      select recipient_id as id from postrider.recipient_state`;
    const started = performance.now();
    await boss.insert(
      'one_proof',
      ids.map(({ id }) => ({ data: { id } })),
    );
    await sql.unsafe(`analyze ${QUEUE_SCHEMA}.job_common`);
    await finished.promise;
    const seconds = (performance.now() - started) / 1000;
    await boss.stop({ graceful: true, timeout: 5000 });
    return seconds;
  });
}
