/**
 * What the tests of the machine share: one database for a file, an organization of its own for each test (everything is keyed by it), and short ways
 * through the stages. When a file is done, everything its tests left behind must still be whole.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before } from 'node:test';
import type postgres from 'postgres';
import { connect, type CampaignDefinition } from '@postrider/core';
import {
  beginMail,
  beginProof,
  settleMail,
  settleProof,
  type BegunPiece,
  type CohortStage,
  type MailSettlement,
} from '../../packages/core/src/machine/cohorts.ts';
import { claimUnknown, type UnknownPiece } from '../../packages/core/src/machine/mailpieces.ts';
import { broken, freshMachine, launched, people, syncPeople, type Machine, type Person, type Place } from '../support/machine.ts';

type Sql = postgres.Sql | postgres.TransactionSql;

export const RUNNER = '00000000-0000-7000-8000-00000000000a';
export const OTHER_RUNNER = '00000000-0000-7000-8000-00000000000b';
export const LEASE_MS = 60_000;
export const QUIET_MS = 30_000;

export interface Rig {
  readonly sql: postgres.Sql;
  readonly machine: Machine;
  /** The superuser, for what no owner could do: states that the machine itself would never make. */
  readonly admin: postgres.Sql;
}

/** One machine for all tests of a file. `arrange` fills it, `clear` tidies up what is not in the database. */
export const sharedMachine = (arrange?: () => Promise<void>, clear?: () => Promise<void>): Rig => {
  let machine: Machine | undefined;
  let admin: postgres.Sql | undefined;
  const present = (): Machine => {
    if (machine === undefined) throw new Error('the machine is there from the first test on');
    return machine;
  };
  before(async () => {
    machine = await freshMachine();
    await arrange?.();
  });
  after(async () => {
    const problems = machine === undefined ? [] : await broken(machine.sql);
    await clear?.();
    await admin?.end({ timeout: 2 });
    await machine?.[Symbol.asyncDispose]();
    assert.deepEqual(problems, []);
  });
  return {
    get sql() {
      return present().sql;
    },
    get machine() {
      return present();
    },
    get admin() {
      return (admin ??= connect(present().database.adminUrl, { max: 2 }));
    },
  };
};

let organizations = 0;
/** An organization of the test's own, with a campaign that is launched live unless told otherwise. */
export const place = async (
  sql: postgres.Sql,
  over: Partial<CampaignDefinition> = {},
  mode: 'test' | 'live' | null = 'live',
): Promise<Place> => await launched(sql, over, `Bakery ${process.pid}.${(organizations += 1)}`, mode);

/** The promise is rejected with this SQLSTATE, whether it comes as the driver's error or as the machine's own. */
export const refused = async (
  code: string,
  work: PromiseLike<unknown>,
  message?: RegExp,
): Promise<Error & { hint?: string; detail?: unknown }> => {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error, String(error));
    assert.equal(error.code, code, error.message);
    if (message !== undefined) assert.match(error.message, message);
    return error;
  }
  return assert.fail(`${code} was expected, but it went through`);
};

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
export const standing = async (sql: Sql, where: { organizationId: string; campaignId?: string }): Promise<Standing[]> => [
  ...(await sql<Standing[]>`
    select s.recipient_id as id, r.external_id as "externalId", s.state, s.reason, s.detail, s.cohort_id as "cohortId", s.move_no as "moveNo",
      s.attempt, s.losses, s.available_at as "availableAt", s.held_at as "heldAt", s.cancel_requested_at as "cancelRequestedAt"
    from postrider.recipient_state s
    join postrider.recipient r on r.organization_id = s.organization_id and r.id = s.recipient_id
    where s.organization_id = ${where.organizationId} and (${where.campaignId ?? null}::uuid is null or s.campaign_id = ${where.campaignId ?? null})
    order by r.external_id`),
];

/** The one person of an organization, or the one with this external id or id. */
export const one = async (sql: Sql, where: { organizationId: string }, who?: string): Promise<Standing> => {
  const found = (await standing(sql, where)).filter((person) => who === undefined || person.externalId === who || person.id === who);
  assert.equal(found.length, 1, `one person ${who ?? ''} was expected, not ${found.length}`);
  return found[0] as Standing;
};

/** `state` or `state (reason)` by external id. */
export const statesOf = async (sql: Sql, where: { organizationId: string; campaignId?: string }): Promise<Record<string, string>> =>
  Object.fromEntries((await standing(sql, where)).map((person) => [person.externalId, person.state]));

