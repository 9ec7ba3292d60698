/** Accounts at providers, and campaigns whose printer is reached by one. */
import { randomUUID } from 'node:crypto';
import type postgres from 'postgres';
import {
  applyCampaign,
  armPrinter,
  ensureOrganization,
  launch,
  makeConnection,
  type CampaignDefinition,
  type ConnectionKey,
  type NewConnection,
} from '@postrider/core';
import { stageCampaigns } from '../../../packages/core/src/machine/cohorts.ts';
import { definition, people, syncPeople, type Place } from '../../support/machine.ts';
import { place, proofAll, turnClock } from '../rig.ts';

/** With a key that the environment has, unless told. */
export async function connected(
  sql: postgres.Sql,
  organizationId: string,
  over: Partial<NewConnection> = {},
): Promise<ConnectionKey> {
  const connectionId = randomUUID();
  await makeConnection(sql, {
    organizationId,
    connectionId,
    name: 'lob-main',
    provider: 'lob',
    mode: 'live',
    options: {},
    secrets: [{ purpose: 'api_key', reference: 'env:LOB_KEY' }],
    finding: null,
    ...over,
  });
  return { organizationId, connectionId: over.connectionId ?? connectionId };
}

/** One of an organization of its own. */
export async function newConnection(sql: postgres.Sql): Promise<ConnectionKey> {
  const { organizationId } = await place(sql);
  return await connected(sql, organizationId);
}

/** A definition whose printer is reached by the connection of this name. */
export function by(
  connection: string,
  over: Partial<CampaignDefinition> = {},
): Partial<CampaignDefinition> {
  return {
    printer_name: null,
    ...over,
    integrations: {
      printer: { connection },
      renderer: { kind: 'noop' },
      image_host: { kind: 'noop' },
      ...over.integrations,
    },
  };
}

let organizations = 0;

export interface Connected extends Place {
  readonly connectionId: string;
}

/** A campaign that is launched, with people who wait for the printer. */
export async function connectedPlace(
  sql: postgres.Sql,
  mode: 'test' | 'live' = 'live',
  over: Partial<CampaignDefinition> = {},
): Promise<Connected> {
  const organizationId = await ensureOrganization(sql, `Held ${(organizations += 1)}`);
  const { connectionId } = await connected(sql, organizationId, { mode });
  const { campaignId } = await applyCampaign(sql, organizationId, definition(by('lob-main', over)));
  await armPrinter(sql, organizationId, 'lob-main');
  const at = { organizationId, campaignId, connectionId };
  await launch(sql, at, { mode });
  await syncPeople(sql, at, people(2));
  await proofAll(sql, at);
  return at;
}

/** How many cohorts a round gives the campaign. */
export async function stagedOf(sql: postgres.Sql, { organizationId }: Place): Promise<number> {
  await stageCampaigns(sql, 'mail', { window: 1000, size: 10 });
  const [row] = await sql`
    select count(*)::int as n from postrider.cohort
    where organization_id = ${organizationId} and stage = 'mail'`;
  return Number(row?.['n']);
}

/** Why they are stuck, ten minutes later. */
export async function stuckOf(
  sql: postgres.Sql,
  { organizationId }: Place,
): Promise<Record<string, unknown> | undefined> {
  await turnClock(sql, 600_000);
  const [row] = await sql`
    select why, what_helps from postrider.stuck where organization_id = ${organizationId}`;
  return row;
}
