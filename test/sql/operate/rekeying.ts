/** Households as an older version of the rules left them, and the re-key of an organization. */
import type postgres from 'postgres';
import { rekey } from '@postrider/core';
import type { Place } from '../../support/machine.ts';

/** Gives people the key that an older version of the rules would have made. */
export async function olderKeys(
  sql: postgres.Sql,
  at: Place,
  keys: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [who, key] of Object.entries(keys))
    await sql`
      update postrider.recipient
      set household_key = ${key}
      where organization_id = ${at.organizationId}
        and external_id = ${who}`;
}

export async function rekeyed(
  sql: postgres.Sql,
  at: Place,
): Promise<{ people: number; kept: number }> {
  const told = { people: 0, kept: 0 };
  for await (const done of rekey(sql, at.organizationId, 2)) {
    told.people += done.people;
    told.kept += done.kept;
  }
  return told;
}
