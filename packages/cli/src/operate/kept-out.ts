/** People of whom a list says that they are not to be mailed, and what holds for them elsewhere. */
import type { AudienceField, Member } from '@postrider/core/ports';
import { emailKey } from '@postrider/core/ports';

/** Whether a list, or some of it, keeps a person out: by the id or an e-mail in any of its rows. */
export function keptOutBy(members: readonly Member[]): (member: Member) => boolean {
  const keys = new Set(members.filter(({ doNotMail }) => doNotMail === true).flatMap(keysOf));
  return (member) => keysOf(member).some((key) => keys.has(key));
}

function keysOf({ externalId, email, otherEmails = [] }: Member): readonly string[] {
  const emails = [email ?? [], otherEmails].flat();
  return [`id ${externalId}`, ...emails.map((one) => `email ${emailKey(one)}`)];
}

/** How they are kept out of every campaign. */
export function howToSuppress(fields: readonly AudienceField[] | null): string {
  const column = fields?.find(({ role }) => role === 'doNotMail');
  const only =
    column === undefined
      ? 'COLUMN=yes'
      : `${column.field}=${column.remark === null ? 'yes' : 'no'}`;
  return (
    'they are kept out of this campaign alone; out of every one: ' +
    `postrider suppress --file LIST --only ${JSON.stringify(only)}`
  );
}
