/** A connection with its secrets, which a role that only operates may not read. */
import { Connections, type ConnectionsOptions } from '@postrider/core';
import type { Connection } from '@postrider/core/ports';
import type { Sql } from '@postrider/runner/database';

/** Null where this role may not. */
export async function openedAccount(
  sql: Sql,
  secret: (name: string) => string | undefined,
  {
    organizationId,
    connectionId,
    ...told
  }: { organizationId: string; connectionId: string } & ConnectionsOptions,
): Promise<Connection | null> {
  try {
    return await new Connections(sql, secret, told).of(organizationId, connectionId);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === '42501') return null;
    throw error;
  }
}
