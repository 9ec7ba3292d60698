/** From test to live on the same campaign: what happens is shown, then asked. */
import { goLive } from '@postrider/core';
import type { Sql } from '@postrider/runner/database';
import { count } from '@postrider/runner/process';
import type { Cli } from '../program/cli.ts';
import { confirm } from '../output/confirm.ts';
import type { CampaignRow } from './names.ts';

/** Where a campaign's test has come to, by its people and its cards. */
interface TestSoFar {
  readonly cards: number;
  readonly begin_again: number;
  readonly waiting: number;
  readonly staying: number;
}

/** Null: the campaign is no test, or was not launched yet. */
export async function testSoFar(sql: Sql, campaign: CampaignRow): Promise<TestSoFar | null> {
  const [test] = await sql<TestSoFar[]>`
    select
      (
        select count(*)
        from postrider.mailpieces m
        where m.organization_id = c.organization_id
          and m.campaign_id = c.id
          and m.mode = 'test'
      )::int as cards,
      (f.sending + f.sent + f.received + f.returned + f.error)::int as begin_again,
      (
        f.address_enrichable + f.address_enriching + f.pending + f.proofing_staged + f.proofing
        + f.proofed + f.sending_staged
      )::int as waiting,
      (f.skipped + f.holdout + f.blacklisted)::int as staying
    from postrider.campaigns c
    join postrider.funnel f
      on f.organization_id = c.organization_id
      and f.campaign_id = c.id
    where c.organization_id = ${campaign.organizationId}
      and c.id = ${campaign.campaignId}
      and c.mode = 'test'
      and c.launched_at is not null`;
  return test ?? null;
}

export async function goLiveAfterTest(
  cli: Cli,
  sql: Sql,
  campaign: CampaignRow,
  test: TestSoFar,
  options: { arm: boolean; yes: boolean; why: string | null },
): Promise<void> {
  const { name, campaignId } = campaign;
  await confirm(cli.out, {
    what:
      `${name} of ${campaign.organization} goes from test to live: printer ${campaign.printer} ` +
      `${options.arm ? 'is armed, and ' : ''}prints and posts real cards.\n` +
      `  ${count(test.cards, 'test card is', 'test cards are')} put aside: nothing was printed, ` +
      'nobody counts as mailed, caps and budget begin anew\n' +
      `  up to ${count(test.begin_again, 'person begins', 'people begin')} again, ` +
      `${count(test.waiting, 'person waits', 'people wait')} already; who opted out, was ` +
      'cancelled or is in another campaign by now is turned away\n' +
      `  ${count(test.staying, 'person stays', 'people stay')} skipped, holdout or blacklisted\n`,
    expect: name,
    yes: options.yes,
  });
  const went = await goLive(sql, campaign, { why: options.why, arm: options.arm });
  cli.out.result(
    { campaign: name, campaignId, ...went, armed: options.arm },
    `${name} is ${went.status === 'paused' ? 'held still, and then ' : ''}live: ` +
      `${count(went.voided, 'test card was', 'test cards were')} put aside, ` +
      `${count(went.begunAgain, 'person begins', 'people begin')} again, ` +
      `${count(went.turnedAway, 'person was', 'people were')} turned away` +
      (went.status === 'paused' ? `. It goes on with: postrider release campaign ${name}` : ''),
  );
}
