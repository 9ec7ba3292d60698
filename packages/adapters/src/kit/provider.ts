/** What a provider offers: the shape of each `<provider>/index.ts`. */
import type { AdapterFactory, ConnectionKind, PortName, PortTypes } from '@postrider/core/ports';
import type { z } from 'zod';

/** An adapter, and what may stand in a campaign file for it. Each option has a description. */
export interface Offer<Port> extends AdapterFactory<Port> {
  readonly options: z.ZodObject;
}

export type Offers = { readonly [Name in PortName]?: Offer<PortTypes[Name]> };

export interface Provider extends Offers {
  /** The name in a campaign file, for example `csv`: the same at every port that it serves. */
  readonly kind: string;
  /** What it is, in a line: the docs and `--help` say it. */
  readonly title: string;
  /** What its accounts are, where it has any: `postrider connect` makes one. */
  readonly connection?: ConnectionKind;
  /** Of cards, for example `4x6`: what a renderer can set and a printer can print. */
  readonly formats?: readonly string[];
  /** As campaign files call them, for example `first_class`. */
  readonly mailClasses?: readonly string[];
  /** As the adapter says it, where it is made with these options. */
  readonly longestAddressLine?: (
    format: string,
    options: Readonly<Record<string, unknown>>,
  ) => number | null;
  /** Of a printer, as its adapter says it. */
  readonly longestName?: (format: string) => number | null;
  /** Of a printer, as its adapter says it. */
  readonly printed?: (text: string) => string;
}

/** The ports, in the order in which a recipient meets them, as a campaign file spells them. */
export const portFields: Readonly<Record<PortName, string>> = {
  audience: 'audience',
  enricher: 'enricher',
  renderer: 'renderer',
  imageHost: 'image_host',
  printer: 'printer',
  usageMeter: 'usage_meter',
  eventSink: 'event_sink',
};

export const portNames = Object.keys(portFields) as readonly PortName[];

/**
 * Fields beside an adapter's options that are the campaign's, apart from `kind` and `connection`,
 * by port.
 */
export const campaignFields: Readonly<Record<string, readonly string[]>> = {
  enricher: ['name'],
  renderer: ['template'],
  printer: ['name'],
  imageHost: ['remove_after_days', 'keep_at_most_days'],
  eventSink: ['statuses'],
};
