/** What of a look-up file is not as it should be, told when a campaign with it is applied. */
import { isDeepStrictEqual } from 'node:util';
import { emailKey } from '@postrider/core/ports';
import type { Address, CallContext } from '@postrider/core/ports';
import type { RowResult } from '../kit/people/row.ts';

/** Of a file that does not fit at all, one sees what is wrong by its first rows. */
const told = 5;

export async function remarksOn(
  path: string,
  rows: AsyncIterable<RowResult>,
  context: Pick<CallContext, 'signal'>,
): Promise<readonly string[]> {
  const first = new Map<string, { readonly row: number | null; readonly address: Address }>();
  const unusable: string[] = [];
  const twice: string[] = [];
  const changed: string[] = [];
  const forbidden: string[] = [];
  let read = 0;
  for await (const row of rows) {
    context.signal.throwIfAborted();
    read += 1;
    if ('reject' in row) {
      unusable.push(`row ${row.reject.row}: ${row.reject.message}`);
      continue;
    }
    const { email, otherEmails = [], address, notes = [] } = row.member;
    if (row.member.doNotMail === true)
      forbidden.push(`row ${row.member.row}: ${row.member.doNotMailBecause ?? 'it says so'}`);
    const [note] = notes;
    if (email === null || address === null) {
      const lack = note?.message ?? `There is no ${email === null ? 'e-mail' : 'address'}.`;
      unusable.push(`row ${row.member.row}: ${lack}`);
      continue;
    }
    changed.push(...notes.map(({ message }) => `row ${row.member.row}: ${message}`));
    for (const one of [email, ...otherEmails]) {
      const before = first.get(emailKey(one));
      if (before !== undefined && !isDeepStrictEqual(before.address, address))
        twice.push(`row ${row.member.row}: ${one} has another address in row ${before.row}`);
      first.set(emailKey(one), { row: row.member.row, address });
    }
  }
  const sentences: readonly (readonly [string, readonly string[], string])[] = [
    ['rows that cannot be used, by which nobody is found', unusable, ` of ${read}`],
    ['e-mails with two addresses, of which the last one counts', twice, ''],
    [
      'rows that say not to mail somebody, which a look-up does not obey (in every campaign: ' +
        'postrider suppress --file LIST --only COLUMN=yes)',
      forbidden,
      ` of ${read}`,
    ],
    ['cells that are read otherwise than they are written', changed, ''],
  ];
  return sentences
    .filter(([, list]) => list.length > 0)
    .map(([what, list, of]) => {
      const more = list.length > told ? `; and ${list.length - told} more` : '';
      const shown = list.slice(0, told).map((one) => one.replace(/\.$/, ''));
      return `${path}: ${what}: ${list.length}${of} (${shown.join('; ')}${more})`;
    });
}
