/** Webhooks that the adapter cannot read. */
import assert from 'node:assert/strict';
import { turnClock } from '../../sql/rig.ts';
import type { OperatedPlace, Statements } from '../operated-place.ts';

export async function webhooks({ sql, at }: OperatedPlace, run: Statements): Promise<void> {
  const [stored] = await sql`
    select postrider.receive_webhook(
      ${at.organizationId}, 'press', 'delivery 1', ${Buffer.from('<xml/>')}
    ) as stored`;
  assert.equal(stored?.['stored'], true);
  const [row] = await sql<{ id: string }[]>`select id from postrider.claim_webhooks(10)`;
  await sql`
    select postrider.close_webhook(${at.organizationId}, ${row?.id ?? ''}, 'the body is not JSON')`;

  const [check] = await run.rows('find');
  assert.equal(check?.['verdict'], 'bad');
  assert.deepEqual(await run.rows('mend', { printer: 'press' }), [{ retry_webhooks: '1' }]);
  const [again] = await sql<{ id: string }[]>`select id from postrider.claim_webhooks(10)`;
  assert.equal(again?.id, row?.id);
  await turnClock(sql, 1000);
}
