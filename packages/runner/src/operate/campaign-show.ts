/** `campaign show`: everything about one campaign. */
import type { Cli } from '../cli/cli.ts';
import { openDatabase } from '../cli/database.ts';
import { campaignNamed } from '../cli/names.ts';
import { duration, relative } from '../cli/text.ts';

export async function showCampaign(cli: Cli, name: string): Promise<void> {
  await using database = await openDatabase(cli);
  const { sql } = database;
  const { organizationId, campaignId } = await campaignNamed(sql, name);
  const [settings] = await sql`select * from postrider.campaigns where organization_id = ${organizationId} and id = ${campaignId}`;
  const reasons = await sql<{ state: string; reason: string | null; sentence: string | null; people: number }[]>`
    select state, reason, sentence, count(*)::int as people from postrider.recipients
    where organization_id = ${organizationId} and campaign_id = ${campaignId} group by 1, 2, 3 order by (select ordinal from postrider.state where name = state), people desc`;
  const runs = await sql<SyncRun[]>`
    select kind, started_at, (extract(epoch from duration) * 1000)::float8 as ms, complete, fetched, created, changed, unchanged, repeated, invalid,
      left_segment, error
    from postrider.sync_runs where organization_id = ${organizationId} and campaign_id = ${campaignId} order by started_at desc limit 5`;
  const { out } = cli;
  if (out.json) {
    out.emit({ ...settings, states: reasons, syncs: runs });
    return;
  }
  const reads = settings?.['campaign_mode'] === 'automated' || settings?.['launched_at'] === null;
  const shown = Object.entries(settings ?? {}).filter(([key, value]) => value !== null && !['organization_id', 'id', 'name'].includes(key));
  out.records([
    [
      ['', `${String(settings?.['name'])} (${campaignId})`],
      ...shown.map(
        ([key, value]) =>
          [key.replaceAll('_', ' '), value instanceof Date ? `${value.toISOString()} (${relative(value)})` : String(value)] as const,
      ),
    ],
  ]);
  out.print();
  out.list(
    reasons,
    [
      { title: 'state', value: (row) => row.state, style: () => 'bold' },
      { title: 'people', value: (row) => row.people, right: true },
      { title: 'reason', value: (row) => row.reason },
      { title: '', value: (row) => row.sentence },
    ],
    {
      nothing: reads ? `nobody is in it yet; read its list: postrider sync ${name}` : 'nobody is in it, and its list is not read any more',
    },
  );
  if (runs.length === 0) return;
  out.print();
  out.list(runs, [
    { title: 'sync', value: (row) => relative(row.started_at) },
    { title: 'kind', value: (row) => row.kind },
    { title: 'took', value: (row) => (row.ms === null ? 'under way' : duration(row.ms)) },
    { title: 'rows', value: (row) => row.fetched, right: true },
    { title: 'created', value: (row) => row.created, right: true },
    { title: 'changed', value: (row) => row.changed, right: true },
    { title: 'unusable', value: (row) => row.invalid, right: true },
    { title: '', value: (row) => row.error ?? (row.complete || row.ms === null ? '' : 'not every row was read') },
  ]);
}

interface SyncRun {
  readonly kind: string;
  readonly started_at: Date;
  readonly ms: number | null;
  readonly complete: boolean;
  readonly fetched: number;
  readonly created: number;
  readonly changed: number;
  readonly invalid: number;
  readonly error: string | null;
}
