/** `webhooks`: which events wait, were told or failed; and what a person does about them. */
import { randomUUID } from 'node:crypto';
import { replayEvents, switchOnSink, type EffectItem, type ReplayedEvents } from '@postrider/core';
import { campaignBrief } from '@postrider/core/machine';
import { quietContext } from '@postrider/core/ports';
import { openDatabase, type Sql } from '@postrider/runner/database';
import { createIntegrations } from '@postrider/runner/integrations';
import { UserError, count, exitCodes } from '@postrider/runner/process';
import { confirm } from '../output/confirm.ts';
import { relative } from '../output/text.ts';
import type { Cli } from '../program/cli.ts';
import { campaignNamed } from './names.ts';

interface EventRow {
  readonly organization: string;
  readonly campaign: string;
  readonly mailpiece_id: string;
  readonly status: string;
  readonly mode: string;
  readonly state: string;
  readonly attempt: number;
  readonly occurred_at: Date;
  readonly next_at: Date | null;
  readonly done_at: Date | null;
  readonly error: string | null;
}

export interface EventFilter {
  readonly campaign: string | null;
  /** `off`: waiting, because its sink is switched off. */
  readonly state: string | null;
  readonly piece: string | null;
  readonly limit: number;
}

export async function listEvents(cli: Cli, sql: Sql, filter: EventFilter): Promise<void> {
  const { campaign, state, piece, limit } = filter;
  const campaignId = campaign === null ? null : (await campaignNamed(sql, campaign)).campaignId;
  const rows = await sql<EventRow[]>`
    select
      organization, campaign, mailpiece_id, status, mode,
      case when switched_off then 'off' else state end as state,
      attempt, occurred_at,
      case when state = 'waiting' and not switched_off then available_at end as next_at,
      done_at, error
    from postrider.effects
    where kind = 'event_sink'
      and (${campaignId}::uuid is null or campaign_id = ${campaignId})
      and (${piece}::uuid is null or mailpiece_id = ${piece})
      and (${state}::text is null or case when switched_off then 'off' else state end = ${state})
    order by occurred_at desc, mailpiece_id, status
    limit ${limit}`;
  cli.out.list(
    rows,
    [
      { title: 'campaign', value: (row) => row.campaign, style: () => 'bold' },
      { title: 'mailpiece', value: (row) => row.mailpiece_id },
      { title: 'event', value: (row) => row.status },
      { title: 'happened', value: (row) => relative(row.occurred_at) },
      { title: 'mode', value: (row) => row.mode },
      { title: 'state', value: (row) => row.state },
      { title: 'tries', value: (row) => row.attempt, right: true },
      { title: 'next', value: (row) => (row.next_at === null ? '' : relative(row.next_at)) },
      { title: 'error', value: (row) => row.error },
    ],
    { nothing: 'there is no such event' },
  );
}

export async function replayCampaign(
  cli: Cli,
  sql: Sql,
  name: string,
  { which, yes }: { which: ReplayedEvents; yes: boolean },
): Promise<void> {
  const campaign = await campaignNamed(sql, name);
  await confirm(cli.out, {
    what: `Events of ${campaign.name} will be told anew, with the ids they had.`,
    yes,
  });
  const again = await replayEvents(sql, campaign, which);
  cli.out.result(
    { campaign: campaign.name, again },
    `${campaign.name}: ${count(again, 'event is', 'events are')} told anew`,
  );
}

export async function switchOn(cli: Cli, sql: Sql, name: string): Promise<void> {
  const campaign = await campaignNamed(sql, name);
  const waiting = await switchOnSink(sql, campaign);
  cli.out.result(
    { campaign: campaign.name, waiting },
    `${campaign.name}: its event sink is on again; ${count(waiting, 'event is', 'events are')} due`,
  );
}

/** By the adapter itself, as a runner would send it; nothing is written here. */
export async function sendExample(cli: Cli, name: string): Promise<void> {
  await using database = await openDatabase(cli);
  const campaign = await campaignNamed(database.sql, name);
  const { organizationId, campaignId } = campaign;
  const brief = await campaignBrief(database.sql, organizationId, campaignId);
  const sink = await createIntegrations(await cli.project(), { sql: database.sql }).eventSink(
    brief,
  );
  if (sink === null)
    throw new UserError(
      exitCodes.failed,
      `${campaign.name} has no event sink`,
      'name one in its file: event_sink; nothing was sent',
    );
  const item: EffectItem = {
    key: `${randomUUID()}:sent`,
    reference: {
      organizationId,
      campaignId,
      recipientId: randomUUID(),
      mailpieceId: randomUUID(),
    },
    status: 'sent',
    occurredAt: new Date().toISOString(),
    isBackfill: false,
    attempt: 1,
    externalId: 'example',
    organization: campaign.organization,
    campaign: campaign.name,
    mode: 'test',
    format: brief.format,
    mailClass: brief.mailClass,
    tracking: {
      printer: campaign.printer,
      providerId: null,
      acceptedAt: null,
      expectedDelivery: null,
      rerouted: false,
      confidence: null,
    },
  };
  const [result] = await sink.emit([item], quietContext());
  if (result?.outcome !== 'done')
    throw new UserError(
      exitCodes.failed,
      `the example was not taken: ${result?.message ?? 'the sink gave no answer'}`,
      'it is not tried again; nothing was changed',
    );
  cli.out.result(
    { campaign: campaign.name, id: item.key },
    `${campaign.name}: the event sink took the example ${item.key}`,
  );
}
