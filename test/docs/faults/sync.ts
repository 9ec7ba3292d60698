/** A source that ends in the middle of a row. */
import assert from 'node:assert/strict';
import { syncPeople } from '../../support/machine.ts';
import { neighbours, type OperatedPlace, type Statements } from '../operated-place.ts';

export async function sync({ sql, at }: OperatedPlace, run: Statements): Promise<void> {
  await syncPeople(sql, at, neighbours(3));
  const [open] = await sql`
    select run_id, token
    from postrider.open_sync(${at.organizationId}, ${at.campaignId}, 'automatic', 'laptop:4711')`;
  const rejects = [
    {
      row: 5,
      column: 'zip',
      externalId: 'MA-1004',
      reason: 'bad_postal_code',
      message: 'zip: "6270" is no US postal code',
    },
  ];
  const notes = [
    {
      column: 'email',
      reason: 'email_not_used',
      message: 'Column "email" is not an e-mail address, and was left out: "at home".',
    },
  ];
  const page = neighbours(3).map((person, n) => (n === 1 ? { ...person, notes } : person));
  await sql`
    select postrider.apply_sync_page(
      ${at.organizationId}, ${at.campaignId}, ${String(open?.['token'])},
      ${String(open?.['run_id'])}, ${JSON.stringify(page)}::text::jsonb,
      ${JSON.stringify(rejects)}::text::jsonb
    )`;
  await sql`
    select postrider.close_sync(
      ${at.organizationId}, ${at.campaignId}, ${String(open?.['token'])},
      ${String(open?.['run_id'])}, false, 'customers.csv: line 6: a quote is not closed'
    )`;

  const runs = await run.rows('find', { campaign: 'spring' });
  assert.deepEqual(
    runs.map((row) => [row['complete'], row['error']]),
    [
      ['f', 'customers.csv: line 6: a quote is not closed'],
      ['t', ''],
    ],
  );
  const [reject] = await run.rows('rejects', { campaign: 'spring' });
  assert.equal(reject?.['reason'], 'bad_postal_code');
  const [note] = await run.rows('notes', { campaign: 'spring' });
  assert.equal(note?.['reason'], 'email_not_used');
}
