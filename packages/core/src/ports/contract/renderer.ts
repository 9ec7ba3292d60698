/** The contract of a renderer. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { CardRequest, RenderJob, Renderer, RenderResult } from '../renderer.ts';
import { abortedContext, contractContext } from './context.ts';

export interface RendererHarness {
  readonly renderer: Renderer;
  /** At least three cards with different content, all of which can be rendered. */
  readonly job: RenderJob;
  /**
   * A card for the same template that cannot be rendered. Asked for with the ability
   * `refuses-cards`.
   */
  flawed?(): CardRequest;
  /** A job whose template is broken. Asked for with the ability `refuses-templates`. */
  broken?(): RenderJob;
  close(): Promise<void>;
}

export type RendererAbility = 'refuses-cards' | 'refuses-templates';
type Rendered = Extract<RenderResult, { outcome: 'rendered' }>;

/**
 * What core relies on: one result per card in order, pages of its own for each card, and a hash
 * that means equal content.
 */
export function describeRendererContract(
  name: string,
  make: () => Promise<RendererHarness>,
  abilities: readonly RendererAbility[] = [],
): void {
  describe(`Renderer contract: ${name}`, () => {
    let harness: RendererHarness;
    before(async () => {
      harness = await make();
    });
    after(() => harness.close());

    const hashes = async (cards: readonly CardRequest[]): Promise<readonly string[]> => {
      const { results } = await harness.renderer.render(
        { ...harness.job, cards },
        contractContext(),
      );
      return results.map((result) => {
        assert.equal(result.outcome, 'rendered', JSON.stringify(result));
        return (result as Rendered).contentHash;
      });
    };

    it('answers each card, in the order asked, with pages of its own', async () => {
      const { documents, results } = await harness.renderer.render(harness.job, contractContext());
      assert.deepEqual(
        results.map(({ recipientId }) => recipientId),
        harness.job.cards.map(({ recipientId }) => recipientId),
      );
      const pages = new Set<string>();
      for (const result of results) {
        assert.equal(result.outcome, 'rendered', JSON.stringify(result));
        const { front, back, contentHash } = result as Rendered;
        assert.match(contentHash, /^[0-9a-f]{64}$/);
        for (const { document, page } of [front, back]) {
          assert.ok(document >= 0 && document < documents.length, 'the document is there');
          assert.ok(Number.isInteger(page) && page >= 1);
          pages.add(`${document}:${page}`);
        }
      }
      assert.equal(pages.size, 2 * results.length, 'no two sides share a page');
      for (const document of documents) {
        assert.notEqual(document.name, '');
        assert.match(document.contentType, /^[a-z]+\/[a-z0-9.+-]+$/);
      }
    });

    it('makes what it says that it makes, and of that what it is asked for', async () => {
      assert.ok(harness.renderer.makes.length > 0);
      for (const media of harness.renderer.makes) {
        const job = { ...harness.job, media };
        const { documents } = await harness.renderer.render(job, contractContext());
        assert.ok(documents.length > 0);
        for (const { contentType } of documents) assert.equal(contentType, media);
      }
    });

    it('sets the format that it is asked for, where it lists what it sets', () => {
      const { renderer, job } = harness;
      assert.ok(renderer.formats?.includes(job.format) ?? true);
    });

    it('gives the same names, bytes and hashes for the same job', async () => {
      const first = await harness.renderer.render(harness.job, contractContext());
      const second = await harness.renderer.render(harness.job, contractContext());
      assert.deepEqual(first.results, second.results);
      for (const [index, document] of first.documents.entries()) {
        assert.equal(second.documents[index]?.name, document.name);
        assert.equal(
          Buffer.compare(second.documents[index]?.bytes ?? new Uint8Array(), document.bytes),
          0,
        );
      }
    });

    it('gives equal hashes for equal content, for any recipient and beside any other, and other hashes for other content', async () => {
      const [first, second] = harness.job.cards;
      assert.ok(first !== undefined && second !== undefined);
      const twin = { ...first, recipientId: 'somebody-else' };
      const changed = { ...first, address: { ...first.address, line1: '1 Another Street' } };
      const [a, b, c, d] = await hashes([first, twin, changed, second]);
      assert.equal(a, b);
      assert.notEqual(a, c);
      assert.notEqual(a, d);
      assert.deepEqual(await hashes([first]), [a]);
    });

    it('takes an empty job', async () => {
      assert.deepEqual(
        (await harness.renderer.render({ ...harness.job, cards: [] }, contractContext())).results,
        [],
      );
    });

    it('does not render when the signal has aborted', async () => {
      await assert.rejects(harness.renderer.render(harness.job, abortedContext()));
    });

    if (abilities.includes('refuses-cards')) {
      it('fails a flawed card by itself and renders the others as if it were not there', async () => {
        const flawed = harness.flawed?.();
        assert.ok(flawed !== undefined);
        const [first, ...rest] = harness.job.cards;
        assert.ok(first !== undefined);
        const { results } = await harness.renderer.render(
          { ...harness.job, cards: [first, flawed, ...rest] },
          contractContext(),
        );
        const [, failure] = results;
        assert.equal(failure?.outcome, 'failed');
        if (failure?.outcome === 'failed') {
          assert.match(failure.reason, /^[a-z][a-z0-9_]*$/);
          assert.notEqual(failure.message, '');
          assert.ok(
            !failure.message.includes(flawed.recipientId),
            'the row knows whose it is: one fault is one cause',
          );
        }
        const without = await hashes(harness.job.cards);
        assert.deepEqual(
          results
            .filter((_, index) => index !== 1)
            .map((result) => (result as Rendered).contentHash),
          without,
        );
      });
    }

    if (abilities.includes('refuses-templates')) {
      it('refuses a job with a broken template as a whole, with a reason', async () => {
        const job = harness.broken?.();
        assert.ok(job !== undefined);
        const { refused = [] } = await harness.renderer.render(job, contractContext());
        assert.deepEqual(
          refused.map(({ reason }) => reason),
          ['broken_template'],
        );
        assert.notEqual(refused[0]?.message, '');
      });
    }
  });
}
