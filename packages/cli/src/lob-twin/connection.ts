/**
 * The connection by which a demonstration reaches the twin of Lob. It is live, so that its cards go
 * the whole way; that it can be mistaken for no real account, these checks see to.
 */
import { randomUUID } from 'node:crypto';
import { Connections, makeConnection, noteFinding } from '@postrider/core';
import type { Sql } from '@postrider/runner/database';
import { exitCodes, UserError } from '@postrider/runner/process';
import type { Project } from '@postrider/runner/project';
import { accountsOf, findingOf } from '../accounts/provider.ts';
import { KEY, WEBHOOK_SECRET } from './note.ts';

export const TWIN_CONNECTION = 'lob-twin';

const secrets = [
  { purpose: 'api_key', reference: `env:${KEY}` },
  { purpose: 'webhook', reference: `env:${WEBHOOK_SECRET}` },
];

interface Row {
  readonly id: string;
  readonly provider: string;
  readonly mode: string;
  readonly url: string | null;
  readonly endpoint_id: string;
  readonly kept: readonly string[];
}

export interface TwinAccount {
  readonly connectionId: string;
  readonly endpointId: string;
}

/**
 * Makes it where it is not there yet, and asks the twin about it. Throws `UserError` where a
 * connection of this name is another one.
 */
export async function connectTwin(
  project: Project,
  sql: Sql,
  { organizationId, url }: { readonly organizationId: string; readonly url: string },
): Promise<TwinAccount> {
  const api = `${url}/v1`;
  const account = (await known(sql, organizationId, api)) ?? (await made(sql, organizationId, api));
  const { connectionId } = account;
  const connections = new Connections(sql, (name) => project.secret(name));
  const connection = await connections.of(organizationId, connectionId);
  const finding = await findingOf(accountsOf('lob'), connection, {
    kept: { sql, connectionId },
  });
  await noteFinding(sql, { organizationId, connectionId }, finding);
  if (finding.outcome !== 'usable')
    throw new UserError(
      exitCodes.unavailable,
      `the twin of Lob on ${url} does not take its account: ${finding.message}`,
      'nothing was mailed; the same command tries again',
    );
  return account;
}

async function made(sql: Sql, organizationId: string, api: string): Promise<TwinAccount> {
  return await makeConnection(sql, {
    organizationId,
    connectionId: randomUUID(),
    name: TWIN_CONNECTION,
    provider: 'lob',
    mode: 'live',
    options: { url: api },
    secrets,
    finding: null,
  });
}

/** Null: there is none of this name. */
async function known(sql: Sql, organizationId: string, api: string): Promise<TwinAccount | null> {
  const [row] = await sql<Row[]>`
    select c.id, c.provider, c.mode, c.options ->> 'url' as url, c.endpoint_id,
      array(
        select s ->> 'kept'
        from jsonb_array_elements(c.secrets) s
        order by s ->> 'purpose') as kept
    from postrider.connections c
    where c.organization_id = ${organizationId}
      and c.name = ${TWIN_CONNECTION}`;
  if (row === undefined) return null;
  const isOurs =
    row.provider === 'lob' &&
    row.mode === 'live' &&
    row.url === api &&
    row.kept.join() === secrets.map(({ reference }) => reference).join();
  if (!isOurs)
    throw new UserError(
      exitCodes.configuration,
      `connection ${TWIN_CONNECTION} is not that of the demonstration: it is at ` +
        `${placeOf(row)}, and the twin at ${new URL(api).origin}`,
      `nothing is sent to it. \`postrider connection rename ${TWIN_CONNECTION} …\` makes room; ` +
        'where it was left behind by a demonstration elsewhere, ' +
        '`postrider demo --printer lob --fresh` begins anew. Nothing was mailed',
    );
  return { connectionId: row.id, endpointId: row.endpoint_id };
}

/** Without what may stand in an address beside its place. */
function placeOf({ provider, url }: Row): string {
  if (url === null) return `${provider} itself`;
  return URL.canParse(url) ? new URL(url).origin : 'an address that cannot be read';
}