export const reasonsOf = async (sql: Sql, where: { organizationId: string; campaignId?: string }): Promise<Record<string, string>> =>
  Object.fromEntries((await standing(sql, where)).map((person) => [person.externalId, `${person.state} (${person.reason})`]));

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
export const pieces = async (sql: Sql, where: { organizationId: string }): Promise<Piece[]> => [
  ...(await sql<Piece[]>`
    select id, recipient_id as "recipientId", status, provider_id as "providerId", idempotency_key as key, printer_name as printer, request, attempt,
      available_at as "availableAt", accepted_at as "acceptedAt", rerouted
    from postrider.mailpiece where organization_id = ${where.organizationId} order by opened_at, id`),
];

export const onlyPiece = async (sql: Sql, where: { organizationId: string }): Promise<Piece> => {
  const all = await pieces(sql, where);
  assert.equal(all.length, 1, `one mailpiece was expected, not ${all.length}`);
  return all[0] as Piece;
};

export const alarms = async (sql: Sql, where: { organizationId: string }): Promise<string[]> =>
  (
    await sql<{ kind: string }[]>`select kind from postrider.alarm where organization_id = ${where.organizationId} order by raised_at, kind`
  ).map((row) => row.kind);

/** Makes cohorts of one campaign; returns their ids. */
export const stage = async (sql: Sql, at: Place, name: CohortStage, cohorts = 1, size = 50): Promise<string[]> => {
  const known = (await openCohorts(sql, at)).map((cohort) => cohort.id);
  await sql`select postrider.stage(${at.organizationId}, ${at.campaignId}, ${name}, ${cohorts}, ${size})`;
  return (await openCohorts(sql, at)).map((cohort) => cohort.id).filter((id) => !known.includes(id));
};

export const openCohorts = async (sql: Sql, at: { organizationId: string }): Promise<{ id: string; stage: string; people: number }[]> => [
  ...(await sql<{ id: string; stage: string; people: number }[]>`
    select id, stage, people from postrider.cohort where organization_id = ${at.organizationId} and closed_at is null order by id`),
];

export const cohort = async (sql: Sql, id: string): Promise<{ begun: boolean; closedWhy: string | null; leaseUntil: Date | null }> => {
  const [row] = await sql<{ begun: boolean; closedWhy: string | null; leaseUntil: Date | null }[]>`
    select begun_at is not null as begun, closed_why as "closedWhy", lease_until as "leaseUntil" from postrider.cohort where id = ${id}`;
  if (row === undefined) throw new Error(`there is no cohort ${id}`);
  return row;
};

/** One staged cohort of this stage; there must be exactly one to make. */
export const stageOne = async (sql: Sql, at: Place, name: CohortStage): Promise<string> => {
  const made = await stage(sql, at, name);
  assert.equal(made.length, 1, `one cohort was expected, not ${made.length}`);
  return made[0] as string;
};

export const rendered = (recipientId: string) =>
  ({
    recipientId,
    outcome: 'rendered',
    contentHash: `hash of ${recipientId}`,
    frontUrl: 'file:///front.pdf',
    frontPage: 1,
    backUrl: 'file:///back.pdf',
    backPage: 2,
  }) as const;

/** Renders whoever is pending now. */
export const proofAll = async (sql: postgres.Sql, at: Place): Promise<void> => {
  for (const id of await stage(sql, at, 'proof', 20)) {
    const begun = await beginProof(sql, at.organizationId, id, RUNNER, LEASE_MS);
    await settleProof(sql, at.organizationId, id, begun?.cards.map((card) => rendered(card.recipientId)) ?? [], true);
  }
};

export interface Sending {
  readonly cohortId: string;
  readonly pieces: readonly BegunPiece[];
}

/** Begins one mail cohort of whoever is proofed now. */
export const mailBegun = async (sql: postgres.Sql, at: Place, runner = RUNNER): Promise<Sending> => {
  const cohortId = await stageOne(sql, at, 'mail');
  const begun = await beginMail(sql, at.organizationId, cohortId, runner, LEASE_MS);
  return { cohortId, pieces: begun?.pieces ?? [] };
};

