/** What fails of a beat: its parts, each by itself, are told, logged and counted. */
import { isLostConnection, sqlState } from '../common/driver-errors.ts';
import { messageOf } from '../common/message-of.ts';
import { storable } from '../common/text.ts';
import type { PartFailure } from '../machine/house.ts';

export function hintOf(error: unknown): string | null {
  return typeof error === 'object' &&
    error !== null &&
    'hint' in error &&
    typeof error.hint === 'string'
    ? error.hint
    : null;
}

export function failureOf(
  part: string,
  error: unknown,
  organizations: readonly string[] = [],
): PartFailure {
  return {
    part,
    organizations,
    code: sqlState(error),
    message: storable(messageOf(error)),
    hint: hintOf(error),
  };
}

/**
 * Does a part for one organization after the other: one that fails does not keep the next from it.
 * Rejects where the connection is lost.
 */
export async function forEachOrganization(
  part: string,
  organizations: readonly string[],
  work: (organizationId: string) => Promise<unknown>,
): Promise<readonly PartFailure[]> {
  const failed: string[] = [];
  let first: unknown;
  for (const id of organizations) {
    try {
      await work(id);
    } catch (error) {
      if (isLostConnection(error)) throw error;
      if (failed.length === 0) first = error;
      failed.push(id);
    }
  }
  return failed.length === 0 ? [] : [failureOf(part, first, failed)];
}
