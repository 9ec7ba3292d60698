/** Pausing and ending a campaign. */
import { endCampaign, hold } from '@postrider/core';
import { openDatabase } from '@postrider/runner/database';
import { count } from '@postrider/runner/process';
import type { Cli } from '../program/cli.ts';
import { confirm } from '../output/confirm.ts';
import { campaignNamed } from './names.ts';
import { asArgument } from '../output/as-command.ts';

export async function pauseCampaign(cli: Cli, name: string, why: string | null): Promise<void> {
  await using database = await openDatabase(cli);
  const campaign = await campaignNamed(database.sql, name);
  const held = await hold(
    database.sql,
    { organizationId: campaign.organizationId, kind: 'campaign', id: campaign.campaignId },
    why,
  );
  cli.out.result(
    { ...held, name: campaign.name },
    `${campaign.name} is paused: nothing new begins${peopleAtPrinter(held)}. ` +
      `It goes on with: postrider release campaign ${asArgument(campaign.name)}`,
  );
}

/** What a hold does not stop any more. */
export function peopleAtPrinter({
  atPrinter,
  unknown,
}: {
  readonly atPrinter: number;
  readonly unknown: number;
}): string {
  const known = atPrinter - unknown;
  return [
    known === 0
      ? ''
      : `; ${count(known, 'card is', 'cards are')} at the printer already and will still go out`,
    unknown === 0
      ? ''
      : `; of ${count(unknown, 'card')} nobody knows whether the printer has ` +
        `${unknown === 1 ? 'it' : 'them'}: postrider reconcile asks`,
  ].join('');
}

export async function endCampaignNamed(
  cli: Cli,
  name: string,
  status: 'completed' | 'archived',
  options: { yes: boolean; why: string | null },
): Promise<void> {
  await using database = await openDatabase(cli);
  const campaign = await campaignNamed(database.sql, name);
  const [row] = await database.sql<{ before: number }[]>`
    select (
      address_enrichable + address_enriching + pending + proofing_staged + proofing
      + proofed + sending_staged
    )::int as before
    from postrider.funnel
    where organization_id = ${campaign.organizationId}
      and campaign_id = ${campaign.campaignId}`;
  await confirm(cli.out, {
    what:
      `${campaign.name} ends as ${status}: ${count(row?.before ?? 0, 'person', 'people')} not ` +
      'sent yet will be skipped.',
    yes: options.yes,
  });
  const skipped = await endCampaign(database.sql, campaign, { status, why: options.why });
  cli.out.result(
    { campaign: campaign.name, campaignId: campaign.campaignId, status, skipped },
    `${campaign.name} is ${status}; ${count(skipped, 'person was', 'people were')} skipped, ` +
      'and those who are sent are still followed',
  );
}
