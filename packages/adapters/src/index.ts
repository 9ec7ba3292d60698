/** Adapters for providers, one folder each; `registry.ts` lists them. */
export type { Offer, Offers, Provider } from './kit/provider.ts';
export { portFields, portNames } from './kit/provider.ts';
export { adapters, byPort, providers } from './registry.ts';
export type { Adapters, AdaptersByKind, KindOf } from './registry.ts';

export { createCsvAudience } from './csv/index.ts';
export { createFileEvents, createFileMeter } from './file/index.ts';
export { createFolderImageHost } from './folder/index.ts';
export { createLookupEnricher } from './lookup/index.ts';
export { createNdjsonAudience } from './ndjson/index.ts';
export { createNoopImageHost, createNoopPrinter, createNoopRenderer } from './noop/index.ts';
export type { NoopPrinter, NoopPrinterOptions } from './noop/index.ts';
export { createPrintShopPrinter } from './print-shop/index.ts';
export { createTypstRenderer } from './typst/index.ts';
export type { CardPreview, PreviewOptions, TypstRenderer } from './typst/index.ts';
