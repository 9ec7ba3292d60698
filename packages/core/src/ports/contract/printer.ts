/** The contract of a printer, put together of its parts. */
import { describe } from 'node:test';
import { printerBench } from './printer-bench.ts';
import type { PrinterAbility, PrinterHarness } from './printer-harness.ts';
import { ordersOf } from './printer-orders.ts';
import { recordsOf } from './printer-records.ts';
import { webhooksOf } from './printer-webhooks.ts';

export type { PrinterAbility, PrinterHarness };

/** What core relies on so that no card is printed twice and none is lost. */
export function describePrinterContract(
  name: string,
  make: () => Promise<PrinterHarness>,
  abilities: readonly PrinterAbility[] = [],
): void {
  describe(`Printer contract: ${name}`, () => {
    const bench = printerBench(make, abilities);
    ordersOf(bench);
    recordsOf(bench);
    webhooksOf(bench);
  });
}
