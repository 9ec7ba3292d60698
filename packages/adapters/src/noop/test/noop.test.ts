import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import {
  contractContext,
  describePrinterContract,
  describeRendererContract,
} from '@postrider/core/contract';
import type { CardRequest, PieceRequest, PrinterEvent } from '@postrider/core/ports';
import { adapters } from '../../registry.ts';
import { createNoopPrinter, createNoopRenderer } from '../index.ts';
import { wiringAt } from '../../../test/helpers.ts';
import { piece } from '../../../test/pieces.ts';

const { address } = piece().to;

function card(index: number): CardRequest {
  return {
    recipientId: randomUUID(),
    firstName: `Ann ${index}`,
    lastName: null,
    address,
    returnAddress: null,
    merge: {},
    reference: `R${index}`,
  };
}

describePrinterContract(
  'noop',
  async () => {
    const pieces: PieceRequest[] = [];
    const printer = createNoopPrinter();
    return {
      printer,
      piece() {
        const one = piece();
        pieces.push(one);
        return one;
      },
      async created() {
        const found = await printer.find(pieces, contractContext());
        return pieces.flatMap(({ reference }, index) =>
          found[index]?.outcome === 'found' ? [reference.mailpieceId] : [],
        );
      },
      close: async () => undefined,
    };
  },
  ['cancel'],
);

describeRendererContract('noop', async () => ({
  renderer: createNoopRenderer(),
  job: {
    template: 'postcard.typ',
    format: '4x6',
    media: 'application/x-noop',
    cards: [card(1), card(2), card(3)],
  },
  close: async () => undefined,
}));

describe('Noop printer', () => {
  it('tells of deliveries after it has answered', async () => {
    const told: PrinterEvent[] = [];
    const printer = createNoopPrinter({
      maxBatch: 2,
      onEvents: (events) => void told.push(...events),
    });
    const pieces = [piece(), piece(), piece()];
    await printer.submit(pieces, { assertMaySend: () => undefined }, contractContext());
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(
      told.map(({ mailpieceId, status }) => [mailpieceId, status]),
      pieces.map(({ reference }) => [reference.mailpieceId, 'delivered']),
    );
    assert.equal(printer.accepted, 3);
  });

  it('logs an error of who listens, and goes on', async () => {
    const errors: string[] = [];
    const logger = {
      ...contractContext().logger,
      error: (_: object, message: string) => errors.push(message),
    };
    const printer = createNoopPrinter({ onEvents: () => Promise.reject(new Error('no')) });
    const [result] = await printer.submit(
      [piece()],
      { assertMaySend: () => undefined },
      contractContext({ logger }),
    );
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(result?.outcome, 'accepted');
    assert.equal(errors.length, 1);
  });
});

describe('The noop provider', () => {
  it('makes the noop adapters from the options of a campaign file', async () => {
    for (const factory of [
      adapters.renderer.noop,
      adapters.imageHost.noop,
      adapters.printer.noop,
    ]) {
      assert.ok(await factory.create({}, wiringAt('/')));
      assert.ok(await factory.create(undefined, wiringAt('/')));
      assert.throws(() => factory.create({ speed: 1 }, wiringAt('/')), /speed: is not an option/);
    }
  });
});
