/**
 * What the rules of the database say of the first rows of a list: who is somebody's double, by
 * e-mail or by household, and whose address cannot be mailed. A sync applies the same ones, in the
 * same order.
 */
import { judgeAddresses } from '@postrider/core';
import { emailKey, type Member } from '@postrider/core/ports';
import type { Sql } from '@postrider/runner/database';
import type { CampaignFile } from '../campaign-file/read.ts';
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
  const isByHousehold = definition.dedupe === 'household';
  const [emails, households] = [new Set<string>(), new Set<string>()];
  let [mailable, doubled, sharing] = [0, 0, 0];
  const refused = members.flatMap((member, index) => {
    const { fault = null, householdKey = null } = judged[index] ?? {};
    const own = emailKeysOf(member);
    const place = householdKey !== null && (isByHousehold ? '' : nameOf(member)) + householdKey;
    if (own.some((key) => emails.has(key)) || (!isByHousehold && place && households.has(place)))
      doubled++;
    else if (place && households.has(place)) sharing++;
    else if (fault !== null) {
      const column = /^(\w+): /.exec(fault)?.[1] ?? null;
      // A person who cannot be mailed keeps nobody out.
      return [{ reason: 'bad_address', row: member.row, column, message: fault }];
    } else {
      mailable++;
      for (const key of own) emails.add(key);
      if (place) households.add(place);
    }
    return [];
  });
  const unusable = gathered([...list.sample.unusable, ...refused]);
  return { ...list, sample: { ...list.sample, mailable, doubled, sharing, unusable } };
}

function emailKeysOf({ email, otherEmails = [] }: Member): readonly string[] {
  return [email ?? [], otherEmails].flat().map(emailKey);
}

/** As a sync folds it, to tell two people of one household. */
function nameOf({ firstName, lastName }: Member): string {
  const name = `${firstName ?? ''} ${lastName ?? ''}`
    .normalize('NFKD')
    .replace(/(?<=\p{Script=Latin}|\p{Script=Greek})\p{M}+/gu, '');
  return `${name
    .toUpperCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim()}|`;
}
