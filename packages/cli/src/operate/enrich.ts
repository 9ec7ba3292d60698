/** `enrich`: what the beat does, now, with a report. */
import { requireMigrated } from '@postrider/core';
import { openDatabase, type Sql } from '@postrider/runner/database';
import { quietLogger } from '@postrider/runner/pipeline';
import { count } from '@postrider/runner/process';
import type { Cli } from '../program/cli.ts';
import { campaignNamed, type CampaignRow } from './names.ts';
import { commandPipeline } from './pipeline.ts';

export async function enrichNow(cli: Cli, name: string): Promise<void> {
  await using database = await openDatabase(cli, { max: 4, name: 'postrider enrich' });
  const { sql } = database;
  await requireMigrated(sql);
  const campaign = await campaignNamed(sql, name);
  const before = await waiting(sql, campaign);
  const logger = {
    ...quietLogger(cli.out),
    warn: (fields: object, message: string) => warned(cli, fields, message),
  };
  const pipeline = commandPipeline(await cli.project(), sql, logger);
  const taken = await pipeline.enrich(campaign.organizationId, campaign.campaignId);
  const after = await waiting(sql, campaign);
  const notFound = after.notFound - before.notFound;
  const found =
    before.enrichable + before.enriching - after.enrichable - after.enriching - notFound;
  cli.out.result(
    {
      campaign: campaign.name,
      taken,
      found,
      notFound,
      atEnricher: after.enriching,
      waiting: after.enrichable,
      held: after.held,
    },
    `${campaign.name}: ${lookedUp(campaign, { taken, found, notFound }, after)}`,
  );
}

/** What an enricher warns of, with its rows where it tells some. */
function warned({ out }: Cli, fields: object, message: string): void {
  const { path, rows } = fields as { readonly path?: unknown; readonly rows?: unknown };
  out.warn(`${typeof path === 'string' ? `${path}: ` : ''}${message}`);
  if (Array.isArray(rows)) for (const row of rows) out.note(String(row));
}

function lookedUp(
  campaign: CampaignRow,
  { taken, found, notFound }: Record<'taken' | 'found' | 'notFound', number>,
  { enrichable, enriching, held }: Waiting,
): string {
  const parts = [
    found + notFound > 0
      ? `${count(found, 'address', 'addresses')} found, ${notFound} not found`
      : '',
    enriching > 0 ? `${count(enriching, 'person', 'people')} not answered for yet` : '',
    enrichable > 0 && held !== null
      ? `${count(enrichable, 'person waits', 'people wait')} for an address, ` +
        `and nobody is looked up while the ${held} is held: ` +
        `postrider release ${held} ` +
        JSON.stringify(held === 'campaign' ? campaign.name : campaign.organization)
      : enrichable > 0
        ? `${count(enrichable, 'person waits', 'people wait')} for the next time`
        : '',
  ].filter((part) => part !== '');
  return parts.length > 0
    ? parts.join('; ')
    : taken > 0
      ? `${count(taken, 'person', 'people')} looked up`
      : 'nobody waits for an address';
}

interface Waiting {
  readonly enrichable: number;
  readonly enriching: number;
  readonly notFound: number;
  /** What keeps them, if anything. */
  readonly held: 'organization' | 'campaign' | null;
}

async function waiting(sql: Sql, { organizationId, campaignId }: CampaignRow): Promise<Waiting> {
  const [row] = await sql<Waiting[]>`
    select
      address_enrichable::int as enrichable,
      address_enriching::int as enriching,
      (
        select count(*)::int
        from postrider.recipients r
        where r.organization_id = f.organization_id
          and r.campaign_id = f.campaign_id
          and r.state = 'skipped'
          and r.reason = 'no_address'
      ) as "notFound",
      (
        select min(h.kind)
        from postrider.holds h
        where h.organization_id = f.organization_id
          and (
            h.kind = 'organization'
            or h.kind = 'campaign' and h.campaign_id = f.campaign_id
          )
      ) as held
    from postrider.funnel f
    where organization_id = ${organizationId}
      and campaign_id = ${campaignId}`;
  return row ?? { enrichable: 0, enriching: 0, notFound: 0, held: null };
}
