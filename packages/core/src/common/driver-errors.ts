/** Errors of the driver and of the server, told apart by what they look like. */
import { isNamed } from '../ports/common.ts';

export interface ErrorOfServer {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly detail?: string;
}

/**
 * Whether the server raised this error. It is known by its form and not by its class: the client
 * may be of another copy or version of the driver, whose class is not ours, or of a bundle in which
 * the class has lost its name.
 */
export function isServerError(error: unknown): error is ErrorOfServer {
  return (
    typeof error === 'object' &&
    error !== null &&
    (isNamed(error, 'PostgresError') || 'severity_local' in error) &&
    'code' in error &&
    typeof error.code === 'string'
  );
}

/**
 * The SQLSTATE of an error of the server, also of one that the machine has mapped; null for
 * anything else.
 */
export function sqlState(error: unknown): string | null {
  return isServerError(error) ? error.code : mappedState(error);
}

function mappedState(error: unknown): string | null {
  if ((isNamed(error, 'MigrationError') || isNamed(error, 'ConnectionError')) && 'cause' in error)
    return sqlState(error.cause);
  return isNamed(error, 'MachineError') && 'code' in error ? String(error.code) : null;
}

/**
 * No connection, or none any more: closed, refused, not found, the server going or coming (57P…),
 * too many of them. Nothing is wrong with the query.
 */
export function isLostConnection(error: unknown): boolean {
  return isLostSession(error) || hasCode(error, /^E[A-Z]{3,}/);
}

/**
 * The same in the words of the driver or of the server alone: an error of the network, or of a
 * file, may be anybody's.
 */
export function isLostSession(error: unknown): boolean {
  return hasCode(error, /^(CONNECT|08|57P|53300)/);
}

function hasCode(error: unknown, pattern: RegExp): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    pattern.test(String(error.code))
  );
}
