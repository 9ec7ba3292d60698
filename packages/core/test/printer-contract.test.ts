/**
 * The contract of printers is kept by one whose test cards all have the id 0 and leave no record,
 * and which tells its prices.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { describePrinterContract } from '@postrider/core/contract';
import type { FindResult, PieceRequest, Printer } from '@postrider/core/ports';
import { printerBench } from '../src/ports/contract/printer-bench.ts';
import type { PrinterHarness } from '../src/ports/contract/printer-harness.ts';

type Mode = PieceRequest['mode'];

interface Press {
  readonly printer: Printer;
  /** By key: what it has made. */
  readonly made: Map<string, PieceRequest>;
}

function press(): Press {
  const made: Press['made'] = new Map();
  const idOf = ({ mode, idempotencyKey }: PieceRequest): string =>
    mode === 'test' ? '0' : `card-${idempotencyKey}`;
  const printer: Printer = {
    takes: ['application/pdf'],
    keyLifetimeMs: 86_400_000,
    readLagMs: 0,
    timeoutMs: 1000,
    maxBatch: 2,
    async submit(pieces, guard, { signal }) {
      return await Promise.resolve(
        pieces.map((piece) => {
          try {
            signal.throwIfAborted();
            guard.assertMaySend();
          } catch {
            return { outcome: 'retry', afterMs: 1000, message: 'Not sent.' } as const;
          }
          const replayed = made.has(piece.idempotencyKey);
          made.set(piece.idempotencyKey, piece);
          const providerId = idOf(piece);
          // Whole numbers of any size are not to be had in JSON.
          const price = { amount: 88n, scale: 2, currency: 'USD', tax: null };
          return {
            outcome: 'accepted',
            providerId,
            replayed,
            expectedDelivery: null,
            price,
          } as const;
        }),
      );
    },
    async find(pieces) {
      return await Promise.resolve(
        pieces.map(({ reference, idempotencyKey }): FindResult => {
          if (testCards.has(reference.mailpieceId))
            return { outcome: 'cannot_tell', message: 'Test cards leave no record.' };
          const piece = made.get(idempotencyKey);
          return piece === undefined
            ? { outcome: 'absent' }
            : { outcome: 'found', providerId: idOf(piece) };
        }),
      );
    },
    cancel: async (ids) =>
      await Promise.resolve(ids.map(() => ({ outcome: 'unknown', message: 'Never.' }))),
    verifyWebhook: () => ({ valid: false, message: 'There are none.' }),
    parseWebhook: () => [],
  };
  return { printer, made };
}

/** By the ids of their mailpieces: a look-up is told no mode, and an adapter has its account's. */
const testCards = new Set<string>();

function piece(mode: Mode): PieceRequest {
  const address = {
    line1: '12 Main Street',
    line2: null,
    city: 'Springfield',
    region: 'IL',
    postalCode: '62701',
    country: 'US',
  };
  const mailpieceId = randomUUID();
  if (mode === 'test') testCards.add(mailpieceId);
  return {
    reference: {
      organizationId: randomUUID(),
      campaignId: randomUUID(),
      recipientId: randomUUID(),
      mailpieceId,
    },
    idempotencyKey: randomUUID(),
    mode,
    format: '4x6',
    mailClass: 'first_class',
    to: { name: 'Ann Lee', address },
    from: null,
    artwork: { front: { url: 'noop:', page: 1 }, back: { url: 'noop:', page: 2 } },
  };
}

async function harnessOf(mode: Mode): Promise<PrinterHarness> {
  const { printer, made } = press();
  return await Promise.resolve({
    printer,
    piece: () => piece(mode),
    created: async () =>
      await Promise.resolve([...made.values()].map(({ reference }) => reference.mailpieceId)),
    close: async () => await Promise.resolve(),
  });
}

for (const mode of ['live', 'test'] as const)
  describePrinterContract(`ids and records of live cards alone, ${mode}`, () => harnessOf(mode));

describe('What a look-up of a test card may say', () => {
  const bench = printerBench(() => harnessOf('test'), []);
  const found = { outcome: 'found', providerId: '0' } as const;
  const cannotTell = { outcome: 'cannot_tell', message: 'No record.' } as const;

  it('is that it cannot be told, and never that it is absent', () => {
    bench.foundOut(piece('test'), cannotTell, found);
    bench.foundOut(piece('test'), found, found);
    assert.throws(() => bench.foundOut(piece('test'), { outcome: 'absent' }, found));
    assert.throws(() => bench.foundOut(piece('test'), found, { outcome: 'absent' }));
  });

  it('of a live card it must be told', () => {
    assert.throws(() => bench.foundOut(piece('live'), cannotTell, found));
    assert.throws(() => bench.foundOut(piece('live'), cannotTell, { outcome: 'absent' }));
  });
});
