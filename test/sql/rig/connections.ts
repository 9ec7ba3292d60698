/** Accounts at providers, and campaigns whose printer is reached by one. */
import { randomUUID } from 'node:crypto';
import type postgres from 'postgres';
import { makeConnection, type ConnectionKey, type NewConnection } from '@postrider/core';
import type { CampaignDefinition } from '@postrider/core';

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
