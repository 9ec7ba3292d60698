/** The folder print shop. */
import type { Provider } from '../kit/provider.ts';
import { formats, mailClasses } from './formats.ts';
import { printShopOptions } from './options.ts';
import { createPrintShopPrinter } from './printer.ts';

export { createPrintShopPrinter };

export const printShop = {
  kind: 'print-shop',
  title: 'The folder print shop: print-ready PDFs and a posting manifest',
  formats,
  mailClasses,
  printer: { options: printShopOptions, create: createPrintShopPrinter },
} as const satisfies Provider;
