/** `db`: the embedded server. */
import { UserError, exitCodes } from '@postrider/runner/process';
import type { Command } from 'commander';
import { command, type Act } from '../program/command.ts';
import { relative } from '../output/text.ts';

export function databases(program: Command, act: Act): void {
  const db = command(
    program,
    'db',
    'The embedded PostgreSQL of this project. It is a daemon of its own and starts by ' +
      'itself; with DATABASE_URL it is not used.',
    ['postrider db status', 'postrider db stop'],
  );
  starting(db, act);
  stopping(db, act);
  showing(db, act);
}

function starting(db: Command, act: Act): void {
  command(db, 'start', 'Starts it, and sets it up where there is none yet.', [
    'postrider db start',
  ]).action(
    act(async (cli) => {
      const { configuredUrl, ensureServer, redactUrl } =
        await import('@postrider/embedded-postgres');
      refuseOwn(configuredUrl(process.env));
      const { makeServerPlace } = await import('@postrider/runner/database');
      const server = await ensureServer({
        ...(await makeServerPlace(cli)),
        onProgress: (message) => cli.out.note(message),
      });
      cli.out.result(
        {
          state: 'running',
          started: server.started,
          port: server.port,
          pid: server.pid,
          dataDir: server.dataDir,
          socketDir: server.socketDir,
        },
        `${server.started ? 'started' : 'running already'}: ` +
          `${redactUrl(server.url)} (process ${server.pid}), data in ${server.dataDir}`,
      );
    }),
  );
}

function stopping(db: Command, act: Act): void {
  command(
    db,
    'stop',
    'Stops it: ends all sessions, writes everything out. The next command starts it again.',
    ['postrider db stop'],
  ).action(
    act(async (cli) => {
      const { configuredUrl, stopServer } = await import('@postrider/embedded-postgres');
      refuseOwn(configuredUrl(process.env));
      const { serverPlace } = await import('@postrider/runner/database');
      const stopped = await stopServer(await serverPlace(cli));
      cli.out.result({ state: 'stopped', stopped }, stopped ? 'stopped' : 'it was not running');
    }),
  );
}

function showing(db: Command, act: Act): void {
  command(db, 'status', 'Where it is and whether it runs. Starts nothing.', [
    'postrider db status --json',
  ]).action(
    act(async (cli) => {
      const { ownAddress, serverPlace } = await import('@postrider/runner/database');
      const own = await ownAddress(process.env);
      if (own !== null) {
        const { shownAddress } = await import('@postrider/core/database-address');
        const { address, source } = own;
        const url = shownAddress(address);
        const unused = address.notes.map((note) => `\n${note}`).join('');
        cli.out.result(
          { state: 'own', source, url, notes: address.notes },
          `${source} names ${url}; the embedded server is not used${unused}`,
        );
        return;
      }
      const { serverStatus } = await import('@postrider/embedded-postgres');
      const place = await serverPlace(cli);
      const status = await serverStatus(place);
      // The role that owns the database has the name of the program.
      const login = status.state === 'absent' ? null : place.application;
      if (cli.out.json) {
        cli.out.emit({ ...status, login });
        return;
      }
      if (status.state === 'absent') {
        cli.out.print('there is none yet; `postrider db start` or `postrider demo` makes one');
        return;
      }
      const since = status.startedAt === null ? '' : `, started ${relative(status.startedAt)}`;
      cli.out.records([
        [
          [
            'state',
            `${status.state}${status.pid === null ? '' : ` (process ${status.pid}${since})`}`,
          ],
          ...(status.port === null ? [] : [['port', `${status.port} on 127.0.0.1`] as const]),
          ...(status.socketDir === null ? [] : [['socket', status.socketDir] as const]),
          ['version', `PostgreSQL ${status.major ?? '?'}`],
          ['run by', `${status.user ?? '?'} (an account of this system)`],
          ['login', `${login ?? '?'} (a role of the database)`],
          [
            'data',
            `${status.dataDir ?? '?'}${status.elsewhere === null ? '' : ` (${status.elsewhere})`}`,
          ],
          ['log', status.logDir ?? '?'],
        ],
      ]);
    }),
  );
}

function refuseOwn(own: { readonly source: string } | null): void {
  if (own === null) return;
  throw new UserError(
    exitCodes.usage,
    `${own.source} names a server of your own`,
    'unset it to work with the embedded one; nothing was changed',
  );
}
