/** The print shop of a project, and the one ledger that knows which cards were printed. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { startPrintShop } from '@postrider/twins/print-shop';
import { freshMachine, type Machine } from '../../../test/support/machine.ts';
import { readCsv } from '../src/demo/csv.ts';
import { cli, projectHome, shortBakery, startRunner, type CliPlace, type CliRun } from './cli.ts';
import { loseAnswersOf } from './lossy-proxy.ts';
import { until } from './until.ts';

const address = {
  line1: '12 Main Street',
  line2: null,
  city: 'Springfield',
  region: 'IL',
  postalCode: '62701',
  country: 'US',
};

interface Note {
  readonly url: string;
  readonly pid: number;
  readonly ledger: string;
}

describe('the print shop of a project', { concurrency: 1 }, () => {
  let home: ReturnType<typeof projectHome>;
  let machine: Machine;
  let place: CliPlace;
  let first: string;
  let second: string;
  const closing: (() => Promise<unknown>)[] = [];
  before(async () => {
    home = projectHome();
    machine = await freshMachine();
    place = { url: machine.url, home: home.path };
    first = join(home.path, 'first');
    second = join(home.path, 'second');
  });
  after(async () => {
    await cli(place, ['print-shop', 'stop']);
    for (const close of closing) await close();
    await machine[Symbol.asyncDispose]();
    home.remove();
  });
  const postrider = async (...args: string[]): Promise<CliRun> => {
    const run = await cli(place, args);
    assert.equal(run.code, 0, `${args.join(' ')}: ${run.stderr}`);
    return run;
  };
  const noteFile = (): string => join(home.path, 'var', 'print-shop.json');
  const readNote = (): Note => JSON.parse(readFileSync(noteFile(), 'utf8')) as Note;
  const writeNote = (changed: Partial<Note>): void =>
    writeFileSync(noteFile(), JSON.stringify({ ...readNote(), ...changed }));
  const token = (): string =>
    readFileSync(join(home.path, 'var', 'secrets', 'PRINT_SHOP_TOKEN'), 'utf8').trim();
  const cardsIn = (folder: string): string[] => {
    const manifest = join(folder, 'manifest.csv');
    return existsSync(manifest)
      ? readCsv(readFileSync(manifest, 'utf8'))
          .slice(1)
          .map(({ cells }) => cells[1] ?? '')
      : [];
  };
  const askAgainNow = async (): Promise<void> =>
    void (await machine.sql`
      update postrider.mailpiece set available_at = clock_timestamp() where status = 'unknown'`);
  const pieces = async (status: string): Promise<number> =>
    (await machine.sql`select from postrider.mailpieces where status = ${status}`).length;

  it('does not open with another ledger while it is not known what was printed', async () => {
    const folder = shortBakery(home.path, 12);
    await postrider('print-shop', 'start', '--folder', first, '--days-per-second', '0');
    await postrider('campaign', 'apply', join(folder, 'campaign.yaml'), '--no-check');
    await postrider('sync', 'bakery-welcome');
    await postrider('campaign', 'launch', 'bakery-welcome', '--live', '--arm', '--yes');
    const { url, ledger } = readNote();
    const proxy = await loseAnswersOf(url);
    closing.push(proxy.close);
    writeNote({ url: proxy.url });
    const runner = await startRunner(place, ['--no-http']);
    await until('every card is sent, and no answer came', async () => {
      const [under] = await machine.sql`
        select
        from postrider.recipients
        where state in (
          'address_enriching', 'pending', 'proofing_staged', 'proofing', 'proofed', 'sending_staged'
        )
        limit 1`;
      return (
        under === undefined && (await pieces('submitting')) === 0 && (await pieces('unknown')) > 3
      );
    });
    runner.child.kill('SIGKILL');
    const unknown = await pieces('unknown');
    writeNote({ url });
    await postrider('print-shop', 'stop');

    for (const command of ['start', 'run']) {
      const refused = await cli(place, ['print-shop', command, '--folder', second]);
      assert.equal(refused.code, 75, refused.stderr);
      assert.match(
        refused.stderr,
        new RegExp(`${unknown} cards may be printed already[\\s\\S]*--folder ${first}`),
      );
    }
    assert.ok(!existsSync(second));
    // Without a folder it is the old one.
    const started = await postrider('print-shop', 'start', '--days-per-second', '0', '--json');
    assert.equal(started.json()[0]?.['folder'], first);
    assert.equal(readNote().ledger, ledger);
    const status = (await postrider('print-shop', 'status', '--json')).json()[0];
    assert.equal(status?.['prints'], first);
  });

  it('prints nothing in a shop with another ledger, also from a runner that begins after it', async () => {
    const { url, ledger } = readNote();
    const stranger = await startPrintShop({
      folder: second,
      token: token(),
      artwork: [join(home.path, 'var', 'data', 'proofs')],
      log: () => undefined,
    });
    try {
      writeNote({ url: stranger.url });
      await askAgainNow();
      const unknown = await pieces('unknown');
      const runner = await startRunner(place, ['--no-http']);
      await until('every card was asked for', async () => {
        const told = await machine.sql`
          select
          from postrider.mailpieces
          where status = 'unknown'
            and outcome_detail like 'Another print shop answers%'`;
        return told.length === unknown;
      });
      await runner.stop();
      assert.equal(await pieces('unknown'), unknown);
      const answer = await fetch(`${stranger.url}/v1/ledger`, {
        headers: {
          authorization:
            'Bearer ' +
            `${readFileSync(join(home.path, 'var', 'secrets', 'PRINT_SHOP_TOKEN'), 'utf8').trim()}`,
        },
      });
      assert.equal(await answer.text(), '', 'not one card was taken');
    } finally {
      await stranger.stop();
      writeNote({ url, ledger });
    }
  });

  it('finds every card in the old ledger, and only then opens with another', async () => {
    await askAgainNow();
    const unknown = await pieces('unknown');
    const runner = await startRunner(place, ['--no-http']);
    await until(
      'every card is found',
      async () => (await pieces('unknown')) === 0 && cardsIn(first).length >= unknown,
    );
    await runner.stop();
    assert.equal(new Set(cardsIn(first)).size, unknown);
    assert.equal(cardsIn(first).length, unknown, 'no card twice');
    await postrider('print-shop', 'stop');
    await postrider('print-shop', 'start', '--folder', second);
    assert.deepEqual(cardsIn(second), []);
  });

  it('says where a start would have it otherwise than the shop that runs', async () => {
    await postrider('print-shop', 'start');
    await postrider('print-shop', 'start', '--folder', second);
    for (const [args, told] of [
      [['--folder', first], /not as --folder would have it/],
      [['--days-per-second', '5'], /not as --days-per-second would have it/],
    ] as const) {
      const refused = await cli(place, ['print-shop', 'start', ...args]);
      assert.equal(refused.code, 75, refused.stderr);
      assert.match(refused.stderr, told);
    }
  });

  it('collects into full files until they are closed', async () => {
    const refused = await cli(place, ['print-shop', 'start', '--collect']);
    assert.match(refused.stderr, /not as --collect would have it/);
    await postrider('print-shop', 'stop');
    const stopped = await cli(place, ['print-shop', 'close']);
    assert.equal(stopped.code, 69, stopped.stderr);
    await postrider('print-shop', 'start', '--collect', '--days-per-second', '0');
    const { url } = readNote();
    const artwork = readdirSync(join(home.path, 'var', 'data', 'proofs'), {
      recursive: true,
      encoding: 'utf8',
    }).find((name) => name.endsWith('.pdf'));
    const page = {
      url: pathToFileURL(join(home.path, 'var', 'data', 'proofs', artwork ?? '')).href,
    };
    const piece = {
      reference: {
        organizationId: 'org-1',
        campaignId: 'camp-1',
        recipientId: randomUUID(),
        mailpieceId: randomUUID(),
      },
      idempotencyKey: randomUUID(),
      mode: 'live',
      format: '4x6',
      mailClass: 'first_class',
      to: { name: 'Ada Miller', address },
      from: null,
      artwork: { front: { ...page, page: 1 }, back: { ...page, page: 2 } },
    };
    const ordered = await fetch(`${url}/v1/pieces`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token()}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ pieces: [piece] }),
    });
    assert.match(await ordered.text(), /"accepted"/);
    // After a crash a bare start prints no batch that nobody has closed.
    process.kill(readNote().pid, 'SIGKILL');
    await until(
      'it is dead',
      async () =>
        (await postrider('print-shop', 'status', '--json')).json()[0]?.['state'] === 'stopped',
    );
    const bare = await postrider('print-shop', 'start');
    const again = readNote();
    assert.match(bare.stderr, /goes on as it was started last: --collect.*--days-per-second 0/);
    await postrider('print-shop', 'start', '--collect', '--days-per-second', '0');
    const told = (await postrider('print-shop', 'status', '--json')).json()[0];
    assert.deepEqual([told?.['collect'], told?.['daysPerSecond'], told?.['waiting']], [true, 0, 1]);
    assert.match(
      (await postrider('print-shop', 'status')).stdout,
      /1 card waits for a full file: `postrider print-shop close`[^]*stands still/,
    );
    const dies = createServer((request, response) => {
      if (request.url !== '/v1/print') return void response.end('{}');
      dies.close();
      dies.closeAllConnections();
    });
    await new Promise<void>((listening) => dies.listen(0, '127.0.0.1', listening));
    writeNote({ url: `http://127.0.0.1:${(dies.address() as AddressInfo).port}` });
    const cut = await cli(place, ['print-shop', 'close']);
    writeNote({ url: again.url });
    assert.equal(cut.code, 69, cut.stderr);
    assert.match(
      cut.stderr,
      /it has ended meanwhile[^]*`postrider print-shop start`, and then the same command, goes on/,
    );
    const other = await cli(place, ['print-shop', 'start', '--no-collect']);
    assert.match(other.stderr, /not as --no-collect would have it/);
    const closed = await postrider('print-shop', 'close', '--json');
    assert.deepEqual(closed.json()[0], {
      files: [{ file: 'cards-000001.pdf', cards: 1 }],
      cards: 1,
      failed: 0,
      folder: second,
    });
    assert.match((await postrider('print-shop', 'close')).stdout, /nothing waited/);
    await postrider('print-shop', 'stop');
    // Each folder goes on as it did.
    const third = join(home.path, 'third');
    assert.equal(
      (await postrider('print-shop', 'start', '--folder', third, '--yes', '--json')).json()[0]?.[
        'collect'
      ],
      false,
    );
    await postrider('print-shop', 'stop');
    assert.equal(
      (await postrider('print-shop', 'start', '--folder', second, '--yes', '--json')).json()[0]?.[
        'collect'
      ],
      true,
    );
    await postrider('print-shop', 'stop');
    assert.equal(
      (await postrider('print-shop', 'start', '--no-collect', '--json')).json()[0]?.['collect'],
      false,
    );
  });
});
