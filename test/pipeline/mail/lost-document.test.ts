/** Somebody deletes a document between proof and mail, in a real pipeline with real files. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createFolderImageHost } from '@postrider/adapters/folder';
import { createNoopPrinter } from '@postrider/adapters/noop';
import { createTypstRenderer } from '@postrider/adapters/typst';
import { hold, release, type Printer } from '@postrider/core';
import { ArtworkError } from '@postrider/core/ports';
import { open, until } from '../rig.ts';

const bakery = fileURLToPath(new URL('../../../examples/bakery', import.meta.url));

/** Sends each card as its front. */
function printerByTheCard(): Printer {
  const made = createNoopPrinter();
  return {
    ...made,
    maxBatch: 1,
    async submit([request], lease, context) {
      assert.ok(request !== undefined);
      try {
        await context.artwork.cut([request.artwork.front]);
      } catch (error) {
        assert.ok(error instanceof ArtworkError);
        const { kind, message } = error;
        return [{ outcome: 'retry', afterMs: 60_000, message, artworkGone: kind === 'gone' }];
      }
      return await made.submit([request], lease, context);
    },
  };
}

void test('cards whose document is gone are made anew and sent, each once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-lost-'));
  const wiring = { baseDirectory: bakery, dataDirectory: folder, secret: () => undefined };
  try {
    await using at = await open({
      people: 2,
      artworkFolders: [join(folder, 'proofs')],
      ports: {
        renderer: await createTypstRenderer({}, wiring),
        imageHost: createFolderImageHost({}, wiring),
        printer: printerByTheCard(),
      },
    });
    const { sql, place, pipeline } = at;
    await sql`update postrider.campaign set template = 'postcard.typ', format = '4x6'`;
    await sql`
      update postrider.recipient set merge = '{"favorite": "Rye", "promo_code": "CODE-1"}'`;
    await hold(sql, { ...place, kind: 'printer', id: 'press' });
    await pipeline.start();
    const inState = async (state: string): Promise<number> =>
      (await sql`select from postrider.recipients where state = ${state}`).length;
    await until(async () => (await inState('proofed')) === 2);
    const documents = await sql<{ url: string }[]>`
      select distinct front_url as url from postrider.proof`;
    for (const { url } of documents) rmSync(fileURLToPath(url));
    await release(sql, { ...place, kind: 'printer', id: 'press' });
    await until(async () => (await inState('sent')) === 2);
    const closed = await sql`
      select status, count(*)::int as cards from postrider.mailpiece group by status order by 1`;
    assert.deepEqual(
      closed.map((row) => ({ ...row })),
      [
        { status: 'accepted', cards: 2 },
        { status: 'cancelled', cards: 2 },
      ],
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
