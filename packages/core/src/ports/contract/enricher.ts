/** The contract of an address enricher. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from '../common.ts';
import type { AddressEnricher, EnrichRequest, EnrichResult } from '../enricher.ts';
import { abortedContext, contractContext } from './context.ts';

export interface EnricherHarness {
  readonly enricher: AddressEnricher;
  /** At least one who is found (with the address) and one who is not (null). */
  readonly people: readonly { readonly request: EnrichRequest; readonly address: Address | null }[];
  /** The same enricher as a new process sees it. */
  restarted(): Promise<AddressEnricher>;
  close(): Promise<void>;
}

/**
 * What core relies on: a batch is found again by our reference, also by another process, and
 * everybody in it is answered once.
 */
export function describeEnricherContract(name: string, make: () => Promise<EnricherHarness>): void {
  describe(`AddressEnricher contract: ${name}`, () => {
    let harness: EnricherHarness;
    before(async () => {
      harness = await make();
    });
    after(() => harness.close());

    const submit = async (reference: string, people: readonly EnrichRequest[]): Promise<string> => {
      const result = await harness.enricher.submit(reference, people, contractContext());
      assert.equal(result.outcome, 'accepted');
      return result.outcome === 'accepted' ? result.providerBatchId : '';
    };
    const collect = async (
      enricher: AddressEnricher,
      id: string,
    ): Promise<readonly EnrichResult[]> => {
      for (let attempt = 0; attempt < 100; attempt++) {
        const result = await enricher.collect(id, contractContext());
        if (result.outcome === 'done') return result.results;
        assert.equal(result.outcome, 'pending');
        await sleep(50);
      }
      return assert.fail('the batch is still pending after 100 looks');
    };
    const requests = (): EnrichRequest[] => harness.people.map(({ request }) => request);

    it('finds the addresses it has, and says of nobody else that it has one', async () => {
      const results = await collect(harness.enricher, await submit(randomUUID(), requests()));
      assert.equal(
        new Set(results.map(({ recipientId }) => recipientId)).size,
        results.length,
        'each person is answered once',
      );
      for (const { request, address } of harness.people) {
        const result = results.find(({ recipientId }) => recipientId === request.recipientId);
        if (address === null) assert.notEqual(result?.outcome, 'match');
        else
          assert.deepEqual(result, { recipientId: request.recipientId, outcome: 'match', address });
      }
    });

    it('finds a batch by our reference, also after a restart, and collects it there', async () => {
      const reference = randomUUID();
      const id = await submit(reference, requests());
      assert.equal(await harness.enricher.find(reference, contractContext()), id);
      const other = await harness.restarted();
      assert.equal(await other.find(reference, contractContext()), id);
      assert.equal((await collect(other, id)).length, harness.people.length);
    });

    it('proves that a batch is absent which was never submitted', async () => {
      assert.equal(await harness.enricher.find(randomUUID(), contractContext()), null);
    });

    it('takes the same reference twice as one batch', async () => {
      const reference = randomUUID();
      const first = await submit(reference, requests());
      assert.equal(await submit(reference, requests()), first);
      assert.equal((await collect(harness.enricher, first)).length, harness.people.length);
    });

    it('gives the same answer when it is collected again', async () => {
      const id = await submit(randomUUID(), requests());
      assert.deepEqual(await collect(harness.enricher, id), await collect(harness.enricher, id));
    });

    it('calls a batch lost that it does not know', async () => {
      assert.equal(
        (await harness.enricher.collect('no-such-batch', contractContext())).outcome,
        'lost',
      );
    });

    it('takes an empty batch', async () => {
      assert.deepEqual(await collect(harness.enricher, await submit(randomUUID(), [])), []);
    });

    it('submits nothing when the signal has aborted', async () => {
      const reference = randomUUID();
      const result = await harness.enricher
        .submit(reference, requests(), abortedContext())
        .catch(() => null);
      assert.notEqual(result?.outcome, 'accepted');
      assert.equal(await harness.enricher.find(reference, contractContext()), null);
    });
  });
}
