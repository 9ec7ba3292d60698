/** The ports by their names. */
import type { AudienceSource } from './audience.ts';
import type { EventSink, UsageMeter } from './effects.ts';
import type { AddressEnricher } from './enricher.ts';
import type { ImageHost } from './image-host.ts';
import type { Printer } from './printer.ts';
import type { Renderer } from './renderer.ts';

/** Every port, by the name that a registry of adapters has it under. */
export interface PortTypes {
  readonly audience: AudienceSource;
  readonly enricher: AddressEnricher;
  readonly renderer: Renderer;
  readonly imageHost: ImageHost;
  readonly printer: Printer;
  readonly usageMeter: UsageMeter;
  readonly eventSink: EventSink;
}

export type PortName = keyof PortTypes;
