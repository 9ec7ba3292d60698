/**
 * What the rules of the database say of the first rows of a list: whose address cannot be mailed,
 * and who shares a household. A sync applies the same ones.
 */
import { judgeAddresses } from '@postrider/core';
import type { CampaignFile } from '@postrider/runner/campaign-file';
import type { Sql } from '@postrider/runner/database';
import { gathered, type ListFindings, type SampleRead } from './list-sample.ts';

/** @param longestLine in letters, of an address on this format; null: any. */
export async function judgeSample(
  sql: Sql,
  { list, members }: SampleRead,
  { definition }: CampaignFile,
  longestLine: number | null,
): Promise<ListFindings> {
  const judged = await judgeAddresses(
    sql,
    members.map(({ address }) => address),
    longestLine,
  );
  const households = new Set<string>();
  let [mailable, sharing] = [0, 0];
  const refused = members.flatMap(({ row }, index) => {
    const { fault = null, householdKey = null } = judged[index] ?? {};
    if (fault !== null) {
      const column = /^(\w+): /.exec(fault)?.[1] ?? null;
      return [{ reason: 'bad_address', row, column, message: fault }];
    }
    if (definition.dedupe === 'household' && householdKey !== null && households.has(householdKey))
      sharing++;
    else mailable++;
    if (householdKey !== null) households.add(householdKey);
    return [];
  });
  const unusable = gathered([...list.sample.unusable, ...refused]);
  return { ...list, sample: { ...list.sample, mailable, sharing, unusable } };
}
