/** Adapters that need no provider: files in, files out. */
export { createCsvAudience, csvAudience } from './audience/csv-audience.ts';
export { createNdjsonAudience, ndjsonAudience } from './audience/ndjson-audience.ts';
export { createFileEvents, fileEvents } from './file-events.ts';
export { createFileMeter, fileMeter } from './file-meter.ts';
export { createFolderImageHost, folderImageHost } from './folder-image-host.ts';
export { createLookupEnricher, lookupEnricher } from './lookup-enricher.ts';
export { createPrintShopPrinter, printShopPrinter } from './print-shop/index.ts';
export { createTypstRenderer, typstRenderer } from './typst-renderer/index.ts';
export type { CardPreview, PreviewOptions, TypstRenderer } from './typst-renderer/index.ts';
