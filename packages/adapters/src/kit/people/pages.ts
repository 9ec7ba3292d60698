/** Rows of a list become pages of an audience. */
import type { AudiencePage, Member, Reject } from '@postrider/core/ports';
import type { RowResult } from './row.ts';

/**
 * Gathers rows into pages of `pageSize` rows and stops after `limit` rows; members and rejects both
 * count. The first sign that the list is not told in full stands on its page and on those after it.
 */
export async function* paginate(
  rows: AsyncIterable<RowResult>,
  options: { readonly pageSize: number; readonly limit: number | null },
  signal: AbortSignal,
): AsyncGenerator<AudiencePage> {
  const pageSize = Math.max(1, Math.trunc(options.pageSize));
  let left = options.limit ?? Infinity;
  let members: Member[] = [];
  let rejects: Reject[] = [];
  let incomplete: string | null = null;
  if (left <= 0) return;
  for await (const row of rows) {
    if ('member' in row) members.push(row.member);
    else {
      rejects.push(row.reject);
      incomplete ??= row.incomplete ?? null;
    }
    left--;
    if (members.length + rejects.length >= pageSize || left <= 0) {
      signal.throwIfAborted();
      yield pageOf(members, rejects, incomplete);
      if (left <= 0) return;
      members = [];
      rejects = [];
    }
  }
  signal.throwIfAborted();
  if (members.length + rejects.length > 0) yield pageOf(members, rejects, incomplete);
}

function pageOf(
  members: readonly Member[],
  rejects: readonly Reject[],
  incomplete: string | null,
): AudiencePage {
  return { members, rejects, waitedMs: 0, ...(incomplete !== null && { incomplete }) };
}
