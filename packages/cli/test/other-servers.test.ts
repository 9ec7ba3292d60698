import assert from 'node:assert/strict';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { freshMachine, type Machine } from '../../../test/support/machine.ts';
import { connect } from '../../../test/support/server.ts';
import { ended, projectHome, startCli } from './cli.ts';

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('an address where something else listens', () => {
  let home: ReturnType<typeof projectHome>;
  before(() => (home = projectHome()));
  after(() => home.remove());

  for (const [what, make] of [
    ['a web server', () => createHttpServer((_request, response) => response.end())],
    ['a server that hangs up', () => createServer((socket) => socket.destroy())],
    [
      'a server that talks first',
      () => createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n')),
    ],
  ] as const)
    for (const query of ['', '?sslmode=require'])
      it(`says so of ${what}${query}, and does not knock without end`, async () => {
        const server = make();
        let knocks = 0;
        server.on('connection', () => (knocks += 1));
        const address = await listening(server);
        try {
          const child = startCli({ url: `postgres://a:b@${address}/x${query}`, home: home.path }, [
            'status',
          ]);
          const patience = setTimeout(() => child.kill('SIGKILL'), 30_000);
          const run = await ended(child);
          clearTimeout(patience);
          assert.equal(run.code, 69, run.stderr);
          assert.match(run.stderr, /DATABASE_URL/);
          assert.ok(knocks < 10, `${knocks} connections`);
        } finally {
          server.close();
        }
      });

  describe('among several hosts', () => {
    let machine: Machine;
    before(async () => (machine = await freshMachine()));
    after(async () => await machine[Symbol.asyncDispose]());

    it('goes on to the one that answers, and gives up where none does', async () => {
      const silent = createServer((socket) => socket.destroy());
      let knocks = 0;
      silent.on('connection', () => (knocks += 1));
      const address = await listening(silent);
      const url = new URL(machine.url);
      const hosts = (...list: readonly string[]): string =>
        machine.url.replace(url.host, list.join(','));
      const good = connect(hosts(address, url.host));
      const bad = connect(hosts(address, address));
      try {
        assert.equal((await good`select 1 as one`)[0]?.['one'], 1);
        await assert.rejects(bad`select 1`.execute(), { code: 'CONNECTION_CLOSED' });
        assert.ok(knocks < 10, `${knocks} connections`);
      } finally {
        await Promise.all([good.end({ timeout: 1 }), bad.end({ timeout: 1 })]);
        silent.close();
      }
    });
  });
});
