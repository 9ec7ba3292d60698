/** A printer that wants a file a card, in a real pipeline with real cards. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createFolderImageHost } from '@postrider/adapters/folder';
import { createNoopPrinter } from '@postrider/adapters/noop';
import { createTypstRenderer } from '@postrider/adapters/typst';
import { hold, release, type PieceRequest, type Printer } from '@postrider/core';
import { lookAt } from '../../../packages/adapters/test/pdf.ts';
import { open, until } from '../rig.ts';

const bakery = fileURLToPath(new URL('../../../examples/bakery', import.meta.url));

interface Sent {
  readonly request: PieceRequest;
  readonly front: Uint8Array;
  readonly back: Uint8Array;
  readonly hash: string;
}

/** Sends each card as two files; what cannot be cut is refused as the port says. */
function printerByTheCard(sent: Sent[], told: string[]): Printer {
  const made = createNoopPrinter();
  return {
    ...made,
    maxBatch: 1,
    async submit([request], lease, context) {
      assert.ok(request !== undefined);
      try {
        const { front, back } = request.artwork;
        const files = [await context.artwork.cut([front]), await context.artwork.cut([back])];
        const [one, two] = files;
        assert.ok(one !== undefined && two !== undefined);
        sent.push({ request, front: one.bytes, back: two.bytes, hash: one.hash });
      } catch (error) {
        assert.ok(error instanceof Error && error.name === 'ArtworkError', String(error));
        told.push(error.message);
        return [
          {
            outcome: 'rejected',
            reason: 'bad_artwork',
            message: error.message,
            badAddress: false,
            badArtwork: true,
          },
        ];
      }
      return await made.submit([request], lease, context);
    },
  };
}

void test('a card goes out as its own two pages, and not at all once its document has changed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-cut-'));
  const wiring = { baseDirectory: bakery, dataDirectory: folder, secret: () => undefined };
  const [sent, told]: [Sent[], string[]] = [[], []];
  try {
    await using at = await open({
      people: 3,
      artworkFolders: [join(folder, 'proofs')],
      ports: {
        renderer: await createTypstRenderer({}, wiring),
        imageHost: createFolderImageHost({}, wiring),
        printer: printerByTheCard(sent, told),
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
    await until(async () => (await inState('proofed')) === 3);
    const [first] = await sql<{ url: string; hash: string }[]>`
      select distinct front_url as url, front_hash as hash from postrider.proof`;
    assert.ok(first !== undefined);
    const file = fileURLToPath(first.url);
    const proofed = readFileSync(file);
    assert.equal(createHash('sha256').update(proofed).digest('hex'), first.hash);

    // One byte behind the end, by whoever has access to the folder.
    writeFileSync(file, Buffer.concat([proofed, Buffer.from(' ')]));
    const [one] = await sql<{ id: string }[]>`
      select id from postrider.recipients order by external_id limit 1`;
    await sql`
      update postrider.recipient_state set available_at = 'infinity'
      where recipient_id <> ${one?.id ?? ''}`;
    await release(sql, { ...place, kind: 'printer', id: 'press' });
    await until(() => told.length > 0);
    assert.match(told[0] ?? '', /\.pdf cannot be used: it is not what was proofed/);
    assert.equal(sent.length, 0);
    await hold(sql, { ...place, kind: 'printer', id: 'press' });

    writeFileSync(file, proofed);
    await sql`update postrider.recipient_state set available_at = now() where state = 'proofed'`;
    await release(sql, { ...place, kind: 'printer', id: 'press' });
    await until(async () => (await inState('sent')) === 2);
    assert.equal(sent.length, 2);
    for (const { request, front, back, hash } of sent) {
      assert.equal(request.artwork.front.hash, first.hash);
      assert.equal(request.artwork.back.hash, first.hash);
      assert.equal(hash, createHash('sha256').update(front).digest('hex'));
      const [look] = await lookAt(back, 20);
      for (const { request: other } of sent)
        assert.equal(look?.text.includes(other.to.address.line1), other === request);
      assert.equal((await lookAt(front, 20)).length, 1);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
