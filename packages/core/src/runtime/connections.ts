/**
 * Connections as adapters are handed them. The row is read anew whenever an adapter is asked for,
 * and a secret at each call; a value is never kept.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { messageOf } from '../common/message-of.ts';
import { readSealingKeys, SEALING_KEYS, SecretError, unseal } from '../common/sealing.ts';
import type { Sql } from '../machine/calls.ts';
import { connectionBrief, type BriefSecret, type ConnectionBrief } from '../machine/connections.ts';
import type { Connection } from '../ports/index.ts';

/** No such connection, or not this role's to see. */
export class UnknownConnectionError extends Error {
  override readonly name = 'UnknownConnectionError';
}

/** Gives the value of a secret of the project; undefined where it is not set. */
export type ProjectSecrets = (name: string) => string | undefined;

export interface ConnectionsOptions {
  /** Told once of each former secret that cannot be read while it is good: it is left out. */
  readonly onUnreadable?: (error: SecretError) => void;
}

/** The connections of a database, for a process that has the secrets of its project. */
export class Connections {
  readonly #sql: Sql;
  readonly #secret: ProjectSecrets;
  readonly #onUnreadable: (error: SecretError) => void;
  readonly #known = new Map<string, Account>();

  constructor(sql: Sql, secret: ProjectSecrets, { onUnreadable }: ConnectionsOptions = {}) {
    this.#sql = sql;
    this.#secret = secret;
    this.#onUnreadable = onUnreadable ?? (() => undefined);
  }

  /** The same object for the same connection, as the database has it now. */
  async of(organizationId: string, connectionId: string): Promise<Connection> {
    const brief = await connectionBrief(this.#sql, { organizationId, connectionId });
    if (brief === null) throw new UnknownConnectionError(`there is no connection ${connectionId}`);
    const key = `${organizationId}/${connectionId}`;
    const known = this.#known.get(key);
    if (known !== undefined) {
      known.now(brief);
      return known;
    }
    const made = new Account(brief, this.#secret, this.#onUnreadable);
    this.#known.set(key, made);
    return made;
  }
}

/** Private, so that no log that is given it has what is sealed. */
class Account implements Connection {
  #brief: ConnectionBrief;
  readonly #secret: ProjectSecrets;
  readonly #onUnreadable: (error: SecretError) => void;
  /** By what was said of them. */
  readonly #told = new Set<string>();

  constructor(
    brief: ConnectionBrief,
    secret: ProjectSecrets,
    onUnreadable: (error: SecretError) => void,
  ) {
    this.#brief = brief;
    this.#secret = secret;
    this.#onUnreadable = onUnreadable;
  }

  now(brief: ConnectionBrief): void {
    this.#brief = brief;
  }

  get organizationId(): string {
    return this.#brief.organizationId;
  }

  get name(): string {
    return this.#brief.name;
  }

  get provider(): string {
    return this.#brief.provider;
  }

  get mode(): 'test' | 'live' {
    return this.#brief.mode;
  }

  get options(): Readonly<Record<string, unknown>> {
    return this.#brief.options;
  }

  secrets(purpose: string): readonly string[] {
    const now = Date.now();
    return this.#brief.secrets
      .filter((kept) => kept.purpose === purpose)
      .filter(({ retiresAt }) => retiresAt === null || Date.parse(retiresAt) > now)
      .flatMap((kept, index) => {
        try {
          return [this.#read(kept)];
        } catch (error) {
          if (!(error instanceof SecretError)) throw error;
          const { message, hint } = error;
          if (index === 0) throw new SecretError(`connection ${this.name}: ${message}`, hint);
          this.#leaveOut(`a former ${purpose} is left out: ${message}`, hint);
          return [];
        }
      });
  }

  #read({ purpose, reference, sealed, keyId }: BriefSecret): string {
    return reference === null
      ? unseal(
          { sealed: sealed ?? '', keyId: keyId ?? '' },
          { ...this.#brief, purpose },
          readSealingKeys(this.#secret(SEALING_KEYS)),
        )
      : readReference(reference, this.#secret);
  }

  /** Its place is often tidied up once it is replaced, and the newest is what counts. */
  #leaveOut(what: string, hint: string): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    this.#onUnreadable(new SecretError(`connection ${this.name}: ${what}`, hint));
  }
}

/**
 * Secrets of the project itself. A person who may make a connection could have them sent to an
 * address of their own as its key.
 */
const OWN_SECRETS = /^(?:POSTRIDER_|DATABASE_|PG)/i;

/**
 * The value that `env:NAME` or `file:/path` names. Throws `SecretError`, which says what was named
 * only where it has that form: else it may be the secret itself.
 */
export function readReference(reference: string, secret: ProjectSecrets): string {
  const [, name] = /^env:([A-Za-z_]\w*)$/.exec(reference) ?? [];
  if (name !== undefined) {
    requireNotOwn(name, reference);
    const value = secret(name)?.trim() ?? '';
    if (value !== '') return value;
    throw new SecretError(
      `the secret is at env:${name}, which is not set here`,
      `put it in the environment of this process, or in var/secrets/${name}`,
    );
  }
  const [, path] = /^file:(\/.+)$/s.exec(reference) ?? [];
  if (path !== undefined) {
    requireNotOwn(basename(path), reference);
    const value = contentOf(path).trim();
    if (value !== '' && !/[\r\n]/.test(value)) return value;
    const fault = value === '' ? 'is empty' : 'has several lines';
    throw new SecretError(
      `the secret is in ${path}, which ${fault}`,
      'put the secret there, and nothing else',
    );
  }
  throw new SecretError(
    'what is given is no reference to a secret',
    'a reference is env:NAME or file:/path, and never the value',
  );
}

function requireNotOwn(name: string, reference: string): void {
  if (OWN_SECRETS.test(name))
    throw new SecretError(
      `the secret is at ${reference}, a name of the project's own secrets, which are no account's`,
      'keep the secret of the account under another name',
    );
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SecretError(
      `the secret is in ${path}, which cannot be read: ${messageOf(error)}`,
      'mend the path, or let this process read it',
    );
  }
}
