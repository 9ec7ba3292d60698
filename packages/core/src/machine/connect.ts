/** Makes the database client that the library works with. */
import postgres from 'postgres';
import { z } from 'zod';
import { InvalidOptionsError } from '../common/invalid-options.ts';
import { faultsOf } from '../ports/words/schema-words.ts';
import { readDatabaseAddress, type DatabaseAddress } from './database-address/read.ts';
import { driverOptions, sessionOptions } from './database-address/clients.ts';
import { DatabaseAddressError, LOOKS_LIKE } from './database-address/problem.ts';
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
 * named with its schema: `search_path` is the server's own catalog alone. What a text leaves out is
 * taken from the variables of libpq (`PGPASSWORD` …); a `DatabaseAddress` is complete. A parameter
 * that is not used is told to `onNotice`, else as a warning of the process. Throws
 * `InvalidOptionsError`, which never quotes the address: it may hold a password.
 */
export function connect(
  url: string | DatabaseAddress | undefined,
  options: ConnectOptions = {},
): postgres.Sql {
  const { error } = optionsSchema.safeParse(options);
  const faults =
    error === undefined
      ? []
      : faultsOf(error, { schema: optionsSchema, value: options, noSuch: 'is no option here' });
  let driver: ReturnType<typeof driverOptions> | null = null;
  let address: DatabaseAddress | null = null;
  let wrong: string | null = null;
  try {
    address = typeof url === 'object' ? url : addressOf(url, options);
    driver = driverOptions(address);
  } catch (problem) {
    if (!(problem instanceof DatabaseAddressError)) throw problem;
    wrong = whatIsWrong(problem);
  }
  if (address !== null && driver !== null && faults.length === 0)
    return clientOf(address, driver, options);
  throw new InvalidOptionsError('connect', [
    ...(wrong === null ? [] : [{ option: 'url', message: wrong }]),
    ...faults.map(({ path, message }) => ({ option: path.join('.') || 'options', message })),
  ]);
}

function whatIsWrong({ message, hint }: DatabaseAddressError): string {
  if (/^is (?:missing|not)/.test(message)) return `${message}: ${hint}`;
  return `is not the address of a database: ${LOOKS_LIKE}. This one ${message}: ${hint}`;
}

function addressOf(url: string | undefined, { onNotice }: ConnectOptions): DatabaseAddress {
  if (typeof url !== 'string' || url === '')
    throw new DatabaseAddressError('is missing', LOOKS_LIKE);
  const address = readDatabaseAddress(url, process.env);
  const tell = onNotice ?? ((note: string) => process.emitWarning(`connect: ${note}`));
  for (const note of address.notes) tell(note);
  return address;
}

function clientOf(
  address: DatabaseAddress,
  driver: ReturnType<typeof driverOptions>,
  options: ConnectOptions,
): postgres.Sql {
  const sql: postgres.Sql = postgres({
    ...driver,
    max: options.max ?? 10,
    // Seconds. The client's own grows to 20: a runner would still be waiting long after a server
    // that was restarted is back.
    backoff: (attempt) => (0.5 + Math.random() / 2) * Math.min(0.05 * 2 ** attempt, 1),
    connection: {
      ...sessionOptions(address, options.name ?? 'postrider'),
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
