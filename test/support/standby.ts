/**
 * A primary and standbys of it, for tests of failovers. The bundled PostgreSQL has no
 * pg_basebackup: the data folder is copied between pg_backup_start and pg_backup_stop, which is
 * what that program does.
 */
import { join } from 'node:path';
import { asAccount, chooseAccount, runAs, type Account } from '@postrider/embedded-postgres/parts';
import { connect, startServer, type OwnServer } from './server.ts';

/** What a server needs to have standbys; the settings of test servers leave it out. */
export const replicating = {
  wal_level: 'replica',
  max_wal_senders: '5',
  wal_keep_size: '512MB',
  hot_standby: 'on',
  // What pg_rewind needs.
  wal_log_hints: 'on',
  full_page_writes: 'on',
};

const CATCH_UP_MS = 60_000;

type Server = Awaited<ReturnType<typeof startServer>>;

export interface Standby extends Server {
  /** By `pg_ctl promote`; resolves when it takes writes. */
  promote(): Promise<void>;
  /** Resolves when it has replayed all that the primary has written until now. */
  caughtUp(): Promise<void>;
}

/** Lets standbys of this server in. */
async function openToStandbys(account: Account, { dataDir, adminUrl }: OwnServer): Promise<void> {
  must(
    asAccount(account, 'echo "host replication all 127.0.0.1/32 scram-sha-256" >>"$1"', [
      join(dataDir, 'pg_hba.conf'),
    ]),
  );
  const admin = connect(adminUrl, { max: 1 });
  await admin`select pg_reload_conf()`;
  await admin.end({ timeout: 2 });
}

/**
 * @param through the port at which it finds its primary: a proxy's, so that the link can be cut.
 */
export async function startStandby(primary: OwnServer, through: number): Promise<Standby> {
  const account = chooseAccount(process.cwd(), null);
  const { password, username } = new URL(primary.adminUrl);
  const admin = connect(primary.adminUrl, { max: 1 });
  try {
    await openToStandbys(account, primary);
    await admin`select pg_backup_start('standby', true)`;
    const standby = await startServer({
      ...(primary.major === 15 ? { major: 15 as const } : {}),
      settings: {
        ...replicating,
        primary_conninfo:
          `'host=127.0.0.1 port=${through} user=${username} ` +
          `password=${password} application_name=standby'`,
        wal_retrieve_retry_interval: '100ms',
      },
      copy: {
        password,
        fill: async (_account, dataDir) => {
          const copy =
            'cp -a "$1" "$2" && cd "$2" && ' +
            'rm -rf postmaster.* pg_replslot/* && touch standby.signal';
          must(asAccount(account, copy, [primary.dataDir, dataDir]));
          const [label] = await admin<
            { labelfile: string }[]
          >`select labelfile from pg_backup_stop(false)`;
          must(
            asAccount(
              account,
              'cat >"$1"',
              [join(dataDir, 'backup_label')],
              label?.labelfile ?? '',
            ),
          );
        },
      },
    });
    await openToStandbys(account, standby);
    return {
      ...standby,
      promote: async () => await promote(standby),
      caughtUp: async () => await caughtUp(standby, primary),
    };
  } finally {
    await admin.end({ timeout: 2 });
  }
}

/**
 * A dead primary becomes a standby of the server that has taken over from it. Needs pg_rewind,
 * which the bundled PostgreSQL has not.
 */
export async function rewind(old: OwnServer, now: OwnServer): Promise<void> {
  const account = chooseAccount(process.cwd(), null);
  const { password, username } = new URL(now.adminUrl);
  // Before PostgreSQL 16 pg_rewind takes the source's timeline from its last checkpoint, and finds
  // nothing to rewind.
  const admin = connect(now.adminUrl, { max: 1 });
  await admin`checkpoint`;
  await admin.end({ timeout: 2 });
  const source =
    `host=127.0.0.1 port=${now.port} user=${username} ` + `password=${password} dbname=postgres`;
  must(
    await runAs(account, join(old.bin, 'pg_rewind'), [
      '-D',
      old.dataDir,
      '--source-server',
      source,
    ]),
  );
  // Its configuration is the source's now, which says where a primary is to be found.
  must(asAccount(account, 'touch "$1"', [join(old.dataDir, 'standby.signal')]));
  await old.start();
}

/** By `pg_ctl promote`; resolves when it takes writes. */
export async function promote(standby: OwnServer): Promise<void> {
  const account = chooseAccount(process.cwd(), null);
  must(
    await runAs(account, join(standby.bin, 'pg_ctl'), [
      'promote',
      '-w',
      '-t',
      '60',
      '-D',
      standby.dataDir,
    ]),
  );
}

/** Resolves when the standby has replayed all that the primary has written until now. */
export async function caughtUp(standby: OwnServer, primary: OwnServer): Promise<void> {
  const replica = connect(standby.adminUrl, { max: 1 });
  const source = connect(primary.adminUrl, { max: 1 });
  try {
    const [now] = await source<{ lsn: string }[]>`select pg_current_wal_insert_lsn()::text as lsn`;
    for (const deadline = Date.now() + CATCH_UP_MS; Date.now() < deadline;) {
      const [row] = await replica<
        { done: boolean }[]
      >`select pg_last_wal_replay_lsn() >= ${now?.lsn ?? ''}::pg_lsn as done`;
      if (row?.done === true) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error('the standby has not caught up');
  } finally {
    await Promise.all([replica.end({ timeout: 2 }), source.end({ timeout: 2 })]);
  }
}

function must({ ok, out }: { ok: boolean; out: string }): void {
  if (!ok) throw new Error(out);
}
