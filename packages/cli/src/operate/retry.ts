/**
 * `retry --campaign`: everybody of a campaign who is in error, by reason. `retry --effects`: what
 * follows from a card and failed for good.
 */
import { didYouMean } from '@postrider/core/ports/near';
import { retryAll, retryEffects, type Reason } from '@postrider/core';
import { failedEffects, type FollowUp } from '@postrider/core/machine';
import type { Sql } from '@postrider/runner/database';
import { UserError, count, exitCodes } from '@postrider/runner/process';
import type { Cli } from '../program/cli.ts';
import { confirm } from '../output/confirm.ts';
import type { CampaignRow } from './names.ts';
import { listed } from '../output/text.ts';

interface InError {
  readonly reason: Reason;
  readonly sentence: string;
  readonly people: number;
}

export async function retryCampaign(
  cli: Cli,
  sql: Sql,
  campaign: CampaignRow,
  options: { reason: string | null; dryRun: boolean; yes: boolean },
): Promise<void> {
  const { reason } = options;
  const all = await sql<InError[]>`
    select reason, coalesce(sentence, reason) as sentence, count(*)::int as people
    from postrider.recipients
    where organization_id = ${campaign.organizationId}
      and campaign_id = ${campaign.campaignId}
      and state = 'error'
    group by 1, 2
    order by people desc`;
  const wanted = all.filter((row) => reason === null || row.reason === reason);
  if (reason !== null && wanted.length === 0 && all.length > 0) {
    const reasons = all.map((row) => row.reason);
    throw new UserError(
      exitCodes.failed,
      `nobody of ${campaign.name} is in error for ${reason}`,
      didYouMean(reason, reasons) ?? `the reasons are ${reasons.join(', ')}`,
    );
  }
  if (options.dryRun || wanted.length === 0) {
    cli.out.list(
      wanted,
      [
        { title: 'reason', value: (row) => row.reason, style: () => 'bold' },
        { title: 'people', value: (row) => row.people, right: true },
        { title: '', value: (row) => row.sentence },
      ],
      { nothing: 'nobody is in error' },
    );
    return;
  }
  const people = wanted.reduce((sum, row) => sum + row.people, 0);
  await confirm(cli.out, {
    what: `${count(people, 'person', 'people')} of ${campaign.name} will be tried again.`,
    yes: options.yes,
  });
  const tried: Record<string, number> = {};
  let refused = 0;
  for (const row of wanted) {
    // Asked for by name, the machine says itself why it will not.
    if (row.reason === 'outcome_unknown' && reason === null) {
      refused += row.people;
      continue;
    }
    for (;;) {
      const some = await retryAll(sql, campaign, row.reason);
      for (const [state, n] of Object.entries(some.tried)) tried[state] = (tried[state] ?? 0) + n;
      if (some.left > 0 && Object.keys(some.tried).length > 0) continue;
      refused += some.refused;
      break;
    }
  }
  cli.out.result(
    { campaign: campaign.name, tried, refused },
    `${campaign.name}: ${listed(tried) || 'nobody was tried again'}`,
  );
  if (refused === 0) return;
  throw new UserError(
    exitCodes.failed,
    `${count(refused, 'person was', 'people were')} not tried again: a card of theirs may exist`,
    'postrider stuck names each, and what helps',
  );
}

export async function retryFailedEffects(
  cli: Cli,
  sql: Sql,
  options: {
    kind: FollowUp | null;
    organizationId: string | null;
    dryRun: boolean;
    yes: boolean;
  },
): Promise<void> {
  const failed = await failedEffects(sql, options);
  if (options.dryRun || failed.length === 0) {
    cli.out.list(
      failed,
      [
        { title: 'organization', value: (row) => row.organization },
        { title: 'campaign', value: (row) => row.campaign, style: () => 'bold' },
        { title: 'effect', value: (row) => row.kind },
        { title: 'how many', value: (row) => row.effects, right: true },
        { title: 'error', value: (row) => row.error },
      ],
      { nothing: 'no effect has failed for good' },
    );
    return;
  }
  const all = failed.reduce((sum, row) => sum + row.effects, 0);
  await confirm(cli.out, {
    what: `${count(all, 'effect')} will be tried again, with the keys they had.`,
    yes: options.yes,
  });
  for (const [id, name] of new Map(failed.map((row) => [row.organizationId, row.organization]))) {
    const again = await retryEffects(sql, id, options.kind);
    cli.out.result(
      { organization: name, kind: options.kind, again },
      `${name}: ${count(again, 'effect is', 'effects are')} tried again`,
    );
  }
}
