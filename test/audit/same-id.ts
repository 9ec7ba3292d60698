/** Whether a second row with an id is about another person, as the auditor sees it. */

export interface Keys {
  readonly email: string;
  readonly household: string;
  readonly name: string;
}

/** Nothing of the two is the same, and of two things both have another. Blank tells nothing. */
export function isAnother(one: Keys, two: Keys): boolean {
  const both = (['email', 'household'] as const).filter(
    (key) => one[key] !== '' && two[key] !== '',
  );
  if (both.some((key) => one[key] === two[key])) return false;
  return both.length === 2 || (one.name !== '' && two.name !== '' && one.name !== two.name);
}
