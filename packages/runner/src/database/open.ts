/**
 * Opens the database that a command works on. With the bare driver and not through core: core loads
 * the queue, and a command that asks one question would take twice as long.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import {
  DatabaseAddressError,
  driverOptions,
  noTls,
  readDatabaseAddress,
  sessionOptions,
  type DatabaseAddress,
} from '@postrider/core/database-address';
import { learnServer, sessionSettings } from '@postrider/core/session';
import type { Place, Server } from '@postrider/embedded-postgres';
import postgres from 'postgres';
import { exitCodes } from '../process/exit-codes.ts';
import type { Host } from '../process/host.ts';
import { duration } from '../process/text.ts';
import { UserError } from '../process/user-error.ts';

export type Sql = postgres.Sql;

export interface OpenDatabase extends AsyncDisposable {
  readonly sql: Sql;
  /** Holds a password: hand it to programs by the environment, and show it to nobody. */
  readonly address: DatabaseAddress;
  readonly source: 'DATABASE_URL' | 'DATABASE_URL_FILE' | 'embedded';
  /** The embedded server; null for one of your own. */
  readonly server: Server | null;
  close(): Promise<void>;
}

export interface OpenOptions {
  /**
   * Sets up the embedded server where there is none yet. Default false: a question must not make a
   * database.
   */
  readonly create?: boolean;
  /** Connections at most. */
  readonly max?: number;
  /** Shown in pg_stat_activity. */
  readonly name?: string;
  /**
   * Settings of the session, over those that any session of ours has; null: as the database or the
   * role has it.
   */
  readonly settings?: Readonly<Record<string, string | null>>;
}

export async function openDatabase(host: Host, options: OpenOptions = {}): Promise<OpenDatabase> {
  const found = await findDatabase(host, options.create === true);
  const sql = connectTo(found.address, host, options);
  const close = async (): Promise<void> => await sql.end({ timeout: 5 });
  return { ...found, sql, close, [Symbol.asyncDispose]: close };
}

/** False where there is no embedded server yet, and none of one's own is named. Starts nothing. */
export async function databaseExists(host: Host): Promise<boolean> {
  const { configuredUrl, serverStatus } = await import('@postrider/embedded-postgres');
  return (
    configuredUrl(process.env) !== null ||
    (await serverStatus(await serverPlace(host))).state !== 'absent'
  );
}

/** Whose the embedded server is. */
export async function serverPlace(host: Host): Promise<Place> {
  return { projectDir: (await host.project()).directory, application: 'postrider' };
}

/** The same, its folder made where it is not there: for what makes a server. */
export async function makeServerPlace(host: Host): Promise<Place> {
  const place = await serverPlace(host);
  mkdirSync(place.projectDir, { recursive: true });
  return place;
}

/** The address of the database, its server started if need be. */
export async function findDatabase(
  host: Host,
  create: boolean,
): Promise<Pick<OpenDatabase, 'address' | 'source' | 'server'>> {
  const { ensureServer } = await import('@postrider/embedded-postgres');
  // A broken postrider.yaml is refused by every command, also by those that need no setting of it.
  await host.project();
  const own = await ownAddress(process.env);
  if (own !== null) {
    for (const note of own.address.notes) host.out.note(`${own.source}: ${note}`);
    return { ...own, server: null };
  }
  if (!create && !(await databaseExists(host))) {
    const { directory } = await host.project();
    if (!existsSync(directory))
      throw new UserError(
        exitCodes.unavailable,
        `there is no folder ${directory}`,
        'correct POSTRIDER_HOME, which names it; or let `postrider demo` or `postrider migrate` ' +
          'make it, with a new database. Nothing was changed',
      );
    throw new UserError(
      exitCodes.unavailable,
      'there is no database yet',
      '`postrider demo` makes one and mails the example; `postrider migrate` makes an empty one; ' +
        'DATABASE_URL names one of your own',
    );
  }
  const began = Date.now();
  const server = await ensureServer({
    ...(await makeServerPlace(host)),
    onProgress: (message) => host.out.note(message),
  });
  if (server.started)
    host.out.detail(
      `embedded PostgreSQL started in ${duration(Date.now() - began)} on port ${server.port}`,
    );
  return {
    address: { ...readDatabaseAddress(server.url, {}), tls: noTls },
    source: 'embedded',
    server,
  };
}

/**
 * The address of a server of one's own, with what the variables of libpq add to it; null where none
 * is named. Starts nothing.
 */
export async function ownAddress(
  env: NodeJS.ProcessEnv,
): Promise<
  (Pick<OpenDatabase, 'address'> & { source: 'DATABASE_URL' | 'DATABASE_URL_FILE' }) | null
> {
  const { configuredUrl } = await import('@postrider/embedded-postgres');
  const own = configuredUrl(env);
  if (own === null) return null;
  return { source: own.source, address: told(own.source, () => readDatabaseAddress(own.url, env)) };
}

/** Errors of an address, with the name of where it stands. */
function told<Result>(source: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DatabaseAddressError)) throw error;
    throw new UserError(
      exitCodes.configuration,
      `${source} ${error.message}`,
      `${error.hint}. Nothing was started or changed`,
    );
  }
}

/**
 * Several people may share one login: interventions are recorded with this beside it. PostgreSQL
 * takes 63 bytes, and plain letters only.
 */
function whoAsks(): string {
  try {
    return `postrider (${userInfo().username})`;
  } catch {
    // A user id without a name, as in a container.
    return 'postrider';
  }
}

/** The time zone is left to people: these sessions tell them times. */
function settingsOf({ settings = {} }: OpenOptions): Record<string, string> {
  const all = Object.entries({ ...sessionSettings, ...settings });
  return Object.fromEntries(
    all.filter((setting): setting is [string, string] => setting[1] !== null),
  );
}

function connectTo(address: DatabaseAddress, host: Host, options: OpenOptions): Sql {
  const driver = told('the address of the database', () => driverOptions(address));
  const sql: Sql = postgres({
    ...driver,
    max: options.max ?? 1,
    connection: {
      ...sessionOptions(address, options.name ?? whoAsks()),
      ...settingsOf(options),
    },
    onnotice: (notice) => host.out.detail(String(notice['message'] ?? '')),
    onparameter: learnServer(() => sql),
  });
  return sql;
}
