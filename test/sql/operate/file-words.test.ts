/** What the machine says of a campaign file that is applied has the names of the file. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { applyCampaign, launch, type CampaignDefinition } from '@postrider/core';
import { columnsIn } from '../../support/file-words.ts';
import { definition, people, syncPeople } from '../../support/machine.ts';
import { place, refused, sharedMachine } from '../rig.ts';

const rig = sharedMachine();

/** The fields that the page of the campaign file has. */
function fieldsOfTheFile(): ReadonlySet<string> {
  const page = readFileSync(
    join(import.meta.dirname, '../../../docs/reference/campaign-file.md'),
    'utf8',
  );
  const rows = page.slice(page.indexOf('| field |'), page.indexOf('\n\nWhom a card')).split('\n');
  return new Set(
    rows.flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, f]) => f ?? ''),
    ),
  );
}

const base = { integrations: definition().integrations };
const changes: [Partial<CampaignDefinition>, readonly string[]][] = [
  [{ campaign_mode: 'one_off' }, ['mode']],
  [{ provider_segment_id: 'others' }, ['segment']],
  [
    {
      integrations: {
        ...base.integrations,
        renderer: { kind: 'noop', delayMs: 1 },
        audience: { kind: 'csv', path: 'people.csv' },
      },
    },
    ['audience', 'renderer'],
  ],
  [
    {
      integrations: { ...base.integrations, usage_meter: { kind: 'file' } },
      effects: ['usage_meter'],
    },
    ['usage_meter'],
  ],
  [{ effects: ['event_sink'] }, ['event_sink']],
  [{ template: 'other' }, ['renderer.template']],
  [{ printer_name: 'other' }, ['printer.name']],
  [{ mail_class: 'standard', format: '6x9' }, ['format', 'mail_class']],
  [{ exclusion_window: '14 days' }, ['exclusion_window_days']],
  [
    { frequency_cap: '90 days', frequency_cap_mode: 'defer' },
    ['frequency_cap.days', 'frequency_cap.mode'],
  ],
  [{ holdout_percent: 10, holdout_salt: 'x' }, ['holdout.percent', 'holdout.salt']],
  [
    { budget_minor: 1_000, price_minor: 100, currency: 'USD' },
    ['budget.amount', 'budget.currency', 'budget.price_per_card'],
  ],
  [{ transit_days: 9, assumed_after: '30 days' }, ['assumed_after_days', 'transit_days']],
  [{ hold_back_minutes: 30 }, ['hold_back_minutes']],
  [{ base_directory: '/elsewhere' }, ['the folder of the file']],
];

void test('what an applied file has changed is told by fields of the file, also in the record of interventions', async () => {
  const { sql } = rig;
  const known = fieldsOfTheFile();
  assert.ok(known.size > 20);
  const at = await place(sql, {}, null);
  for (const [over, expected] of changes) {
    await applyCampaign(sql, at.organizationId, definition());
    const { changed } = await applyCampaign(sql, at.organizationId, definition(over));
    assert.deepEqual(changed, expected);
    for (const field of changed)
      assert.ok(known.has(field.split('.')[0] ?? '') || field === 'the folder of the file', field);
  }
  const [record] = await sql<{ told: string }[]>`
    select string_agg(why, '; ') as told
    from postrider.interventions
    where organization_id = ${at.organizationId}
      and action = 'apply'`;
  assert.match(record?.told ?? '', /changed: segment;/);
  assert.deepEqual(columnsIn(record?.told ?? ''), []);
});

void test('what cannot change any more is told by fields of the file', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, null);
  await syncPeople(sql, at, people(1));
  await launch(sql, at, { mode: 'live' });
  const error = await refused(
    'PR014',
    applyCampaign(
      sql,
      at.organizationId,
      definition({ campaign_mode: 'one_off', holdout_percent: 10, holdout_salt: 'x' }),
    ),
    /campaign spring: mode, holdout\.percent, holdout\.salt cannot change any more/,
  );
  assert.deepEqual(columnsIn(JSON.stringify([error.message, error.hint, error.detail])), []);
  const late = await refused(
    'PR020',
    applyCampaign(sql, at.organizationId, definition({ assumed_after: '400 days' })),
    /400 days/,
  );
  assert.match(late.hint ?? '', /assumed_after_days from 1 to 365/);
});
