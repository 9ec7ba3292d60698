/** Lob keeps what every printer must, against its twin. */
import { describePrinterContract } from '@postrider/core/contract';
import { startLob, lobTwinClient } from '@postrider/twins/lob';
import { nobodyThere } from '../../../test/answering.ts';
import { temporaryFolder } from '../../../test/helpers.ts';
import { piece } from '../../../test/pieces.ts';
import { accountAt, bodyOf, eventOf, liveKey, printerOf, signed, testKey } from './accounts.ts';

// Nothing here waits for the end of it: a busy machine needs seconds for a hundred cards.
const options = { timeoutMs: 30_000 };

for (const mode of ['live', 'test'] as const)
  describePrinterContract(
    `Lob, ${mode}`,
    async () => {
      const twin = await startLob({
        folder: await temporaryFolder(),
        keys: [testKey, liveKey],
        daysPerSecond: 0,
        // The contract limits nothing, and orders three hundred cards: more than Lob takes in five
        // seconds. That limits are kept is seen in test/sql/limits and by the bench.
        limit: 1000,
        log: () => undefined,
      });
      const key = mode === 'live' ? liveKey : testKey;
      const control = lobTwinClient(twin.url, key);
      return {
        printer: printerOf(accountAt(twin.url, { mode, key }), options),
        piece: () => ({ ...piece(), mode }),
        async created() {
          const lines = await control.ledger();
          return lines.map(({ metadata }) => metadata['mailpiece'] ?? '');
        },
        loseNextAnswer: () => control.fault({ kind: 'reset_after_effect', endpoint: 'create' }),
        breakNext: () => control.fault({ kind: 'error_before_effect', endpoint: 'create' }),
        limitNext: () => control.fault({ kind: 'rate_limited', endpoint: 'create', count: 5 }),
        breakNextFind: () => control.fault({ kind: 'error_before_effect', endpoint: 'list' }),
        unreachable: async () => printerOf(accountAt(await nobodyThere(), { mode, key }), options),
        refused: async () =>
          await Promise.resolve(
            printerOf(accountAt(twin.url, { mode, key: `${mode}_not_ours` }), options),
          ),
        badAddress: () => {
          const one = { ...piece(), mode };
          return {
            ...one,
            to: { ...one.to, address: { ...one.to.address, postalCode: 'nowhere' } },
          };
        },
        badRequest: () => {
          const one = { ...piece(), mode };
          return { ...one, artwork: { ...one.artwork, front: { url: 'noop:', page: 0 } } };
        },
        webhook: (one, secondsAgo) =>
          signed(bodyOf(eventOf(one)), { at: Date.now() - secondsAgo * 1000 }),
        close: () => twin.stop(),
      };
    },
    [
      'answer-lost',
      'bad-address',
      'bad-request',
      'breaks-before',
      'cancel',
      'list',
      'look-up-breaks',
      'poll',
      'rate-limit',
      'refused',
      'unreachable',
      'webhooks',
    ],
  );
