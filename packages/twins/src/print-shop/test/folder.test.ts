/** What a shop finds in its folder: a ledger cut off or damaged, PDFs and manifests of its past. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { TwinError } from '../../index.ts';
import { startPrintShop } from '../index.ts';
import { cardOf, makeArtwork } from './artwork.ts';
import { anOrder, client, quiet, shopHere, temporaryFolder, TOKEN } from './helpers.ts';

suite('the folder of a print shop', { concurrency: 4 }, () => {
  test('a ledger cut at any byte opens, with every whole line and nothing else', async (t) => {
    const folder = await temporaryFolder(t);
    const whole = join(folder, 'whole.ndjson');
    const { order, shop, folder: original, post } = await shopHere(t);
    await order([anOrder(), anOrder()]);
    await order([anOrder({ name: 'Ünïcode ✉' })]);
    await post('/v1/print', {});
    await shop.stop();
    await copyFile(join(original, 'shop', 'ledger.ndjson'), whole);
    const bytes = await readFile(whole);
    const lines = bytes.toString().split('\n').slice(0, -1);
    assert.equal(lines.length, 4);
    const ends = lines.map((_, line) =>
      Buffer.byteLength(`${lines.slice(0, line + 1).join('\n')}\n`),
    );
    const accepted = [0, 2, 3, 3];
    // Every byte around a line's end, and some in between: each opening costs a few milliseconds.
    const cuts = new Set(ends.flatMap((end) => [end - 2, end - 1, end, end + 1]));
    for (let cut = 0; cut < bytes.length; cut += 149) cuts.add(cut);
    for (const cut of [...cuts].filter((one) => one <= bytes.length)) {
      const ledger = join(folder, `at-${cut}`, 'shop', 'ledger.ndjson');
      await mkdir(join(folder, `at-${cut}`, 'shop'), { recursive: true });
      await copyFile(whole, ledger);
      await truncate(ledger, cut);
      const opened = await startPrintShop({
        folder: join(folder, `at-${cut}`),
        token: TOKEN,
        log: quiet,
        printAfterMs: 3_600_000,
      });
      const complete = ends.filter((end) => end <= cut).length;
      const held = await client(opened.url).ledger();
      assert.equal(held.length, accepted[complete - 1] ?? 0, `cut at ${cut}`);
      await opened.stop();
      const kept = await readFile(ledger, 'utf8');
      assert.ok(kept.endsWith('\n'), 'the torn tail is gone');
      assert.equal(kept.startsWith(lines.slice(0, complete).join('\n')), true);
    }
  });

  test('a ledger that is damaged in the middle is refused and not touched', async (t) => {
    const { order, shop, folder } = await shopHere(t);
    await order([anOrder()]);
    await shop.stop();
    const path = join(folder, 'shop', 'ledger.ndjson');
    const good = await readFile(path, 'utf8');
    for (const damaged of [
      good.replace('{', '#'),
      good.replace('"kind":"accepted"', '"kind":"unheard-of"'),
      good.split('\n').slice(1).join('\n'),
      good.replace('"version":1', '"version":2'),
    ]) {
      await writeFile(path, damaged);
      await assert.rejects(startPrintShop({ folder, token: TOKEN, log: quiet }), (error) => {
        assert.ok(error instanceof TwinError);
        assert.equal(error.exitCode, 65);
        assert.match(error.message, /Line [12] of the ledger .*ledger\.ndjson/);
        return true;
      });
      assert.equal(await readFile(path, 'utf8'), damaged);
    }
  });

  test('PDFs that the ledger does not know keep the shop from printing over them', async (t) => {
    const art = await temporaryFolder(t);
    const { order, post, shop, folder } = await shopHere(t, { artwork: [art] });
    const path = join(folder, 'shop', 'ledger.ndjson');
    const old = await readFile(path);
    await order([anOrder(cardOf(await makeArtwork(join(art, 'card.pdf')), 0))]);
    await post('/v1/print', {});
    await shop.stop();
    const { mtimeMs } = await stat(join(folder, 'cards-000001.pdf'));
    await writeFile(path, old);
    await assert.rejects(
      startPrintShop({ folder, token: TOKEN, log: quiet }),
      /holds cards-000001\.pdf, which its ledger does not know/,
    );
    await rm(path);
    await assert.rejects(
      startPrintShop({ folder, token: TOKEN, log: quiet }),
      /holds cards-000001\.pdf, which its ledger does not know/,
    );
    assert.equal((await stat(join(folder, 'cards-000001.pdf'))).mtimeMs, mtimeMs);
  });

  test('a manifest or a part of it that was removed is put together again', async (t) => {
    const art = await temporaryFolder(t);
    const { order, post, shop, folder } = await shopHere(t, { artwork: [art] });
    const url = await makeArtwork(join(art, 'card.pdf'), { cards: 2 });
    for (const card of [0, 1]) {
      await order([anOrder(cardOf(url, card))]);
      await post('/v1/print', {});
    }
    const before = await readFile(join(folder, 'manifest.csv'), 'utf8');
    await shop.stop();
    await rm(join(folder, 'manifest.csv'));
    await rm(join(folder, 'shop', 'manifest', 'cards-000002.csv'));
    await shopHere(t, { folder });
    assert.equal(await readFile(join(folder, 'manifest.csv'), 'utf8'), before);
  });
});
