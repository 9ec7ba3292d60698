/** The options of the twin of Lob. */
export interface LobOptions {
  /** The ledger lies here. Made where it is missing. */
  readonly folder: string;
  /**
   * The keys of the account, `test_…` and `live_…`: each mode has its own pieces. Default
   * `test_twin` and `live_twin`.
   */
  readonly keys?: readonly string[] | undefined;
  readonly port?: number | undefined;
  readonly latencyMs?: number | undefined;
  /** Requests to an endpoint in a window, with one key. 0: no limit. Default 150. */
  readonly limit?: number | undefined;
  /** The same for `POST /us_verifications`. Default 300. */
  readonly verifyLimit?: number | undefined;
  readonly limitWindowMs?: number | undefined;
  readonly limitHeaders?: 'both' | 'ratelimit' | 'x-rate-limit' | 'none' | undefined;
  readonly retryAfter?: boolean | undefined;
  readonly readLagMs?: number | undefined;
  readonly keyLifetimeHours?: number | undefined;
  readonly sameKeyOtherBody?: 'replay' | 'conflict_409' | undefined;
  readonly sameKeyUnderWay?: 'conflict_409' | 'wait' | undefined;
  readonly cancelWindowMinutes?: number | undefined;
  /** What is answered where a piece that was cancelled is cancelled again. Default `deleted`. */
  readonly cancelAgain?: 'deleted' | 'not_found' | 'not_deletable' | undefined;
  /** False: artwork may have any https address. Default true. */
  readonly urlPattern?: boolean | undefined;
  readonly defaultUseType?: 'none' | 'marketing' | 'operational' | undefined;
  readonly strictness?: 'strict' | 'normal' | 'relaxed' | undefined;
  readonly account?: AccountState | undefined;
  /** False: addresses come back as they were sent. Default true. */
  readonly normalizeAddresses?: boolean | undefined;
  /** False: cancelled pieces are in no list. Default true. */
  readonly listCancelled?: boolean | undefined;
  readonly mailedEvents?: boolean | undefined;
  readonly daysPerSecond?: number | undefined;
  readonly loseScans?: number | undefined;
  readonly lateScans?: number | undefined;
  readonly rerouted?: number | undefined;
  readonly returned?: number | undefined;
  readonly renderFailures?: number | undefined;
  /** The journeys are drawn from it and from the idempotency keys. */
  readonly seed?: number | undefined;
  readonly verifyQuota?: number | undefined;
  /** Events of both modes go there, until `POST /twin/webhook` says otherwise. */
  readonly webhook?: string | undefined;
  readonly webhookSecret?: string | undefined;
  readonly webhookTimestamp?: 'ms' | 's' | undefined;
  /** The time and signature of a retry: its own, or those of the first attempt. Default `new`. */
  readonly webhookRetrySignature?: 'new' | 'first' | undefined;
  readonly webhookDuplicates?: number | undefined;
  readonly webhookShuffle?: number | undefined;
  readonly webhookPerSecond?: number | undefined;
  readonly webhookTimeoutMs?: number | undefined;
  /** Seconds before the second attempt, the third, and so on, with commas between them. */
  readonly retryLadder?: string | undefined;
  /** So many requests are kept for `GET /twin/requests`. Default 100,000. */
  readonly keepRequests?: number | undefined;
  /** Gets each line of the log; keys, names and addresses are never in it. Default: stderr. */
  readonly log?: ((line: string) => void) | undefined;
}

/** Why an account takes no live pieces, in Lob's own words. */
export const accountStates = [
  'ok',
  'billing_address_required',
  'payment_method_unverified',
  'email_required',
  'feature_limit_reached',
  'unauthorized',
] as const;
export type AccountState = (typeof accountStates)[number];
