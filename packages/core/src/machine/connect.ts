import postgres from 'postgres';

export interface ConnectOptions {
  /** Connections at most. */
  readonly max?: number;
  /** Shown in pg_stat_activity. */
  readonly name?: string;
  /** Notices of the server, such as "role could not be created". Default: dropped. */
  readonly onNotice?: (message: string) => void;
  /** `off`: commits do not wait for the disk. For the queue's own traffic only; see `PipelineOptions.queueSql`. */
  readonly synchronousCommit?: 'off';
  /** Called for every statement sent. */
  readonly onQuery?: () => void;
}

/**
 * A client as the machine wants it. A library's user may bring their own, with the same settings: types fetched (pg-boss binds arrays), and
 * `plan_cache_mode = force_custom_plan` on long-lived connections (a plan cached while a table was empty scans for ever: 109 s instead of 14 s), read committed.
 */
export const connect = (url: string, options: ConnectOptions = {}): postgres.Sql =>
  postgres(url, {
    max: options.max ?? 10,
    connect_timeout: 10,
    // Seconds. The client's own grows to 20: a runner would still be waiting long after a server that was restarted is back.
    backoff: (attempt) => (0.5 + Math.random() / 2) * Math.min(0.05 * 2 ** attempt, 1),
    connection: {
      application_name: options.name ?? 'postrider',
      plan_cache_mode: 'force_custom_plan',
      jit: 'off',
      // Whatever the database's default is: the machine refuses any other (PR023).
      default_transaction_isolation: 'read committed',
      ...(options.synchronousCommit === undefined ? {} : { synchronous_commit: options.synchronousCommit }),
    },
    ...(options.onQuery === undefined ? {} : { debug: options.onQuery }),
    onnotice: (notice) => options.onNotice?.(String(notice['message'] ?? '')),
  });
