/** What a program handed over cannot be used. */

export interface InvalidOption {
  /** For example `settings.leaseMs`. */
  readonly option: string;
  /** What is wrong with it: `must be at least 1, not -5`. */
  readonly message: string;
}

/** Nothing was begun. `problems` has all that was found, so that a call is corrected in one round. */
export class InvalidOptionsError extends Error {
  override readonly name = 'InvalidOptionsError';
  readonly problems: readonly InvalidOption[];
  constructor(of: string, problems: readonly InvalidOption[]) {
    const lines = problems.map(({ option, message }) => `${option} ${message}`);
    super(`${of}: ${lines.join('; ')}`);
    this.problems = problems;
  }
}
