/** Who and what stands where: people, their pieces, cohorts, alarms. */
import assert from 'node:assert/strict';
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

export interface Standing {
  readonly id: string;
  readonly externalId: string;
  readonly state: string;
  readonly reason: string;
  readonly detail: string | null;
  readonly cohortId: string | null;
  readonly moveNo: number;
  readonly attempt: number;
  readonly losses: number;
  readonly availableAt: Date;
  readonly heldAt: Date | null;
  readonly cancelRequestedAt: Date | null;
}

/** Everybody of an organization or campaign, by external id. */
export async function standing(
  sql: Sql,
  where: { organizationId: string; campaignId?: string },
): Promise<Standing[]> {
  return [
    ...(await sql<Standing[]>`
      select s.recipient_id as id, r.external_id as "externalId", s.state, s.reason, s.detail,
        s.cohort_id as "cohortId", s.move_no as "moveNo", s.attempt, s.losses,
        s.available_at as "availableAt", s.held_at as "heldAt",
        s.cancel_requested_at as "cancelRequestedAt"
      from postrider.recipient_state s
      join postrider.recipient r on r.organization_id = s.organization_id and r.id = s.recipient_id
      where s.organization_id = ${where.organizationId}
        and (
          ${where.campaignId ?? null}::uuid is null or s.campaign_id = ${where.campaignId ?? null}
        )
      order by r.external_id`),
  ];
}

/** The one person of an organization, or the one with this external id or id. */
export async function one(
  sql: Sql,
  where: { organizationId: string },
  who?: string,
): Promise<Standing> {
  const found = (await standing(sql, where)).filter(
    (person) => who === undefined || person.externalId === who || person.id === who,
  );
  assert.equal(found.length, 1, `one person ${who ?? ''} was expected, not ${found.length}`);
  return found[0] as Standing;
}

/** `state` or `state (reason)` by external id. */
export async function statesOf(
  sql: Sql,
  where: { organizationId: string; campaignId?: string },
): Promise<Record<string, string>> {
  return Object.fromEntries(
    (await standing(sql, where)).map((person) => [person.externalId, person.state]),
  );
}

export async function reasonsOf(
  sql: Sql,
  where: { organizationId: string; campaignId?: string },
): Promise<Record<string, string>> {
  return Object.fromEntries(
    (await standing(sql, where)).map((person) => [
      person.externalId,
      `${person.state} (${person.reason})`,
    ]),
  );
}

export interface Piece {
  readonly id: string;
  readonly recipientId: string;
  readonly status: string;
  readonly providerId: string | null;
  readonly key: string;
  readonly printer: string;
  readonly request: { to: { name: string; address: { line1: string } } };
  readonly attempt: number;
  readonly availableAt: Date | null;
  readonly acceptedAt: Date | null;
  readonly rerouted: boolean;
}

/** The pieces of an organization, oldest first. */
export async function pieces(sql: Sql, where: { organizationId: string }): Promise<Piece[]> {
  return [
    ...(await sql<Piece[]>`
      select id, recipient_id as "recipientId", status, provider_id as "providerId",
        idempotency_key as key, printer_name as printer, request, attempt,
        available_at as "availableAt", accepted_at as "acceptedAt", rerouted
      from postrider.mailpiece
      where organization_id = ${where.organizationId}
      order by opened_at, id`),
  ];
}

export async function onlyPiece(sql: Sql, where: { organizationId: string }): Promise<Piece> {
  const all = await pieces(sql, where);
  assert.equal(all.length, 1, `one mailpiece was expected, not ${all.length}`);
  return all[0] as Piece;
}

export async function alarms(sql: Sql, where: { organizationId: string }): Promise<string[]> {
  return (
    await sql<{ kind: string }[]>`
      select kind
      from postrider.alarm
      where organization_id = ${where.organizationId}
      order by raised_at, kind`
  ).map((row) => row.kind);
}

export async function openCohorts(
  sql: Sql,
  at: { organizationId: string },
): Promise<{ id: string; stage: string; people: number }[]> {
  return [
    ...(await sql<{ id: string; stage: string; people: number }[]>`
      select id, stage, people
      from postrider.cohort
      where organization_id = ${at.organizationId} and closed_at is null
      order by id`),
  ];
}

export async function cohort(
  sql: Sql,
  id: string,
): Promise<{ begun: boolean; closedWhy: string | null; leaseUntil: Date | null }> {
  const [row] = await sql<{ begun: boolean; closedWhy: string | null; leaseUntil: Date | null }[]>`
    select begun_at is not null as begun, closed_why as "closedWhy", lease_until as "leaseUntil"
    from postrider.cohort
    where id = ${id}`;
  if (row === undefined) throw new Error(`there is no cohort ${id}`);
  return row;
}
