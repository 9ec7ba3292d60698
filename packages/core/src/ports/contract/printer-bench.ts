/** What the parts of a printer's contract share. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { inspect } from 'node:util';
import {
  SendStoppedError,
  type SendGuard,
  type PieceRequest,
  type SubmitResult,
} from '../order.ts';
import type { FindResult, PrinterEvent, UnusableEvent } from '../printer.ts';
import { contractContext } from './context.ts';
import type { PrinterAbility, PrinterHarness } from './printer-harness.ts';

export interface PrinterBench {
  /** Throws before the suite has begun. */
  harness(): PrinterHarness;
  submit(pieces: readonly PieceRequest[], guard?: SendGuard): Promise<readonly SubmitResult[]>;
  /** How many pieces the printer has made for this one. */
  made(piece: PieceRequest): Promise<number>;
  accepted(result: SubmitResult | undefined): Extract<SubmitResult, { outcome: 'accepted' }>;
  /** What a look-up finds out about this piece. */
  find(piece: PieceRequest): Promise<FindResult | undefined>;
  /**
   * That a look-up found this out. Printers keep no record of their test pieces, some of them: of
   * one it may say that it cannot tell, and never the contrary.
   */
  foundOut(
    piece: PieceRequest,
    found: FindResult | undefined,
    expected: Exclude<FindResult, { outcome: 'cannot_tell' }>,
  ): void;
  /** A test for printers with this ability. */
  can(ability: PrinterAbility, title: string, test: () => void | Promise<void>): void;
}

export const openGuard: SendGuard = { assertMaySend: () => undefined };

export function isUsable(event: PrinterEvent | UnusableEvent): event is PrinterEvent {
  return !('unusable' in event);
}

/** A guard that says no after so many questions. */
export function stoppedAfter(after: number): SendGuard & { asked: number } {
  return {
    asked: 0,
    assertMaySend() {
      this.asked++;
      if (this.asked > after) throw new SendStoppedError('the lease has passed');
    },
  };
}

/** Of the suite that it is called in. */
export function printerBench(
  make: () => Promise<PrinterHarness>,
  abilities: readonly PrinterAbility[],
): PrinterBench {
  let made: PrinterHarness | null = null;
  before(async () => {
    made = await make();
  });
  after(() => made?.close());
  const harness = (): PrinterHarness => made ?? assert.fail('the suite has not begun');
  return {
    harness,
    submit: (pieces, guard = openGuard) =>
      harness().printer.submit(pieces, guard, contractContext()),
    async made({ reference }) {
      return (await harness().created()).filter((id) => id === reference.mailpieceId).length;
    },
    accepted(result) {
      assert.equal(result?.outcome, 'accepted', inspect(result));
      return result as Extract<SubmitResult, { outcome: 'accepted' }>;
    },
    async find(piece) {
      return (await harness().printer.find([piece], contractContext()))[0];
    },
    foundOut({ mode }, found, expected) {
      if (mode === 'test' && found?.outcome === 'cannot_tell') return;
      assert.deepEqual(found, expected);
    },
    can(ability, title, test) {
      if (abilities.includes(ability)) it(title, test);
    },
  };
}
