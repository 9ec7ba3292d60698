/** Makes the database client that the library works with. */
import postgres from 'postgres';
import { z } from 'zod';
import { InvalidOptionsError } from '../common/invalid-options.ts';
import { faultsOf } from '../ports/words/schema-words.ts';
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

const optionsSchema = z.strictObject({
  max: z.int().min(0).max(10_000).optional(),
  name: z.string().optional(),
  onNotice: z.custom((value) => typeof value === 'function', 'a function').optional(),
  synchronousCommit: z.literal('off').optional(),
  onQuery: z.custom((value) => typeof value === 'function', 'a function').optional(),
});

/**
 * A client as the machine wants it: types fetched (pg-boss binds arrays), and `sessionSettings` in
 * each of its sessions, whatever the defaults of the database and the role are. A table of yours is
 * named with its schema: `search_path` is the server's own catalog alone. Throws
 * `InvalidOptionsError`, which never quotes the address: it may hold a password.
 */
export function connect(url: string | undefined, options: ConnectOptions = {}): postgres.Sql {
  const { error } = optionsSchema.safeParse(options);
  const looksRight = url !== undefined && /^postgres(?:ql)?:\/\//.test(url);
  if (looksRight && error === undefined) {
    try {
      return clientOf(url, options);
    } catch {
      throw new InvalidOptionsError('connect', [{ option: 'url', message: wrongAddress(url) }]);
    }
  }
  const faults =
    error === undefined
      ? []
      : faultsOf(error, { schema: optionsSchema, value: options, noSuch: 'is no option here' });
  throw new InvalidOptionsError('connect', [
    ...(looksRight ? [] : [{ option: 'url', message: wrongAddress(url) }]),
    ...faults.map(({ path, message }) => ({ option: path.join('.') || 'options', message })),
  ]);
}

function wrongAddress(url: string | undefined): string {
  return (
    `${url === undefined || url === '' ? 'is missing' : 'is not the address of a database'}: it ` +
    'looks like postgres://user:password@host:5432/name; what is no letter or digit in the ' +
    'password must be percent-encoded'
  );
}

function clientOf(url: string, options: ConnectOptions): postgres.Sql {
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
