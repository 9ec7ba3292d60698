/** Where the adapters of a campaign or a printer come from. */
import type { CampaignBrief, PrinterBrief } from '../machine/briefs.ts';
import type {
  AddressEnricher,
  AudienceSource,
  Connection,
  ConnectionKind,
  EventSink,
  ImageHost,
  Printer,
  Renderer,
  UsageMeter,
} from '../ports/index.ts';
import { checkPorts } from './check-options.ts';

/**
 * Finds the adapters of a campaign. The runner's registry reads them from the campaign file; a
 * library's user may hand over their own. Each may throw: the stage then reports the error and its
 * people wait.
 */
export interface Integrations {
  audience(campaign: CampaignBrief): Promise<AudienceSource>;
  /** Null: the campaign has no enricher. */
  enricher(
    campaign: CampaignBrief,
  ): Promise<{ readonly name: string; readonly port: AddressEnricher } | null>;
  renderer(campaign: CampaignBrief): Promise<Renderer>;
  imageHost(campaign: CampaignBrief): Promise<ImageHost>;
  printer(printer: PrinterBrief): Promise<Printer>;
  usageMeter(campaign: CampaignBrief): Promise<UsageMeter | null>;
  eventSink(campaign: CampaignBrief): Promise<EventSink | null>;
  /**
   * What a provider says of its accounts, to probe a connection that does not work. Absent, or null
   * where the provider tells nothing of them: such a connection is tried by the next cards.
   */
  connection?(
    connectionId: string,
    organizationId: string,
  ): Promise<{ readonly kind: ConnectionKind; readonly connection: Connection } | null>;
}

/**
 * One adapter a port. What is left out is not used: people without an address are skipped, nothing
 * is metered, nothing is reported.
 */
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

/**
 * The same adapters for every campaign and printer of a database: for a service that brings its
 * own. Throws `InvalidOptionsError` where one is missing, or is none.
 */
export function integrationsOf(ports: Ports): Integrations {
  checkPorts(ports);
  return {
    audience: async () => await Promise.resolve(ports.audience),
    renderer: async () => await Promise.resolve(ports.renderer),
    imageHost: async () => await Promise.resolve(ports.imageHost),
    printer: async () => await Promise.resolve(ports.printer),
    enricher: async () => await Promise.resolve(ports.enricher ?? null),
    usageMeter: async () => await Promise.resolve(ports.usageMeter ?? null),
    eventSink: async () => await Promise.resolve(ports.eventSink ?? null),
  };
}
