import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freshMachine, type Machine } from '../../../test/support/machine.ts';
import { cli, projectHome, shortBakery, startRunner, type CliPlace } from './cli.ts';

describe('a restored database', () => {
  let home: ReturnType<typeof projectHome>;
  let machine: Machine;
  let place: CliPlace;
  before(async () => {
    home = projectHome();
    machine = await freshMachine();
    // Nobody listens there.
    place = {
      url: machine.url,
      home: home.path,
      env: { PRINT_SHOP_TOKEN: 'token', PRINT_SHOP_URL: 'http://127.0.0.1:9' },
    };
    const applied = await cli(place, [
      'campaign',
      'apply',
      join(shortBakery(home.path, 5), 'campaign.yaml'),
      '--no-check',
    ]);
    assert.equal(applied.code, 0, applied.stderr);
  });
  after(async () => {
    await machine[Symbol.asyncDispose]();
    home.remove();
  });
  const held = async (): Promise<boolean> =>
    (await machine.sql`select from postrider.printer where held_at is not null`).length === 1;

  it('is told from the one that the runner knew, and its printers are held', async () => {
    const runner = await startRunner(place, ['--no-http']);
    const folder = join(home.path, 'var', 'data', 'restore-watermark');
    const installation = async (): Promise<string> =>
      (await machine.sql`select id from postrider.installation`)[0]?.['id'] as string;
    const mark = (): string =>
      join(
        folder,
        (existsSync(folder) ? readdirSync(folder) : []).find((name) => name.endsWith('.json')) ??
          'none',
      );
    const marks = (): Record<string, { witnesses: unknown[] }> =>
      existsSync(mark())
        ? (JSON.parse(readFileSync(mark(), 'utf8')) as Record<string, { witnesses: unknown[] }>)
        : {};
    const deadline = Date.now() + 240_000;
    while (!((await installation()) in marks()) && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 50));
    const kept = (await installation()) in marks();
    await runner.stop('SIGTERM');
    assert.ok(kept, 'what tells a restore is kept outside of the database');
    assert.equal(await held(), false);
    // What a backup of a moment ago looks like: a begin that the runner remembers is not in it.
    const [organization] = await machine.sql<
      { id: string }[]
    >`select id from postrider.organization`;
    const known = marks();
    known[await installation()]?.witnesses.push({
      organizationId: organization?.id,
      recipientId: randomUUID(),
      moveNo: 6,
      mailpieceId: randomUUID(),
    });
    writeFileSync(mark(), JSON.stringify(known));
    const again = await cli(place, ['run', '--once', '--no-sync', '--no-http']);
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stderr, /restored from a backup: cards were begun.*the printers are held/);
    assert.equal(await held(), true);
    const doctor = await cli(place, ['doctor']);
    assert.equal(doctor.code, 1, doctor.stdout);
    assert.match(doctor.stdout, /restored from a backup/);
  });

  it('is noticed once', async () => {
    await machine.sql`update postrider.printer set held_at = null, held_why = null`;
    const run = await cli(place, ['run', '--once', '--no-sync', '--no-http']);
    assert.equal(run.code, 0, run.stderr);
    assert.equal(await held(), false);
  });

  it('is not dealt with while mailing may go on, or a printer has not told', async () => {
    const since = new Date(Date.now() - 60_000).toISOString();
    const early = await cli(place, ['reconcile', '--since', since]);
    assert.equal(early.code, 75, early.stderr);
    assert.match(early.stderr, /print-shop is not held\n.*postrider hold printer print-shop\./);
    const [organization] = await machine.sql<
      { name: string }[]
    >`select name from postrider.organization`;
    const named = await cli(place, [
      'reconcile',
      '--since',
      since,
      '--organization',
      organization?.name ?? '',
    ]);
    assert.ok(
      named.stderr.includes(
        `postrider hold printer print-shop --organization "${organization?.name}"`,
      ),
      named.stderr,
    );
    assert.equal((await cli(place, ['hold', 'printer', 'print-shop'])).code, 0);
    // Runners that mailed before have had the time of a lease.
    await machine.sql`select postrider.turn_clock('10 minutes')`;
    const silent = await cli(place, ['reconcile', '--since', since, '--json']);
    assert.equal(silent.code, 75, silent.stderr);
    assert.match(silent.stderr, /not every printer could tell: print-shop/);
    const [told] = silent.json<{
      printers: { printer: string; outcome: string; message: string }[];
    }>();
    assert.deepEqual(
      [told?.printers[0]?.printer, told?.printers[0]?.outcome],
      ['print-shop', 'not_asked'],
    );
    assert.match(told?.printers[0]?.message ?? '', /cannot be listed/);
    const [installation] = await machine.sql`select restore_noticed_at from postrider.installation`;
    assert.notEqual(installation?.['restore_noticed_at'], null, 'doctor stays red');
  });

  it('is not dealt with by who asked before it was noticed, and is by who asks again', async () => {
    let meanwhile = 0;
    // A print shop with nothing in it; while its pieces are listed the first time, the server is
    // found to be another one again.
    await using shop = await printShop(async () => {
      meanwhile += 1;
      if (meanwhile > 1) return;
      await machine.sql`update postrider.installation set timeline = timeline + 1`;
      await machine.sql`select postrider.check_watermark()`;
      // The rest of this is not about the wait.
      await machine.sql`select postrider.turn_clock('10 minutes')`;
    });
    const at = { ...place, env: { ...place.env, PRINT_SHOP_URL: shop.url } };
    assert.equal(
      (
        await cli(at, [
          'campaign',
          'apply',
          join(home.path, 'bakery', 'campaign.yaml'),
          '--no-check',
        ])
      ).code,
      0,
    );
    const since = ['--since', new Date(Date.now() - 60_000).toISOString()];
    const isNoticed = async (): Promise<boolean> =>
      (await machine.sql`select from postrider.installation where restore_noticed_at is not null`)
        .length === 1;
    const first = await cli(at, ['reconcile', ...since, '--json']);
    assert.equal(first.code, 75, first.stderr);
    assert.match(
      first.stderr,
      /a restore was noticed while the printers were asked.*timeline went/,
    );
    assert.match(first.stderr, /the printers stay held.*run the same command again/);
    const [told] = first.json<{ concluded: boolean; printers: { outcome: string }[] }>();
    assert.deepEqual([told?.concluded, told?.printers[0]?.outcome], [false, 'not_asked']);
    assert.deepEqual([await held(), await isNoticed()], [true, true]);
    // As `reconcile --since … && release` in a script, of which the one was before the restore.
    const release = await cli(at, ['release', 'printer', 'print-shop']);
    assert.deepEqual([release.code, await held()], [2, true], release.stderr);
    assert.match(release.stderr, /timeline went.*nobody has asked the printers since/);
    const second = await cli(at, ['reconcile', ...since, '--json']);
    assert.equal(second.code, 0, second.stderr);
    assert.equal(second.json<{ concluded: boolean }>()[0]?.concluded, true);
    assert.deepEqual([await held(), await isNoticed()], [true, false]);
    assert.equal((await cli(at, ['release', 'printer', 'print-shop'])).code, 0);
  });
});

/** Answers `GET /v1/pieces` with none, after `asked`. */
async function printShop(
  asked: () => Promise<void>,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((_, response) => {
    void asked().then(() => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ pieces: [], cursor: null }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
