/**
 * The adapters by port and kind, as a campaign file names them.
 *
 * Importing this costs little: typst, resvg and csv-parse are loaded when they are first used.
 */
import type {
  AdapterFactory,
  AddressEnricher,
  AudienceSource,
  EventSink,
  ImageHost,
  Printer,
  Renderer,
  UsageMeter,
} from '@postrider/core/ports';
import {
  csvAudience,
  fileEvents,
  fileMeter,
  folderImageHost,
  lookupEnricher,
  ndjsonAudience,
  printShopPrinter,
  typstRenderer,
} from './local/index.ts';
import { noopImageHost, noopPrinter, noopRenderer } from './noop/index.ts';

type Kinds<Port> = Readonly<Record<string, AdapterFactory<Port>>>;

export const adapters = {
  audience: { csv: csvAudience, ndjson: ndjsonAudience } satisfies Kinds<AudienceSource>,
  enricher: { lookup: lookupEnricher } satisfies Kinds<AddressEnricher>,
  renderer: { typst: typstRenderer, noop: noopRenderer } satisfies Kinds<Renderer>,
  imageHost: { folder: folderImageHost, noop: noopImageHost } satisfies Kinds<ImageHost>,
  printer: { 'print-shop': printShopPrinter, noop: noopPrinter } satisfies Kinds<Printer>,
  usageMeter: { file: fileMeter } satisfies Kinds<UsageMeter>,
  eventSink: { file: fileEvents } satisfies Kinds<EventSink>,
} as const;

export * from './local/index.ts';
export * from './noop/index.ts';
