import type { AddressEnricher, AudienceSource, EventSink, ImageHost, Printer, Renderer, UsageMeter } from '../ports/index.ts';
import type { Integrations } from './context.ts';

/** One adapter a port. What is left out is not used: people without an address are skipped, nothing is metered, nothing is reported. */
export interface Ports {
  readonly audience: AudienceSource;
  readonly renderer: Renderer;
  readonly imageHost: ImageHost;
  readonly printer: Printer;
  /** Hits and misses are remembered by its name. */
  readonly enricher?: { readonly name: string; readonly port: AddressEnricher };
  readonly usageMeter?: UsageMeter;
  readonly eventSink?: EventSink;
}

/** The same adapters for every campaign and printer of a database: for a service that brings its own. */
export const integrationsOf = (ports: Ports): Integrations => ({
  audience: async () => await Promise.resolve(ports.audience),
  renderer: async () => await Promise.resolve(ports.renderer),
  imageHost: async () => await Promise.resolve(ports.imageHost),
  printer: async () => await Promise.resolve(ports.printer),
  enricher: async () => await Promise.resolve(ports.enricher ?? null),
  usageMeter: async () => await Promise.resolve(ports.usageMeter ?? null),
  eventSink: async () => await Promise.resolve(ports.eventSink ?? null),
});
