/** The name of a person, of a column or of several. */
import type { Member } from '@postrider/core/ports';
import type { Role } from './column-plan.ts';

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

/** Van den Berg has the first two words in a column of their own, where lists are sorted by Berg. */
function withPrefix(prefix: string, name: string): string {
  const isThere = name.toLowerCase().startsWith(`${prefix.toLowerCase()} `);
  return prefix === '' || name === '' || isThere ? name : `${prefix} ${name}`;
}

/** "Ann Lee" and "Lee, Ann" become Ann and Lee. */
function splitName(name: string): [string, string] {
  const comma = name.indexOf(',');
  if (comma > 0) return [name.slice(comma + 1).trim(), name.slice(0, comma).trim()];
  const blank = name.lastIndexOf(' ');
  return blank < 0 ? [name, ''] : [name.slice(0, blank).trim(), name.slice(blank + 1)];
}
