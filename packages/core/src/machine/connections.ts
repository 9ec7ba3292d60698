/**
 * Typed calls about connections: accounts at providers, and where their secrets are. All throw
 * `MachineError` with what to do.
 */
import type { SealedSecret } from '../common/sealing.ts';
import type { AccountFinding } from '../ports/index.ts';
import type { Sql } from './calls.ts';
import * as calls from './generated/index.generated.ts';

export interface ConnectionKey {
  readonly organizationId: string;
  readonly connectionId: string;
}

/** Where a secret is: named, or sealed in the database. */
export type KeptSecret = { readonly purpose: string } & (
  | { readonly reference: string }
  | SealedSecret
);

export interface NewConnection extends ConnectionKey {
  readonly name: string;
  /** The kind of its provider. */
  readonly provider: string;
  readonly mode: 'test' | 'live';
  readonly options: Readonly<Record<string, unknown>>;
  readonly secrets: readonly KeptSecret[];
  /** Null: the provider was not asked. */
  readonly finding: AccountFinding | null;
}

/** A connection and its secrets as the database has them. Only a runner and the owner may ask. */
export interface ConnectionBrief extends ConnectionKey {
  readonly name: string;
  readonly provider: string;
  readonly mode: 'test' | 'live';
  readonly options: Readonly<Record<string, unknown>>;
  /** Those that are good now, the newest first. */
  readonly secrets: readonly BriefSecret[];
}

export interface BriefSecret {
  readonly purpose: string;
  /** Null: it is sealed. */
  readonly reference: string | null;
  readonly sealed: string | null;
  readonly keyId: string | null;
  /** ISO 8601; null: it stays. */
  readonly retiresAt: string | null;
}

/** Its id is the caller's: a sealed secret is bound to it. Returns where its webhooks come in. */
export async function makeConnection(
  sql: Sql,
  { organizationId, connectionId, ...others }: NewConnection,
): Promise<{ readonly connectionId: string; readonly endpointId: string }> {
  return await calls.makeConnection(sql, { organizationId, id: connectionId, ...others });
}

/** Printers and campaigns stay with it. */
export async function renameConnection(
  sql: Sql,
  { organizationId, connectionId }: ConnectionKey,
  name: string,
): Promise<void> {
  await calls.renameConnection(sql, { organizationId, connectionId, name });
}

/** Refused while a printer, or a campaign that has not ended, names it. */
export async function removeConnection(
  sql: Sql,
  { organizationId, connectionId }: ConnectionKey,
): Promise<void> {
  await calls.removeConnection(sql, { organizationId, connectionId });
}

/** Keeps what the provider said of the account. */
export async function noteFinding(
  sql: Sql,
  { organizationId, connectionId }: ConnectionKey,
  finding: AccountFinding,
): Promise<void> {
  await calls.noteFinding(sql, { organizationId, connectionId, finding });
}

/**
 * Adds a secret, which counts from now on. Returns until when the one before is good beside it;
 * null: it is not, or there was none.
 */
export async function rotateSecret(
  sql: Sql,
  { organizationId, connectionId }: ConnectionKey,
  { secret, overlapMs }: { readonly secret: KeptSecret; readonly overlapMs: number },
): Promise<Date | null> {
  const until = await calls.rotateSecret<string | null>(sql, {
    organizationId,
    connectionId,
    secret,
    overlapMs,
  });
  return until === null ? null : new Date(until);
}

/** Null where there is no such connection. */
export async function connectionBrief(
  sql: Sql,
  { organizationId, connectionId }: ConnectionKey,
): Promise<ConnectionBrief | null> {
  return await calls.connectionBrief(sql, { organizationId, connectionId });
}

export interface SecretToReseal extends ConnectionKey, SealedSecret {
  readonly id: string;
  /** The name of its connection. */
  readonly connection: string;
  readonly purpose: string;
}

/** The secrets that are sealed with another key than this one. Forgets those that have retired. */
export async function secretsToReseal(sql: Sql, keyId: string): Promise<readonly SecretToReseal[]> {
  return await calls.secretsToReseal(sql, { keyId });
}

/** False where somebody has replaced it meanwhile. */
export async function resealSecret(
  sql: Sql,
  { organizationId, connectionId, id, keyId: was }: SecretToReseal,
  { sealed, keyId }: SealedSecret,
): Promise<boolean> {
  return await calls.resealSecret(sql, { organizationId, connectionId, id, sealed, keyId, was });
}
