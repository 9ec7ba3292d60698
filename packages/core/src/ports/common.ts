/**
 * What every port shares.
 *
 * Ports take arrays and answer one result per item, in the order asked. What is expected (a
 * rejection, a rate limit, an unknown outcome) is a discriminated result; an exception means that
 * the whole call failed and its outcome is not known. So does an answer with another number of
 * results than items: it does not say which is whose. What cannot be recorded as it stands (a NUL,
 * half an emoji, an outcome that does not exist) is mended, or costs that one item its result.
 * `afterMs` is kept between a second and a day; one that is no such time, 0 included, leaves the
 * pause to the machine, which waits longer each time. An adapter knows ports, never the database.
 */

/**
 * A structured logger; pino's methods fit. The first argument is the fields, the second the
 * sentence. Never pass a secret.
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * A place for limits that processes share (docs/adr/0010): today nothing is limited, and `take`
 * resolves at once.
 */
export interface RateLimiter {
  /**
   * Meant to resolve when `cost` units may be spent, and to return how long it waited, in
   * milliseconds. Today: 0.
   */
  take(cost: number, signal: AbortSignal): Promise<number>;
}

/**
 * A place for what an adapter must remember between calls (docs/adr/0010): today nothing is kept,
 * and `read` answers null.
 */
export interface SavedState {
  read(): Promise<unknown>;
  write(value: unknown): Promise<void>;
}

/** Given to every call of a port. */
export interface CallContext {
  /**
   * Aborts when the runner stops or the caller's lease has passed; for `submit` never, since
   * hanging up unprints nothing. Hand it to every request.
   */
  readonly signal: AbortSignal;
  /**
   * A sign of life: the time after which a silent adapter is given up begins anew. Call it before
   * each request, where one call of the port needs several. It counts at a printer, for everything
   * that makes nothing; `submit` asks for its lease instead, and other ports have one time for the
   * whole call.
   */
  alive(): void;
  readonly limiter: RateLimiter;
  readonly logger: Logger;
  readonly saved: SavedState;
  /** The machine's time. Tests may turn it. */
  now(): Date;
}

/** A postal address as it will be printed. `country` is ISO 3166-1 alpha-2. */
export interface Address {
  readonly line1: string;
  readonly line2: string | null;
  readonly city: string;
  readonly region: string | null;
  readonly postalCode: string;
  readonly country: string;
}

/**
 * Points a mailpiece back to us. Travels in the printer's metadata, so that every piece can be
 * found again without its id.
 */
export interface PieceReference {
  readonly organizationId: string;
  readonly campaignId: string;
  readonly recipientId: string;
  readonly mailpieceId: string;
}

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
  /** Returns undefined where the secret is not set. */
  secret(name: string): string | undefined;
}

export interface OptionProblem {
  /** For example `audience.path`. */
  readonly option: string;
  readonly message: string;
}

/**
 * Whether an error is one of ours, by its name and not by its class: a program and its adapters may
 * each have loaded a copy of this package, and the class of one copy is none of the other's.
 */
export function isNamed<Kind extends Error>(error: unknown, name: Kind['name']): error is Kind {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === name;
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
