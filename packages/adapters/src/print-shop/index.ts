/** The folder print shop. */
import type { Provider } from '../kit/provider.ts';
import { printShopOptions } from './options.ts';
import { createPrintShopPrinter } from './printer.ts';

export { createPrintShopPrinter };

export const printShop = {
  kind: 'print-shop',
  title: 'The folder print shop: print-ready PDFs and a posting manifest',
  formats: ['4x6', '6x9', '6x11'],
  mailClasses: ['first_class', 'standard'],
  printer: { options: printShopOptions, create: createPrintShopPrinter },
} as const satisfies Provider;
