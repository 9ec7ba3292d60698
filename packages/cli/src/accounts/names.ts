/** Connections by the names that people give them. */
import type { Sql } from '@postrider/runner/database';
import { exitCodes, UserError } from '@postrider/runner/process';
import { ensureOrganization, namedOne, type OrganizationRow } from '../operate/names.ts';

export interface ConnectionRow {
  readonly organizationId: string;
  readonly organization: string;
  readonly connectionId: string;
  readonly name: string;
  readonly provider: string;
  readonly mode: 'test' | 'live';
  readonly options: Readonly<Record<string, unknown>>;
  readonly endpointId: string;
  readonly heldAt: Date | null;
}

/** By name or id. */
export async function connectionNamed(
  sql: Sql,
  given: string,
  organization: string | undefined,
): Promise<ConnectionRow> {
  const rows = await sql<ConnectionRow[]>`
    select
      organization_id as "organizationId", organization, id as "connectionId", name, provider,
      mode, options, endpoint_id as "endpointId", held_at as "heldAt"
    from postrider.connections
    where (name = ${given} or id::text = ${given})
      and (
        ${organization ?? null}::text is null
        or organization = ${organization ?? null}
        or organization_id::text = ${organization ?? null}
      )`;
  return await namedOne(rows, given, {
    kind: 'connection',
    say: (row) => `--organization "${row.organization}"`,
    known: async () =>
      (await sql`select distinct name from postrider.connections order by 1 limit 1000`).map(
        (row) => String(row['name']),
      ),
    make: 'make one: `postrider connect <provider>`',
  });
}

/** The one that is meant. An account may be connected before there is a campaign. */
export async function organizationNamed(
  sql: Sql,
  given: string | undefined,
): Promise<OrganizationRow> {
  return await ensureOrganization(sql, given).catch((error: unknown) => {
    if (!(error instanceof UserError) || error.exitCode !== exitCodes.failed) throw error;
    throw new UserError(
      error.exitCode,
      error.message,
      'the first campaign file makes an organization, and so does: ' +
        '--organization "its name" --make-organization. Nothing was changed',
    );
  });
}
