/** The options of the twin of Klaviyo. */
export interface KlaviyoOptions {
  /** The ledger lies here. Made where it is missing. */
  readonly folder: string;
  /** Private keys of the account, `pk_…`. Default `pk_twin`. */
  readonly keys?: readonly string[] | undefined;
  readonly port?: number | undefined;
  readonly latencyMs?: number | undefined;
  /** Events a second and a minute. 0: no limit. Default 350 and 3500. */
  readonly eventBurst?: number | undefined;
  readonly eventSteady?: number | undefined;
  /** Bulk requests. Default 10 and 150. */
  readonly bulkBurst?: number | undefined;
  readonly bulkSteady?: number | undefined;
  /** Questions about the account. Default 1 and 15. */
  readonly accountBurst?: number | undefined;
  readonly accountSteady?: number | undefined;
  readonly limitHeaders?: 'number' | 'windows' | 'none' | undefined;
  readonly retryAfter?: 'seconds' | 'none' | undefined;
  readonly wrongKey?: 'unauthorized_401' | 'invalid_400' | undefined;
  readonly bulkRepeat?: 'invalid_400' | 'conflict_409' | 'silent' | 'ignored' | undefined;
  readonly goneProfile?: 'accepted' | 'not_found_404' | 'invalid_400' | undefined;
  /** Days after which an id of an event counts anew. 0: never. Default 0. */
  readonly uniqueIdDays?: number | undefined;
  readonly testAccount?: boolean | undefined;
  /** Its keys may do this and no more. Default both. */
  readonly scopes?: 'all' | 'events' | 'accounts' | undefined;
  /** So many requests are kept for `GET /twin/requests`. Default 100,000. */
  readonly keepRequests?: number | undefined;
  /** Gets each line of the log; keys are never in it. Default: stderr. */
  readonly log?: ((line: string) => void) | undefined;
}
