/** What of a list is no fault, and most likely not meant so. */
import { emailKey, type Member } from '@postrider/core/ports';
import type { ListFindings } from './list-sample.ts';

/** Of fewer rows it may be a family. */
const fewRows = 5;

/** One sentence each, for who applies the campaign. */
export function oddities({ fields, sample }: ListFindings): readonly string[] {
  const warnings: string[] = [];
  const named = /^(?:name|firstName|lastName)$/;
  const isAddressed = fields?.some(({ role }) => role === 'line1') === true;
  if (isAddressed && sample.rows > 0 && !fields.some(({ role }) => named.test(role ?? ''))) {
    const left = fields.filter(({ role }) => role === null).map(({ field }) => `"${field}"`);
    warnings.push(
      'no column holds a name, so that no card has one' +
        (left.length === 0
          ? ''
          : `: where it is one of ${left.join(', ')}, say so, as columns: { name: … }`),
    );
  }
  if (sample.sharedEmail > 0) {
    const column = fields?.find(({ role }) => role === 'email')?.field;
    warnings.push(
      `${sample.sharedEmail} of ${sample.rows} rows have one and the same e-mail` +
        (column === undefined ? '' : ` in the column "${column}"`) +
        ', and are one person by it: where it is somebody else’s, say columns: { email: null }',
    );
  }
  return warnings;
}

/** How many have the e-mail that most of them have; 0 where no e-mail is that of most. */
export function sharingOneEmail(members: readonly Member[]): number {
  const counts = new Map<string, number>();
  for (const { email } of members)
    if (email !== null) counts.set(emailKey(email), (counts.get(emailKey(email)) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  return members.length >= fewRows && most > members.length / 2 ? most : 0;
}
