/** Klaviyo keeps what every event sink must, against its twin: in bulk, and event by event. */
import { describeEffectsContract } from '@postrider/core/contract';
import { accountAt, sinkOf, startedTwin } from './accounts.ts';

for (const [how, options] of [
  ['event by event', { bulkFrom: 0 }],
  ['in bulk', { bulkFrom: 1 }],
] as const)
  describeEffectsContract(`Klaviyo, ${how}`, async () => {
    const { url, twin, stop } = await startedTwin();
    const sink = () => sinkOf(accountAt(url), { ...options, profileIds: 'any' });
    const one = sink();
    return {
      write: async (items, context) => await one.emit(items, context),
      counted: async () => (await twin.ledger()).map(({ uniqueId }) => uniqueId),
      restarted: async () =>
        await Promise.resolve(async (items, context) => await sink().emit(items, context)),
      close: stop,
    };
  });
