import assert from 'node:assert/strict';
import { describePrinterContract } from '@postrider/core/contract';
import { startPrintShop, type FaultInput, type LedgerLine } from '@postrider/twins/print-shop';
import { nobodyThere } from '../../../test/answering.ts';
import { temporaryFolder } from '../../../test/helpers.ts';
import { piece } from '../../../test/pieces.ts';
import { bodyOf, eventOf, printerAt, token, webhookOf } from './pieces.ts';

for (const keys of [true, false]) {
  describePrinterContract(
    keys ? 'print shop' : 'print shop without idempotency keys',
    async () => {
      const shop = await startPrintShop({
        folder: await temporaryFolder(),
        token,
        keys,
        acceptNoopArtwork: true,
        allowFaults: true,
        printAfterMs: 3_600_000,
        log: () => undefined,
      });
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const fault = async (one: FaultInput): Promise<void> => {
        const response = await fetch(`${shop.url}/v1/faults`, {
          method: 'POST',
          headers,
          body: JSON.stringify({ faults: [one] }),
        });
        assert.equal(response.status, 200);
      };
      const options = { keys, timeoutMs: 60_000 };
      return {
        printer: printerAt(shop.url, options),
        piece,
        async created() {
          const lines = (await (await fetch(`${shop.url}/v1/ledger`, { headers })).text())
            .split('\n')
            .filter((line) => line !== '');
          return lines.map((line) => (JSON.parse(line) as LedgerLine).mailpiece);
        },
        loseNextAnswer: () => fault({ kind: 'drop_answer_after_effect' }),
        breakNext: () => fault({ kind: 'http_500_before_effect' }),
        limitNext: () => fault({ kind: 'http_429', retryAfterSeconds: 3 }),
        breakNextFind: () => fault({ kind: 'http_503', endpoint: 'find' }),
        unreachable: async () => printerAt(await nobodyThere(), options),
        refused: async () =>
          await Promise.resolve(
            printerAt(shop.url, options, { PRINT_SHOP_TOKEN: 'of somebody else' }),
          ),
        badAddress: () => {
          const one = piece();
          return {
            ...one,
            to: { ...one.to, address: { ...one.to.address, postalCode: 'nowhere' } },
          };
        },
        badRequest: () => {
          const one = piece();
          return { ...one, artwork: { ...one.artwork, front: { url: 'noop:', page: 0 } } };
        },
        webhook: (one, secondsAgo) => webhookOf(one, secondsAgo),
        oddWebhook: ({ reference }) =>
          bodyOf([{ ...eventOf(reference), eventId: 7 }, eventOf(reference), 'delivered']),
        close: () => shop.stop(),
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
      'odd-events',
      'poll',
      'rate-limit',
      'refused',
      ...(keys ? (['tells-replays'] as const) : []),
      'unreachable',
      'webhooks',
    ],
  );
}