/** `n` people in `proofed`. */
export const proofed = async (sql: postgres.Sql, at: Place, n: number | readonly Person[] = 1): Promise<void> => {
  await syncPeople(sql, at, typeof n === 'number' ? people(n) : n);
  await proofAll(sql, at);
};

/** `n` people in `sending`, in one cohort. */
export const sending = async (sql: postgres.Sql, at: Place, n: number | readonly Person[] = 1): Promise<Sending> => {
  await proofed(sql, at, n);
  return await mailBegun(sql, at);
};

export const accepted = (piece: BegunPiece, providerId = `id of ${piece.mailpieceId}`): MailSettlement => ({
  recipientId: piece.recipientId,
  mailpieceId: piece.mailpieceId,
  outcome: 'accepted',
  providerId,
});

export const answered = (
  piece: BegunPiece,
  outcome: 'rejected' | 'retry' | 'unknown',
  rest: Partial<MailSettlement> = {},
): MailSettlement => ({ recipientId: piece.recipientId, mailpieceId: piece.mailpieceId, outcome, message: `it was ${outcome}`, ...rest });

export const settle = async (
  sql: postgres.Sql,
  at: { organizationId: string },
  batch: Sending,
  results: readonly MailSettlement[],
  last = true,
): Promise<number> => await settleMail(sql, at.organizationId, batch.cohortId, results, last, QUIET_MS);

/** `n` people in `sent`. */
export const sent = async (sql: postgres.Sql, at: Place, n: number | readonly Person[] = 1): Promise<Sending> => {
  const batch = await sending(sql, at, n);
  await settle(
    sql,
    at,
    batch,
    batch.pieces.map((piece) => accepted(piece)),
  );
  return batch;
};

/** One person in `sending` whose piece is unknown and due to be asked for. */
export const unknownDue = async (sql: postgres.Sql, at: Place, n: number | readonly Person[] = 1): Promise<Sending> => {
  const batch = await sending(sql, at, n);
  await settle(
    sql,
    at,
    batch,
    batch.pieces.map((piece) => answered(piece, 'unknown')),
  );
  await turnClock(sql, QUIET_MS + 1000);
  return batch;
};

/** Claims the unknown pieces that are due to be asked for. */
export const claimDue = async (sql: postgres.Sql, at: { organizationId: string }): Promise<readonly UnknownPiece[]> =>
  await claimUnknown(sql, at.organizationId, 50, 60_000);

export const turnClock = async (sql: Sql, ms: number): Promise<void> => {
  await sql`select postrider.turn_clock(${`${ms} milliseconds`}::interval)`;
};

/** Gives back whatever a crash left: leases over, grace over. */
export const reap = async (sql: Sql, graceMs = 20_000): Promise<number> => {
  const [row] = await sql<{ back: number }[]>`
    select postrider.reap(${`${graceMs} milliseconds`}::interval, ${`${QUIET_MS} milliseconds`}::interval) as back`;
  return row?.back ?? 0;
};

export const event = (
  what: { providerId?: string | null; mailpieceId?: string | null; status: string | null },
  rest: { eventId?: string; occurredAt?: string; confidence?: string; providerStatus?: string } = {},
) => ({
  eventId: rest.eventId ?? randomUUID(),
  providerId: what.providerId ?? null,
  mailpieceId: what.mailpieceId ?? null,
  status: what.status,
  providerStatus: rest.providerStatus ?? what.status ?? 'something new',
  occurredAt: rest.occurredAt ?? '2026-03-01T12:00:00Z',
  confidence: rest.confidence ?? 'scan',
});

export const tell = async (
  sql: Sql,
  at: { organizationId: string },
  events: readonly ReturnType<typeof event>[],
  printer = 'press',
): Promise<number> => {
  const [row] = await sql<{ added: number }[]>`
    select postrider.apply_events(${at.organizationId}, ${printer}, ${JSON.stringify(events)}::text::jsonb) as added`;
  return row?.added ?? 0;
};

/** Waits until a session with this application name waits for a lock. */
export const waitsForLock = async (sql: postgres.Sql, pid: number): Promise<void> => {
  for (let round = 0; round < 500; round += 1) {
    const [row] = await sql`select 1 from pg_stat_activity where pid = ${pid} and wait_event_type = 'Lock'`;
    if (row !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`session ${pid} does not wait for a lock`);
};

export const pidOf = async (sql: postgres.Sql): Promise<number> => {
  const [row] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
  return row?.pid ?? 0;
};
