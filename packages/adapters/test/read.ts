import { contractContext } from '@postrider/core/contract';
import type { AudienceSource, Member, Reject } from '@postrider/core/ports';

export interface Read {
  readonly members: readonly Member[];
  readonly rejects: readonly Reject[];
}

export async function readAll(source: AudienceSource, segmentId = 'segment'): Promise<Read> {
  const [members, rejects]: [Member[], Reject[]] = [[], []];
  for await (const page of source.members(
    segmentId,
    { pageSize: 100, limit: null },
    contractContext(),
  )) {
    members.push(...page.members);
    rejects.push(...page.rejects);
  }
  return { members, rejects };
}
