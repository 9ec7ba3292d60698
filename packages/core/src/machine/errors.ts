/**
 * The machine's own errors: SQLSTATE class PR, mapped here once, by code and never by the name of a
 * constraint.
 */
import { isServerError } from '../common/driver-errors.ts';
import { isNamed } from '../ports/common.ts';
import { asConnectionError } from './connection-error.ts';
import { notMigrated } from './migration-error.ts';

export const machineErrors = {
  PR001: 'illegal_move',
  PR002: 'actor_not_allowed',
  PR003: 'identity_changed',
  PR004: 'refuse_deletion',
  PR005: 'evidence_missing',
  PR006: 'history_broken',
  PR010: 'not_found',
  PR011: 'campaign_busy',
  PR012: 'campaign_gate',
  PR013: 'lock_lost',
  PR014: 'frozen',
  PR015: 'not_armed',
  PR016: 'outcome_unknown',
  PR017: 'not_allowed_now',
  PR018: 'queue_missing',
  PR019: 'organization_forbidden',
  PR020: 'invalid_argument',
  PR021: 'people_at_printer',
  PR022: 'staging_incomplete',
  PR023: 'session_unsuitable',
} as const;

export type MachineErrorKind = (typeof machineErrors)[keyof typeof machineErrors];

export interface MachineErrorParts {
  readonly hint: string;
  readonly detail: unknown;
  readonly cause?: unknown;
}

/** The database refused. `message` says what is wrong, `hint` what to do; nothing was changed. */
export class MachineError extends Error {
  override readonly name = 'MachineError';
  readonly kind: MachineErrorKind;
  readonly code: string;
  readonly hint: string;
  readonly detail: unknown;
  constructor(
    code: keyof typeof machineErrors,
    message: string,
    { hint, detail, cause }: MachineErrorParts,
  ) {
    super(message, { cause });
    this.code = code;
    this.kind = machineErrors[code];
    this.hint = hint;
    this.detail = detail;
  }
}

function isOurs(code: string): code is keyof typeof machineErrors {
  return Object.hasOwn(machineErrors, code);
}

/** Also of another copy of this package. */
export function isMachineError(error: unknown): error is MachineError {
  return isNamed<MachineError>(error, 'MachineError');
}

function parsed(detail: string | undefined): unknown {
  try {
    return JSON.parse(detail ?? '{}');
  } catch {
    return {};
  }
}

/** What is not there: a relation, a schema, a function, a column. */
const missing: readonly string[] = ['42P01', '3F000', '42883', '42703'];

/**
 * Turns an error of the driver into a `MachineError` where it is one of ours, and into a
 * `MigrationError` where something of ours is not there, and one of making a session into a
 * `ConnectionError`; anything else is returned as it is.
 */
function asMachineError(error: unknown): unknown {
  if (!isServerError(error)) return asConnectionError(error);
  const { code, message, hint = '', detail } = error;
  if (isOurs(code))
    return new MachineError(code, message, { hint, detail: parsed(detail), cause: error });
  if (missing.includes(code) && message.includes('postrider'))
    return notMigrated(`the database is not set up for this version: ${message}`, error);
  return asConnectionError(error);
}

/** Awaits a query and maps the machine's errors. */
export async function withMachineErrors<T>(query: PromiseLike<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    throw asMachineError(error);
  }
}
