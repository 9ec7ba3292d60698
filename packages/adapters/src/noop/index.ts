export { createNoopImageHost, noopImageHost } from './image-host.ts';
export { createNoopPrinter, noopPrinter } from './printer.ts';
export type { NoopPrinter, NoopPrinterOptions } from './printer.ts';
export { createNoopRenderer, noopRenderer } from './renderer.ts';
