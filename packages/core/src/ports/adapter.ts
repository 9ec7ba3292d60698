/** How adapters are made from what a campaign file says. */
import type { Connection } from './connection.ts';

/** How an adapter is configured and made. A registry lists them by port and kind. */
export interface AdapterFactory<Port> {
  /**
   * Checks the options of a campaign file and makes the adapter. Throws `AdapterConfigError` that
   * names the option. `baseDirectory` resolves relative paths; `secrets` gives the value of a
   * secret by its name (an environment variable or a file).
   */
  create(options: unknown, wiring: AdapterWiring): Port | Promise<Port>;
}

export interface AdapterWiring {
  readonly baseDirectory: string;
  /** Where an adapter may keep files of its own, such as rendered artwork. Absolute. */
  readonly dataDirectory: string;
  /**
   * Returns undefined where the secret is not set. `optional`: the adapter works without it, so
   * that nobody is told that it is missing.
   */
  secret(name: string, need?: 'optional'): string | undefined;
  /** The account that the campaign file names; absent where it names a kind. */
  readonly connection?: Connection;
}

export interface OptionProblem {
  /** For example `audience.path`. */
  readonly option: string;
  readonly message: string;
}

/** A campaign file names options that the adapter cannot use. */
export class AdapterConfigError extends Error {
  override readonly name = 'AdapterConfigError';
  /** Of the first problem, for example `audience.path`. */
  readonly option: string;
  /** All that was found, so that a file is corrected in one round. */
  readonly problems: readonly OptionProblem[];
  constructor(option: string, message: string, further: readonly OptionProblem[] = []) {
    const problems = [{ option, message }, ...further];
    super(problems.map((problem) => `${problem.option}: ${problem.message}`).join('\n'));
    this.option = option;
    this.problems = problems;
  }
}
