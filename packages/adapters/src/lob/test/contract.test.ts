/** Lob keeps what every printer must, against its twin. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describePrinterContract } from '@postrider/core/contract';
import { startLob, lobTwinClient } from '@postrider/twins/lob';
import { temporaryFolder } from '../../../test/helpers.ts';
import { piece } from '../../../test/pieces.ts';
import { accountAt, bodyOf, eventOf, liveKey, printerOf, signed, testKey } from './accounts.ts';

const options = { timeoutMs: 5000 };

describePrinterContract(
  'Lob',
  async () => {
    const twin = await startLob({
      folder: await temporaryFolder(),
      keys: [testKey, liveKey],
      daysPerSecond: 0,
      log: () => undefined,
    });
    const control = lobTwinClient(twin.url, testKey);
    return {
      printer: printerOf(accountAt(twin.url), options),
      piece,
      async created() {
        const lines = await control.ledger();
        return lines.map(({ metadata }) => metadata['mailpiece'] ?? '');
      },
      loseNextAnswer: () => control.fault({ kind: 'reset_after_effect', endpoint: 'create' }),
      breakNext: () => control.fault({ kind: 'error_before_effect', endpoint: 'create' }),
      limitNext: () => control.fault({ kind: 'rate_limited', endpoint: 'create', count: 5 }),
      breakNextFind: () => control.fault({ kind: 'error_before_effect', endpoint: 'list' }),
      async unreachable() {
        const server = createServer();
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        const { port } = server.address() as AddressInfo;
        await new Promise((resolve) => server.close(resolve));
        return printerOf(accountAt(`http://127.0.0.1:${port}`), options);
      },
      refused: async () =>
        await Promise.resolve(printerOf(accountAt(twin.url, { key: 'live_not_ours' }), options)),
      badAddress: () => {
        const one = piece();
        return { ...one, to: { ...one.to, address: { ...one.to.address, postalCode: 'nowhere' } } };
      },
      badRequest: () => {
        const one = piece();
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
