/** People at made addresses, and what was found wrong with each. */
import assert from 'node:assert/strict';
import type postgres from 'postgres';
import { people, type Person, type Place } from '../../support/machine.ts';

export function at(over: Partial<Person>, n = 0): Person {
  const person = people(n + 1)[n];
  assert.ok(person);
  return { ...person, line1: '12 Elm St', ...over, externalId: over.externalId ?? `p${n}` };
}

export async function faults(
  sql: postgres.Sql,
  where: Place,
): Promise<Record<string, string | null>> {
  const rows = await sql<{ external_id: string; told: string | null }[]>`
    select r.external_id, s.state || coalesce(': ' || s.detail, '') as told
    from postrider.recipient r
    join postrider.recipient_state s
      on s.organization_id = r.organization_id and s.recipient_id = r.id
    where r.organization_id = ${where.organizationId}
    order by r.source_row, r.external_id`;
  return Object.fromEntries(rows.map((row) => [row.external_id, row.told]));
}
