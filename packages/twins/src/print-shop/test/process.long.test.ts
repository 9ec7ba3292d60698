/** The shop as a process: what it prints, how it ends, and what it says when it cannot start. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { suite, test } from 'node:test';
import { loader } from '../../../../../test/support/loader.ts';
import { ledgerIn, spawnPrintShop, startPrintShop } from '../index.ts';
import { cardOf, makeArtwork, pdfNames } from './artwork.ts';
import {
  anOrder,
  client,
  eventually,
  quiet,
  shopHere,
  shopProcess,
  temporaryFolder,
  TOKEN,
} from './helpers.ts';
import { main, run, withCode } from './running.ts';

// Side by side, because each mostly waits for a process to start.
suite('the print shop as a process', { concurrency: 4 }, () => {
  test('one line on standard output when it is ready, the rest on standard error; SIGTERM ends it and leaves what waits in the ledger', async (t) => {
    const folder = await temporaryFolder(t);
    const art = await temporaryFolder(t);
    const { child, ended, ready } = run(t, [
      '--folder',
      folder,
      '--artwork',
      art,
      '--print-after-ms',
      '600000',
    ]);
    const { url } = await ready();
    const order = anOrder({
      ...cardOf(await makeArtwork(join(art, 'card.pdf')), 0),
      name: 'Rosalind Secretname',
    });
    await client(url).order([order]);
    child.kill('SIGTERM');
    const { code, stdout, stderr } = await ended;
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), { ready: true, url, ledger: await ledgerIn(folder) });
    assert.ok(url.startsWith('http://127.0.0.1:'));
    assert.ok(!stderr.includes('Secretname') && !stderr.includes(TOKEN));
    assert.deepEqual(await pdfNames(folder), []);
    assert.ok(!(await readdir(join(folder, 'shop'))).includes('lock'));

    const { ledger, post } = await shopHere(t, { folder, artwork: [art] });
    assert.equal((await ledger())[0]?.status, 'accepted');
    assert.equal((await post('/v1/print', {})).status, 200);
    assert.deepEqual(await pdfNames(folder), ['cards-000001.pdf']);
  });

  test('SIGINT during a print finishes the PDF', async (t) => {
    const folder = await temporaryFolder(t);
    const art = await temporaryFolder(t);
    const url = await makeArtwork(join(art, 'cards.pdf'), { cards: 500 });
    const { shop, order } = await shopProcess(t, { folder, artwork: [art] });
    for (let batch = 0; batch < 5; batch += 1)
      await order(
        Array.from({ length: 100 }, (_, card) => anOrder(cardOf(url, 100 * batch + card))),
      );
    // The fifth batch has filled a PDF, and the press has just begun.
    await shop.kill('SIGINT');
    assert.deepEqual(await shop.exited, { code: 0, signal: null });
    const names = await readdir(folder);
    assert.ok(!names.some((name) => name.startsWith('.')), 'nothing half written is left');
    const { ledger } = await shopHere(t, { folder });
    const printed = (await ledger()).filter(({ file }) => file !== null).length;
    assert.equal(printed, names.includes('cards-000001.pdf') ? 500 : 0);
  });

  test('a port in use, a folder in use and a folder that is none are told apart', async (t) => {
    const folder = await temporaryFolder(t);
    const other = createServer();
    await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening));
    t.after(() => other.close());
    const { port } = other.address() as AddressInfo;
    await assert.rejects(
      spawnPrintShop({ folder, token: TOKEN, port, log: quiet }),
      withCode(69, new RegExp(`Port ${port} .*in use.*--port`)),
    );
    await assert.rejects(
      startPrintShop({ folder, token: TOKEN, port: 6000, log: quiet }),
      withCode(69, /Port 6000 .*do not connect.*--port/),
    );

    await shopProcess(t, { folder });
    await assert.rejects(
      spawnPrintShop({ folder, token: TOKEN, log: quiet }),
      withCode(75, /Another print shop \(process \d+\) works in this folder/),
    );

    const file = join(await temporaryFolder(t), 'file');
    await writeFile(file, '');
    await assert.rejects(
      spawnPrintShop({ folder: join(file, 'below'), token: TOKEN, log: quiet }),
      withCode(73, /cannot be used.*ENOTDIR/),
    );
  });

  test(
    'a shop that is ending leaves its folder to one that was started a moment too early',
    { skip: process.platform !== 'linux' },
    async (t) => {
      const folder = await temporaryFolder(t);
      // Somebody who lives, and whose number and beginning the lock has.
      const ending = spawn('sleep', ['600']);
      t.after(() => ending.kill('SIGKILL'));
      const line = readFileSync(`/proc/${ending.pid}/stat`, 'utf8');
      const began = line.slice(line.lastIndexOf(')') + 2).split(' ')[19];
      mkdirSync(join(folder, 'shop'), { recursive: true });
      writeFileSync(join(folder, 'shop', 'lock'), `${ending.pid} ${began} x\n`);
      const started = spawnPrintShop({ folder, token: TOKEN, log: quiet });
      setTimeout(() => ending.kill('SIGKILL'), 1000);
      const shop = await started;
      t.after(async () => await shop.kill());
      assert.ok(shop.pid > 0);
    },
  );

  test('a killed shop leaves its folder to the next, also where another process has its number now', async (t) => {
    const folder = await temporaryFolder(t);
    const first = await shopProcess(t, { folder });
    await first.shop.kill();
    const lock = join(folder, 'shop', 'lock');
    assert.match(await readFile(lock, 'utf8'), new RegExp(`^${first.shop.pid} `));
    // The number of a process that lives, with another beginning.
    if (process.platform === 'linux') await writeFile(lock, `${process.pid} 1 x\n`);
    const { order } = await shopProcess(t, { folder });
    assert.equal((await order([anOrder()]))[0]?.status, 'accepted');
  });

  test('it ends with the process that started it', async (t) => {
    const { child, ended, ready } = run(t, [
      '--folder',
      await temporaryFolder(t),
      '--until-stdin-ends',
    ]);
    await ready();
    child.stdin.end();
    assert.equal((await ended).code, 0);
  });

  test('Ctrl-C at its starter does not reach it; it ends when the starter does, however that ends', async (t) => {
    const folder = await temporaryFolder(t);
    const source = new URL('../index.ts', import.meta.url).href;
    const script = `
      import { spawnPrintShop } from ${JSON.stringify(source)};
      process.on('SIGINT', () => console.log('interrupted'));
      const { pid, url } = await spawnPrintShop({
        folder: ${JSON.stringify(folder)},
        token: ${JSON.stringify(TOKEN)},
        acceptNoopArtwork: true,
      });
      console.log(JSON.stringify({ pid, url }));`;
    const starter = spawn(process.execPath, [...loader, '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      // A terminal sends Ctrl-C to the whole group.
      detached: true,
    });
    t.after(() => starter.kill('SIGKILL'));
    const said: string[] = [];
    createInterface({ input: starter.stdout }).on('line', (line) => said.push(line));
    const { pid, url } = JSON.parse(await eventually('the shop', () => said[0])) as {
      pid: number;
      url: string;
    };
    process.kill(-(starter.pid ?? 0), 'SIGINT');
    assert.equal(await eventually('the starter hears it', () => said[1]), 'interrupted');
    assert.equal((await client(url).order([anOrder()]))[0]?.status, 'accepted');
    starter.kill('SIGKILL');
    const lives = (): boolean => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    await eventually('the shop ends', () => !lives());
    assert.ok(!(await readdir(join(folder, 'shop'))).includes('lock'), 'in good order');
  });

  test('or outlives it, where that was asked for', async (t) => {
    const folder = await temporaryFolder(t);
    const source = new URL('../index.ts', import.meta.url).href;
    const script = `
      import { spawnPrintShop } from ${JSON.stringify(source)};
      const { pid, url } = await spawnPrintShop({
        folder: ${JSON.stringify(folder)},
        token: ${JSON.stringify(TOKEN)},
        acceptNoopArtwork: true,
        outlive: true,
      });
      console.log(JSON.stringify({ pid, url }));`;
    const starter = spawn(process.execPath, [...loader, '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let stdout = '';
    starter.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    assert.deepEqual(await once(starter, 'close'), [0, null]);
    const { pid, url } = JSON.parse(stdout) as { pid: number; url: string };
    t.after(() => process.kill(pid, 'SIGKILL'));
    assert.equal((await client(url).order([anOrder()]))[0]?.status, 'accepted');
    await assert.rejects(
      spawnPrintShop({ folder, token: TOKEN, outlive: true }),
      withCode(75, new RegExp(`process ${pid}`)),
    );
    assert.match(await readFile(join(folder, 'shop', 'shop.log'), 'utf8'), /Another print shop/);
  });

  test(
    'a full disk: nothing acknowledged is lost, and the shop says why it goes',
    { skip: process.platform === 'win32' },
    async (t) => {
      const folder = await temporaryFolder(t);
      // A limit on the size of files stands for the disk; the signal that comes with it is ignored,
      // so that writes fail as they do on a full one.
      const script = 'trap "" XFSZ; ulimit -f 60; exec "$@"';
      const child = spawn(
        'sh',
        [
          '-c',
          script,
          'sh',
          process.execPath,
          ...loader,
          main,
          '--folder',
          folder,
          '--accept-noop-artwork',
          '--print-after-ms',
          '600000',
        ],
        {
          env: { ...process.env, PRINT_SHOP_TOKEN: TOKEN },
        },
      );
      t.after(() => child.kill('SIGKILL'));
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      const ended = once(child, 'close');
      const { url } = await eventually('the ready line', () =>
        stdout.endsWith('\n') ? (JSON.parse(stdout) as { url: string }) : null,
      );
      const { order } = client(url);
      const acknowledged: string[] = [];
      for (let batch = 0; batch < 50; batch += 1) {
        const orders = [anOrder(), anOrder(), anOrder()];
        const results = await order(orders).catch((error: unknown) => String(error));
        if (typeof results === 'string') {
          assert.match(results, /503|fetch failed/);
          break;
        }
        acknowledged.push(...orders.map(({ reference }) => reference.mailpieceId));
      }
      const [code] = (await ended) as [number];
      assert.equal(code, 74);
      assert.match(
        stderr,
        /The ledger .* cannot be written: EFBIG.*Every piece that was acknowledged is kept/,
      );
      assert.ok(acknowledged.length > 10 && acknowledged.length < 150);
      const { ledger } = await shopHere(t, { folder });
      assert.deepEqual(
        (await ledger()).map(({ mailpiece }) => mailpiece).slice(0, acknowledged.length),
        acknowledged,
      );
    },
  );
});
