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
 * How many requests of one kind an account may make: at most so many in any window. All windows of
 * a route hold at once.
 */
export interface RouteLimit {
  /** What the provider counts together, for example `POST /postcards`. */
  readonly route: string;
  readonly windows: readonly { readonly requests: number; readonly ms: number }[];
}

/** What an answer of a provider says of its limit. */
export type LimitNotice =
  /** Of its headers; null: not told. */
  | {
      readonly kind: 'headers';
      readonly limit: number | null;
      readonly remaining: number | null;
      readonly resetAt: Date | null;
    }
  /** 429. Everybody who uses the connection waits so long; null: until the window has passed. */
  | { readonly kind: 'exceeded'; readonly retryAfterMs: number | null };

/** Leave to send one request. */
export interface Permit {
  /** How long it was waited for, in milliseconds. */
  readonly waitedMs: number;
  /**
   * Tell when the request is over, whatever became of it. What was never sent is given back. An
   * answer that took longer than others may be that of a request that came later than others: it
   * counts from then on, so that no window of the provider's ever holds more than it allows.
   *
   * @param sent whether a byte of it may have left.
   */
  end(sent: boolean): void;
}

/**
 * The limits of a connection, shared by all runners. Without a connection nothing is limited, and
 * `take` resolves at once.
 */
export interface RateLimiter {
  /**
   * Resolves when a request that counts `cost` times may be sent. Throws what `signal` aborts with,
   * and of `submit` `SendStoppedError` where the provider has stopped working meanwhile, or takes
   * nothing for long: then nothing was taken.
   */
  take(limit: RouteLimit, cost: number, signal: AbortSignal): Promise<Permit>;
  /** Corrects the limit of everybody by what the provider says. */
  told(limit: RouteLimit, notice: LimitNotice): void;
}

/** One request to a provider, as it is kept: what one needs to argue with a printer. */
export interface ProviderCall {
  /** As the limit calls it, for example `POST /postcards`. */
  readonly route: string;
  /** Of ours: the ids of the mailpieces, or of others, that the request is about. */
  readonly about: readonly string[];
  readonly startedAt: Date;
  readonly durationMs: number;
  /** Of HTTP; null where not even the head of an answer came. */
  readonly status: number | null;
  /** `not_sent`: proven that no byte left. `unclear`: no whole answer came. */
  readonly outcome: 'answer' | 'not_sent' | 'unclear';
  /** Whether we did not wait for the answer. Then its absence says nothing of the provider. */
  readonly hungUp: boolean;
  /** By which the provider finds the request in its own log. */
  readonly providerRequestId: string | null;
  /** Redacted; a body of over 8 kB by its hash. */
  readonly request: string | null;
  readonly answer: string | null;
  /** Why no whole answer came. */
  readonly error: string | null;
}

/** Keeps what was asked of a provider, and judges its health by it. */
export interface CallRecorder {
  /** Costs the caller nothing: calls are written in batches, beside what they were made for. */
  record(call: ProviderCall): void;
}

/** What an adapter must remember between calls, by its connection: cursors, tokens. */
export interface SavedState {
  /** Null where nothing is kept under this key. */
  read(key: string): Promise<unknown>;
  write(key: string, value: unknown): Promise<void>;
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
   * that makes nothing; `submit` asks the guard instead, and other ports have one time for the
   * whole call.
   */
  alive(): void;
  readonly limiter: RateLimiter;
  readonly calls: CallRecorder;
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

/**
 * Whether an error is one of ours, by its name and not by its class: a program and its adapters may
 * each have loaded a copy of this package, and the class of one copy is none of the other's.
 */
export function isNamed<Kind extends Error>(error: unknown, name: Kind['name']): error is Kind {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === name;
}
