/** The contract of usage meters and event sinks. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { CallContext } from '../common.ts';
import type { EffectItem, EffectResult } from '../effects.ts';
import { abortedContext, contractContext } from './context.ts';

export interface EffectsHarness {
  /** `record` of a meter or `emit` of a sink. */
  write(items: readonly EffectItem[], context: CallContext): Promise<readonly EffectResult[]>;
  /** The keys that the other side has counted, repeats included. */
  counted(): Promise<readonly string[]>;
  /** The same adapter as a new process sees it. */
  restarted(): Promise<EffectsHarness['write']>;
  close(): Promise<void>;
}

/** An effect as core makes it, with what a test needs of it. */
export function exampleEffect(over: Partial<EffectItem> = {}): EffectItem {
  return {
    key: 'm:sent',
    reference: { organizationId: 'o', campaignId: 'c', recipientId: 'r', mailpieceId: 'm' },
    status: 'sent',
    occurredAt: '2026-11-24T12:00:00.000Z',
    isBackfill: false,
    attempt: 1,
    externalId: 'p1',
    organization: 'Bakery',
    campaign: 'spring',
    mode: 'live',
    format: '4x6',
    mailClass: 'first_class',
    tracking: {
      printer: 'press',
      providerId: 'psc_1',
      acceptedAt: '2026-11-24T12:00:00.000Z',
      expectedDelivery: null,
      rerouted: false,
      confidence: null,
    },
    ...over,
  };
}

/**
 * What core relies on: a key counts once, however often it is told. For `UsageMeter` and
 * `EventSink`.
 */
export function describeEffectsContract(name: string, make: () => Promise<EffectsHarness>): void {
  describe(`UsageMeter and EventSink contract: ${name}`, () => {
    let harness: EffectsHarness;
    before(async () => {
      harness = await make();
    });
    after(() => harness.close());

    const item = (key: string = randomUUID()): EffectItem => exampleEffect({ key });
    const times = async (key: string): Promise<number> =>
      (await harness.counted()).filter((one) => one === key).length;

    it('answers each item, in the order asked, and counts it', async () => {
      const items = [item(), item(), item()];
      const results = await harness.write(items, contractContext());
      assert.deepEqual(
        results.map(({ outcome }) => outcome),
        ['done', 'done', 'done'],
      );
      for (const { key } of items) assert.equal(await times(key), 1);
    });

    it('counts a key once: told twice, twice in one call, at the same time, and by another process', async () => {
      const one = item();
      await harness.write([one, one], contractContext());
      await Promise.all([
        harness.write([one], contractContext()),
        harness.write([one], contractContext()),
      ]);
      const other = await harness.restarted();
      const [again] = await other([one], contractContext());
      assert.equal(again?.outcome, 'done');
      assert.equal(await times(one.key), 1);
    });

    it('takes an empty array', async () => {
      assert.deepEqual(await harness.write([], contractContext()), []);
    });

    it('counts nothing when the signal has aborted', async () => {
      const one = item();
      const results = await harness.write([one], abortedContext()).catch(() => [null]);
      assert.ok(results.every((result) => result?.outcome !== 'done'));
      assert.equal(await times(one.key), 0);
    });
  });
}
