/** What a program handed over cannot be used. */
import { didYouMean } from '../ports/words/near.ts';

export interface InvalidOption {
  /** For example `settings.leaseMs`. */
  readonly option: string;
  /** What is wrong with it: `must be at least 1, not -5`. */
  readonly message: string;
}

/**
 * Nothing was begun. `problems` has all that was found, so that a call is corrected in one round.
 */
export class InvalidOptionsError extends Error {
  override readonly name = 'InvalidOptionsError';
  readonly problems: readonly InvalidOption[];
  constructor(of: string, problems: readonly InvalidOption[]) {
    const lines = problems.map(({ option, message }) => `${option} ${message}`);
    super(`${of}: ${lines.join('; ')}`);
    this.problems = problems;
  }
}

/**
 * Throws `InvalidOptionsError` for an option that a call does not have: one that was mistyped would
 * be missed, and the call would do something else than was asked.
 */
export function requireKnown(of: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new InvalidOptionsError(
    of,
    unknown.map((option) => {
      const meant = didYouMean(option, known) ?? `there are ${known.join(', ')}`;
      return { option, message: `is no option here; ${meant}` };
    }),
  );
}
