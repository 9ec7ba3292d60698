import postgres from 'postgres';
import { learnServer, sessionSettings } from './session.ts';

export interface ConnectOptions {
  /** Connections at most. */
  readonly max?: number;
  /** Shown in pg_stat_activity. */
  readonly name?: string;
  /** Notices of the server, such as "role could not be created". Default: dropped. */
  readonly onNotice?: (message: string) => void;
  /**
   * `off`: commits do not wait for the disk. For the queue's own traffic only; see
   * `PipelineOptions.queueSql`.
   */
  readonly synchronousCommit?: 'off';
  /** Called for every statement sent. */
  readonly onQuery?: () => void;
}

/**
 * A client as the machine wants it: types fetched (pg-boss binds arrays), and `sessionSettings` in
 * each of its sessions, whatever the defaults of the database and the role are. A table of yours is
 * named with its schema: `search_path` is the server's own catalog alone.
 */
export function connect(url: string, options: ConnectOptions = {}): postgres.Sql {
  const sql: postgres.Sql = postgres(url, {
    max: options.max ?? 10,
    connect_timeout: 10,
    // Seconds. The client's own grows to 20: a runner would still be waiting long after a server
    // that was restarted is back.
    backoff: (attempt) => (0.5 + Math.random() / 2) * Math.min(0.05 * 2 ** attempt, 1),
    connection: {
      application_name: options.name ?? 'postrider',
      ...sessionSettings,
      timezone: 'UTC',
      ...(options.synchronousCommit === undefined
        ? {}
        : { synchronous_commit: options.synchronousCommit }),
    },
    ...(options.onQuery === undefined ? {} : { debug: options.onQuery }),
    onnotice: (notice) => options.onNotice?.(String(notice['message'] ?? '')),
    onparameter: learnServer(() => sql),
  });
  return sql;
}
