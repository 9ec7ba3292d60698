/** The contract of an image host. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ImageHost, PutResult } from '../image-host.ts';
import { takesMedia } from '../media.ts';
import type { RenderedDocument } from '../renderer.ts';
import { abortedContext, contractContext } from './context.ts';

export interface ImageHostHarness {
  readonly host: ImageHost;
  /**
   * The bytes behind a URL, null where there are none. Asked for with the ability `keeps-bytes`.
   */
  read?(url: string): Promise<Uint8Array | null>;
  close(): Promise<void>;
}

/** Of a host that keeps everything there is nothing to be tried. */
function removing(host: ImageHost): NonNullable<ImageHost['remove']> {
  return (
    host.remove?.bind(host) ??
    (async (urls) => await Promise.resolve(urls.map(() => ({ outcome: 'removed' }))))
  );
}

export type ImageHostAbility = 'keeps-bytes';

/**
 * What core relies on: storing and removing may be repeated, and what is stored under a URL never
 * changes.
 */
export function describeImageHostContract(
  name: string,
  make: () => Promise<ImageHostHarness>,
  abilities: readonly ImageHostAbility[] = [],
): void {
  describe(`ImageHost contract: ${name}`, () => {
    let harness: ImageHostHarness;
    before(async () => {
      harness = await make();
    });
    after(() => harness.close());

    const document = (documentName: string, text: string): RenderedDocument => ({
      name: documentName,
      contentType: 'application/pdf',
      bytes: new TextEncoder().encode(text),
    });
    const url = (result: PutResult | undefined): string => {
      assert.equal(result?.outcome, 'stored', JSON.stringify(result));
      return result?.outcome === 'stored' ? result.url : '';
    };

    it('answers each document, in the order asked, with a URL', async () => {
      const results = await harness.host.put(
        [document('a1.pdf', 'a'), document('b1.pdf', 'b')],
        contractContext(),
      );
      assert.equal(results.length, 2);
      for (const result of results) assert.ok(URL.canParse(url(result)), 'is a URL');
    });

    it('gives the same URL for the same name and bytes', async () => {
      const [first] = await harness.host.put([document('same.pdf', 'x')], contractContext());
      const [second] = await harness.host.put([document('same.pdf', 'x')], contractContext());
      assert.equal(url(first), url(second));
    });

    it('takes nothing to store and nothing to remove', async () => {
      assert.deepEqual(await harness.host.put([], contractContext()), []);
      assert.deepEqual(await removing(harness.host)([], contractContext()), []);
    });

    it('counts what is gone already as removed', async () => {
      const [stored] = await harness.host.put([document('gone.pdf', 'x')], contractContext());
      for (let time = 0; time < 2; time++) {
        assert.deepEqual(await removing(harness.host)([url(stored)], contractContext()), [
          { outcome: 'removed' },
        ]);
      }
    });

    it('stores nothing when the signal has aborted', async () => {
      const results = await harness.host
        .put([document('aborted.pdf', 'x')], abortedContext())
        .catch(() => [null]);
      assert.ok(results.every((result) => result?.outcome !== 'stored'));
    });

    it('stores what it says that it takes, and nothing else', async () => {
      const { takes } = harness.host;
      assert.ok(takes.length > 0);
      const odd = { ...document('odd.bin', 'x'), contentType: 'application/x-odd' } as const;
      for (const contentType of takes.filter((type) => !type.includes('*'))) {
        const [result] = await harness.host.put([{ ...odd, contentType }], contractContext());
        assert.equal(result?.outcome, 'stored', contentType);
      }
      const [result] = await harness.host.put([odd], contractContext());
      assert.equal(result?.outcome, takesMedia(takes, odd.contentType) ? 'stored' : 'failed');
    });

    if (abilities.includes('keeps-bytes')) {
      it('serves the bytes that were stored, until they are removed', async () => {
        const [stored] = await harness.host.put(
          [document('bytes.pdf', 'these bytes')],
          contractContext(),
        );
        assert.equal(
          Buffer.from((await harness.read?.(url(stored))) ?? []).toString(),
          'these bytes',
        );
        if (harness.host.remove === undefined) return;
        await harness.host.remove([url(stored)], contractContext());
        assert.equal(await harness.read?.(url(stored)), null);
      });

      it('never changes what is stored: other bytes under the same name do not replace it', async () => {
        const [first] = await harness.host.put(
          [document('proof.pdf', 'approved')],
          contractContext(),
        );
        const [second] = await harness.host.put(
          [document('proof.pdf', 'something else')],
          contractContext(),
        );
        assert.equal(Buffer.from((await harness.read?.(url(first))) ?? []).toString(), 'approved');
        if (second?.outcome === 'stored') {
          assert.notEqual(second.url, url(first));
          assert.equal(
            Buffer.from((await harness.read?.(second.url)) ?? []).toString(),
            'something else',
          );
        }
      });
    }
  });
}
