/** Images at a real host and a real press: gone when the cards are printed, and never before. */
import assert from 'node:assert/strict';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createFolderImageHost } from '@postrider/adapters/folder';
import { createPrintShopPrinter } from '@postrider/adapters/print-shop';
import { createTypstRenderer } from '@postrider/adapters/typst';
import { startPrintShop } from '@postrider/twins/print-shop';
import { makeContext } from '../../../packages/core/src/runtime/context.ts';
import { workEffects } from '../../../packages/core/src/stages/effects/effects.ts';
import { pollPrinters } from '../../../packages/core/src/stages/track/poll.ts';
import { DAY, turnClock } from '../../sql/rig.ts';
import { integrationsOf } from '@postrider/core';
import { noopPorts, open, until } from '../rig.ts';

const bakery = fileURLToPath(new URL('../../../examples/bakery', import.meta.url));

void test('the press finds every image until it has printed; a week later they are gone, also after a kill', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-images-'));
  const wiring = { baseDirectory: bakery, dataDirectory: folder, secret: () => 'token' };
  const shop = await startPrintShop({
    folder: join(folder, 'printed'),
    token: 'token',
    artwork: [join(folder, 'proofs')],
    printAfterMs: 3_600_000,
    log: () => undefined,
  });
  const images = (): readonly string[] => globSync(join(folder, 'proofs', '**', '*.pdf'));
  try {
    const ports = {
      renderer: await createTypstRenderer({}, wiring),
      imageHost: createFolderImageHost({}, wiring),
      printer: createPrintShopPrinter({ url: shop.url }, wiring),
    };
    await using at = await open({ people: 3, ports });
    const { sql, place, pipeline } = at;
    await sql`update postrider.campaign set template = 'postcard.typ', format = '4x6'`;
    await sql`
      update postrider.recipient set merge = '{"favorite": "Rye", "promo_code": "CODE-1"}'`;
    await pipeline.start();
    const inState = async (state: string): Promise<number> =>
      (await sql`select from postrider.recipients where state = ${state}`).length;
    await until(async () => (await inState('sent')) === 3);
    await pipeline.stop({ timeoutMs: 2000 });
    assert.ok(images().length > 0);

    const died = new Error('killed');
    let dies = false;
    const context = makeContext(
      {
        sql,
        integrations: integrationsOf({ ...noopPorts(), ...ports }),
        restoreWatermark: 'not kept',
        onPoint: (point) => {
          if (dies && point === 'images.removed') throw died;
        },
      },
      {
        stopping: new AbortController().signal,
        wake: () => undefined,
        onBossError: () => undefined,
      },
    );
    const days = async (many: number): Promise<void> => {
      for (let day = 0; day < many; day += 1) {
        await turnClock(sql, DAY + 1000);
        await workEffects(context, place.organizationId);
      }
    };
    // The press has the cards and waits for its run: it reads the images then.
    await days(10);
    const before = images().length;
    assert.ok(before > 0, 'the press has not printed yet');
    const run = await fetch(`${shop.url}/v1/print`, {
      method: 'POST',
      headers: { authorization: 'Bearer token' },
    });
    assert.equal(run.status, 200, await run.text());
    await pollPrinters(context);
    const printed = await sql`
      select from postrider.mailpieces where status not in ('submitting', 'accepted')`;
    assert.equal(printed.length, 3, 'every card was printed');
    await days(1);
    assert.equal(images().length, before, 'a week of grace');
    dies = true;
    await assert.rejects(days(8), died);
    assert.equal(images().length, 0);
    dies = false;
    await days(1);
    const [row] = await sql`
      select count(*)::int as open from postrider.stored_documents where state <> 'removed'`;
    assert.equal(row?.['open'], 0);
    assert.deepEqual([...(await sql`select kind from postrider.alarms`)], []);
  } finally {
    await shop.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
