/**
 * Configuration files of the embedded server. They are written anew at each start: a person's own
 * changes belong into ALTER SYSTEM.
 */
import type { Account } from './account.ts';

/**
 * How sure a commit must be: `durable` for the product, `throwaway` for test servers whose
 * directory dies with the run.
 */
export type Durability = 'durable' | 'throwaway';

/**
 * The role for repairs. The owner of the database has no superuser rights, as on a server that
 * somebody else runs; role and database bear the name of the application.
 */
export const superuser = 'postgres';

const header =
  '# Written at each start. For changes of your own use ALTER SYSTEM: it wins over this file.\n';

/** For a laptop that also does other things; 2 cores, 8 GiB. */
const base: Readonly<Record<string, string>> = {
  listen_addresses: "'127.0.0.1'",
  unix_socket_permissions: '0700',
  max_connections: '100',
  shared_buffers: '256MB',
  // Parallel queries and statistics then rarely need /dev/shm: 64 MB in a container, and emptied by
  // systemd when its user logs out.
  min_dynamic_shared_memory: '64MB',
  work_mem: '16MB',
  maintenance_work_mem: '128MB',
  effective_cache_size: '1GB',
  random_page_cost: '1.1',
  // Compiling a plan costs more than our short statements; no wal_compression: the bundled build
  // has only pglz, not lz4.
  jit: 'off',
  min_wal_size: '256MB',
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  // Hot narrow tables and queues: dead rows and stale statistics hurt here long before a fifth of a
  // table has changed.
  autovacuum_naptime: '15s',
  autovacuum_vacuum_scale_factor: '0.05',
  autovacuum_vacuum_insert_scale_factor: '0.1',
  autovacuum_analyze_scale_factor: '0.02',
  autovacuum_max_workers: '3',
  track_io_timing: 'on',
  password_encryption: "'scram-sha-256'",
  timezone: "'UTC'",
  log_timezone: "'UTC'",
  datestyle: "'iso, mdy'",
  lc_messages: "'C'",
  default_text_search_config: "'pg_catalog.english'",
  log_line_prefix: "'%m [%p] %q%u@%d %a '",
  log_lock_waits: 'on',
  log_checkpoints: 'off',
  log_min_duration_statement: '2s',
  // Parameters are the application's data, which may be about people.
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
};

/** A ring of seven files, one a weekday, at most 20 MB a day before a file starts over. */
function rotation(logDir: string): Record<string, string> {
  return {
    logging_collector: 'on',
    log_directory: quote(logDir),
    log_filename: "'postgres-%a.log'",
    log_file_mode: '0600',
    log_rotation_age: '1d',
    log_rotation_size: '20MB',
    log_truncate_on_rotation: 'on',
  };
}

const throwaway: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '200',
  shared_buffers: '128MB',
  max_wal_size: '1GB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  log_min_duration_statement: '-1',
  // A worker for each of the many databases that live for seconds costs more than their dead rows.
  autovacuum_naptime: '60s',
};

/** `logDir` null: the log stays on stderr, which the starter sends to a file. */
export function configuration(options: {
  durability: Durability;
  logDir: string | null;
  extra?: Readonly<Record<string, string>>;
}): string {
  const all = {
    ...base,
    ...(options.logDir === null ? {} : rotation(options.logDir)),
    ...(options.durability === 'throwaway' ? throwaway : {}),
    ...options.extra,
  };
  return `${header}${Object.entries(all)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('')}`;
}

/**
 * Who may connect. The socket asks the kernel who is calling (peer): its directory is private, and
 * even in it only the server's user and root pass, without a secret that could leak. TCP on
 * 127.0.0.1 is open to every user of the machine, so it asks for a password (scram), and the
 * superuser cannot come that way unless `superuserByTcp`.
 */
export function hostAccess(superuserByTcp: boolean): string {
  return [
    `${header}local all all peer map=owner`,
    ...(superuserByTcp ? [] : [`host all ${superuser} 127.0.0.1/32 reject`]),
    'host all all 127.0.0.1/32 scram-sha-256',
    '',
  ].join('\n');
}

/** Which system users may be which role by the socket. PostgreSQL 15 has no word for "any role". */
export function identityMap(account: Account, major: number, owner: string): string {
  const users = [...new Set([account.name, 'root'])];
  const roles = major >= 16 ? ['all'] : [superuser, owner];
  const lines = users.flatMap((user) =>
    roles.map((role) => `owner ${doubleQuote(user)} ${role}\n`),
  );
  return `${header}${lines.join('')}`;
}

/** In postgresql.conf a backslash escapes. */
function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

export function doubleQuote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
