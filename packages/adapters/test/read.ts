import { contractContext } from '@postrider/core/contract';
import type { AudienceSource, Member, Reject } from '@postrider/core/ports';

export interface Read {
  readonly members: readonly Member[];
  readonly rejects: readonly Reject[];
  /** What the first page with a sign of it says. */
  readonly incomplete: string | null;
}

export async function readAll(source: AudienceSource, segmentId = 'segment'): Promise<Read> {
  const [members, rejects]: [Member[], Reject[]] = [[], []];
  let incomplete: string | null = null;
  for await (const page of source.members(
    segmentId,
    { pageSize: 100, limit: null },
    contractContext(),
  )) {
    members.push(...page.members);
    rejects.push(...page.rejects);
    incomplete ??= page.incomplete ?? null;
  }
  return { members, rejects, incomplete };
}
