/** Campaigns whose printer is reached by a connection, and what is told of its provider. */
import {
  applyCampaign,
  armPrinter,
  ensureOrganization,
  launch,
  type CampaignDefinition,
  type ConnectionKey,
} from '@postrider/core';
import type postgres from 'postgres';
import { stageCampaigns } from '../../../packages/core/src/machine/cohorts.ts';
import { noteHealth, type NotedHealth } from '../../../packages/core/src/machine/health.ts';
import { definition, people, syncPeople, type Place } from '../../support/machine.ts';
import { proofAll, RUNNER } from '../rig.ts';
import { by, connected } from '../rig/connections.ts';

let organizations = 0;

export interface Connected extends Place {
  readonly connectionId: string;
}

/** A live campaign of an organization of its own, whose two people wait for the printer. */
export async function connectedPlace(
  sql: postgres.Sql,
  over: Partial<CampaignDefinition> = {},
  waiting = people(2),
): Promise<Connected> {
  const organizationId = await ensureOrganization(sql, `Broken ${(organizations += 1)}`);
  const { connectionId } = await connected(sql, organizationId);
  const { campaignId } = await applyCampaign(sql, organizationId, definition(by('lob-main', over)));
  await armPrinter(sql, organizationId, 'lob-main');
  const at = { organizationId, campaignId, connectionId };
  await launch(sql, at, { mode: 'live' });
  if (waiting.length > 0) {
    await syncPeople(sql, at, waiting);
    await proofAll(sql, at);
  }
  return at;
}

export async function fails(
  sql: postgres.Sql,
  { organizationId, connectionId }: ConnectionKey,
  failures = 5,
  works = false,
): Promise<NotedHealth | undefined> {
  const cause = failures === 0 ? null : 'POST /postcards: api.lob.com did not answer';
  return (await noteHealth(sql, [{ organizationId, connectionId, works, failures, cause }]))[0];
}

export async function works(
  sql: postgres.Sql,
  key: ConnectionKey,
): Promise<NotedHealth | undefined> {
  return await fails(sql, key, 0, true);
}

/** Whether this runner gets the probe of the connection. */
export async function probed(
  sql: postgres.Sql,
  { connectionId }: ConnectionKey,
  runner = RUNNER,
): Promise<boolean> {
  const [row] = await sql<{ probes: ConnectionKey[] | null }[]>`
    select postrider.claim_probes(${runner}, 10) as probes`;
  return (row?.probes ?? []).some((probe) => probe.connectionId === connectionId);
}

/** How many cohorts of mail the organization has after a round. */
export async function stagedOf(sql: postgres.Sql, { organizationId }: Place): Promise<number> {
  await stageCampaigns(sql, 'mail', { window: 1000, size: 10 });
  const [row] = await sql`
    select count(*)::int as n
    from postrider.cohort
    where organization_id = ${organizationId} and stage = 'mail'`;
  return Number(row?.['n']);
}

export async function healthOf(sql: postgres.Sql, { connectionId }: ConnectionKey) {
  const [row] = await sql`
    select state, failures, people::int, why, what_helps
    from postrider.connection_health
    where connection_id = ${connectionId}`;
  return row;
}
