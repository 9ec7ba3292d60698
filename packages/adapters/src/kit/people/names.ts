/** The name of a person, of a column or of several. */
import type { Member } from '@postrider/core/ports';
import type { Role } from './column-plan.ts';

const afterNames =
  'jr|sr|junior|senior|i{1,3}|iv|esq|esquire|m\\.?d|d\\.?d\\.?s|' +
  'd\\.?v\\.?m|d\\.?o|ph\\.? ?d|r\\.?n|' +
  'j\\.?d|m\\.?b\\.?a|c\\.?p\\.?a|m\\.?a|b\\.?a|ed\\.?d|osb|sj|ret|usn|usmc|usaf|obe|mbe|cbe|qc|kc';
const forms =
  'inc|incorporated|corp|co|company|l\\.?l\\.?c|l\\.?l\\.?p|l\\.?p|p\\.?c|p\\.?a|' +
  'ltd|limited|plc|gmbh|ag|' +
  'ohg|gbr|kg|s\\.?a|s\\.?r\\.?l|s\\.?a\\.?s|b\\.?v|n\\.?v|pty|oy|ab|as|aps';
/** What stands behind a comma and is no given name: `Smith, Jr.`, `Acme, Inc.` */
const isBehind = new RegExp(`^(?:${afterNames}|${forms})\\.?$`, 'i');
const isCompany = new RegExp(`[ ,](?:${forms})\\.?$`, 'i');

/** @param at the cell of a role, blank where there is none. */
export function nameOf(at: (role: Role) => string): Pick<Member, 'firstName' | 'lastName'> {
  let firstName = at('firstName');
  let lastName = withPrefix(at('lastNamePrefix'), at('lastName'));
  if (firstName === '' && lastName === '') [firstName, lastName] = splitName(at('name'));
  return {
    firstName: firstName === '' ? null : firstName,
    lastName: lastName === '' ? null : lastName,
  };
}

/**
 * Van den Berg has the first two words in a column of their own, where lists are sorted by Berg.
 */
function withPrefix(prefix: string, name: string): string {
  const isThere = name.toLowerCase().startsWith(`${prefix.toLowerCase()} `);
  return prefix === '' || name === '' || isThere ? name : `${prefix} ${name}`;
}

/** "Ann Lee" and "Lee, Ann" become Ann and Lee. */
function splitName(name: string): [first: string, last: string] {
  const [family = '', given = '', ...more] = name.split(',').map((part) => part.trim());
  const behind = more.filter((part) => isBehind.test(part));
  if (family !== '' && name.includes(',') && !isBehind.test(given) && !isCompany.test(family))
    if (behind.length === more.length) return [given, [family, ...behind].join(', ')];
  const [end = ''] = /(?:,\s*[^,]+)?$/.exec(name) ?? [];
  const whole = isBehind.test(end.replace(/^,\s*/, '')) ? name.slice(0, -end.length) : name;
  const blank = whole.lastIndexOf(' ');
  return blank < 0 || isCompany.test(name) || isCompany.test(family)
    ? [name, '']
    : [whole.slice(0, blank).trim(), name.slice(blank + 1)];
}
