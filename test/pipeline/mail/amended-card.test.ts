/** A person is amended while a real pipeline works with the real press: what is on paper then. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createFolderImageHost } from '@postrider/adapters/folder';
import { createPrintShopPrinter } from '@postrider/adapters/print-shop';
import { createTypstRenderer } from '@postrider/adapters/typst';
import { amend, hold, release } from '@postrider/core';
import { startPrintShop } from '@postrider/twins/print-shop';
import { lookAt } from '../../../packages/adapters/test/pdf.ts';
import { open, until } from '../rig.ts';

const bakery = fileURLToPath(new URL('../../../examples/bakery', import.meta.url));

void test('the printed card has the new address, one of it, whenever the amendment came', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-amend-'));
  const printed = join(folder, 'printed');
  const wiring = { baseDirectory: bakery, dataDirectory: folder, secret: () => 'token' };
  const shop = await startPrintShop({
    folder: printed,
    token: 'token',
    artwork: [join(folder, 'proofs')],
    printAfterMs: 3_600_000,
    log: () => undefined,
  });
  let afloat: (() => Promise<void>) | undefined;
  try {
    await using at = await open({
      people: 3,
      ports: {
        renderer: await createTypstRenderer({}, wiring),
        imageHost: createFolderImageHost({}, wiring),
        printer: createPrintShopPrinter({ url: shop.url }, wiring),
      },
      onPoint: async (point) => {
        // The cards are rendered, and nothing of it is settled.
        if (point === 'proof.rendered') await afloat?.();
      },
    });
    const { sql, place, pipeline } = at;
    await sql`
      update postrider.campaign set template = 'postcard.typ', format = '4x6'`;
    await sql`
      update postrider.recipient
      set merge = '{"favorite": "Rye", "promo_code": "CODE-1"}'`;
    const ids = await sql<{ id: string; who: string }[]>`
      select id, external_id as who from postrider.recipients order by external_id`;
    const idOf = (who: string): string => ids.find((row) => row.who === who)?.id ?? assert.fail();
    afloat = async () => {
      afloat = undefined;
      const told = await amend(sql, idOf('p0'), { line1: '100 Afloat Road' });
      assert.equal(told.was, 'proofing');
    };
    await hold(sql, { ...place, kind: 'printer', id: 'press' });
    await pipeline.start();
    const inState = async (state: string): Promise<number> =>
      (await sql`select from postrider.recipients where state = ${state}`).length;
    await until(async () => (await inState('proofed')) === 3);
    const told = await amend(sql, idOf('p1'), { line1: '200 Proofed Road' });
    assert.equal(told.was, 'proofed');
    await until(async () => (await inState('proofed')) === 3);
    await release(sql, { ...place, kind: 'printer', id: 'press' });
    await until(async () => (await inState('sent')) === 3);
    const run = await fetch(`${shop.url}/v1/print`, {
      method: 'POST',
      headers: { authorization: 'Bearer token' },
    });
    assert.equal(run.status, 200, await run.text());
    const sheets = readdirSync(printed).filter((name) => name.endsWith('.pdf'));
    const looks = await Promise.all(
      sheets.map(async (name) => await lookAt(readFileSync(join(printed, name)), 20)),
    );
    const text = looks.flat().map((page) => page.text);
    const cards = (words: string): number => text.filter((page) => page.includes(words)).length;
    assert.equal(text.length, 6, 'a front and a back for each');
    assert.deepEqual(
      ['100 Afloat Road', '200 Proofed Road', '3 p Street', '1 p Street', '2 p Street'].map(cards),
      [1, 1, 1, 0, 0],
    );
  } finally {
    await shop.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
