/**
 * Finds the adapters that a campaign names. This is all that the runner knows of adapters: kinds
 * and options come from the campaign file, as the database has it, and each adapter is made once
 * for the same options.
 */
import { resolve } from 'node:path';
import { adapters, portFields, type AdaptersByKind } from '@postrider/adapters';
import { didYouMean } from '@postrider/core/ports/near';
import type { CampaignBrief, Integrations, PrinterBrief } from '@postrider/core';
import {
  AdapterConfigError,
  isNamed,
  type AdapterWiring,
  type PortName,
  type PortTypes,
} from '@postrider/core/ports';
import { isGroup } from '../config/group.ts';
import type { Project } from '../config/project.ts';

// A campaign file may name any kind.
const registry: AdaptersByKind = adapters;

export interface AdapterHome {
  readonly project: Project;
  /** The folder of the campaign file: relative paths start there. */
  readonly baseDirectory: string;
  /** Gives the value of a secret; default: the project's. */
  readonly secret?: (name: string) => string | undefined;
}

/** An adapter as a campaign names it: its kind and its options. */
export type Entry = Readonly<Record<string, unknown>>;

/**
 * Adds what only the program knows, for example the address of a process that it has started. Asked
 * each time an adapter is needed. May throw `AdapterConfigError`.
 */
export type CompleteEntry = (port: PortName, entry: Entry, project: Project) => Entry;

function asItIs(_port: PortName, entry: Entry): Entry {
  return entry;
}

/** What is wrong with a kind, or null. */
export function unknownKind(port: PortName, kind: string): string | null {
  const kinds = Object.keys(registry[port]);
  if (kinds.includes(kind)) return null;
  const meant = didYouMean(kind, kinds) ?? `there are ${kinds.join(', ')}`;
  return `there is no ${portFields[port]} of kind ${kind}; ${meant}`;
}

/** Throws `AdapterConfigError` with the field as it is called in a campaign file. */
export async function makeAdapter<Name extends PortName>(
  port: Name,
  entry: unknown,
  home: AdapterHome,
): Promise<PortTypes[Name]> {
  const { kind, ...rest } = isGroup(entry) ? entry : {};
  const wrong = typeof kind === 'string' ? unknownKind(port, kind) : 'is missing';
  const factory = wrong === null ? registry[port][kind as string] : undefined;
  if (factory === undefined)
    throw new AdapterConfigError(`${portFields[port]}.kind`, wrong ?? 'is missing');
  const wiring: AdapterWiring = {
    baseDirectory: home.baseDirectory,
    dataDirectory: home.project.dataDirectory,
    secret: home.secret ?? ((name) => home.project.secret(name)),
  };
  try {
    return await factory.create(optionsOf(port, rest), wiring);
  } catch (error) {
    if (!isNamed<AdapterConfigError>(error, 'AdapterConfigError')) throw error;
    const named = (option: string): string =>
      [portFields[port], ...option.split('.').slice(1)].join('.');
    const [first, ...further] = error.problems.map(({ option, message }) => ({
      option: named(option),
      message,
    }));
    throw new AdapterConfigError(
      first?.option ?? portFields[port],
      first?.message ?? 'cannot be used',
      further,
    );
  }
}

/** What belongs to the campaign, and not to the adapter, by port. */
const ofTheCampaign: Partial<Readonly<Record<PortName, readonly string[]>>> = {
  enricher: ['name'],
  printer: ['name'],
  imageHost: ['remove_after_days', 'keep_at_most_days'],
  eventSink: ['statuses'],
};

function optionsOf(port: PortName, options: Entry): Entry {
  const others = ofTheCampaign[port] ?? [];
  return Object.fromEntries(Object.entries(options).filter(([name]) => !others.includes(name)));
}

/** Hits and misses are remembered by this name, so two look-up files must have two. */
function enricherName({ name, kind, path }: Entry, baseDirectory: string): string {
  if (typeof name === 'string') return name;
  return typeof path === 'string'
    ? `${String(kind)} ${resolve(baseDirectory, path)}`
    : String(kind);
}

export function createIntegrations(
  project: Project,
  completeEntry: CompleteEntry = asItIs,
): Integrations {
  const made = new Map<string, Promise<unknown>>();

  /**
   * Once for the same options. What failed is tried again next time: a file may be there by then.
   */
  const cached = async <Name extends PortName>(
    port: Name,
    given: unknown,
    baseDirectory: string,
  ): Promise<PortTypes[Name]> => {
    const entry = isGroup(given) ? completeEntry(port, given, project) : given;
    const key = JSON.stringify([port, entry, baseDirectory]);
    let making = made.get(key) as Promise<PortTypes[Name]> | undefined;
    if (making === undefined) {
      making = makeAdapter(port, entry, { project, baseDirectory });
      made.set(key, making);
      making.catch(() => made.delete(key));
    }
    return await making;
  };
  const of = async <Name extends PortName>(
    port: Name,
    campaign: CampaignBrief,
  ): Promise<PortTypes[Name]> =>
    await cached(port, campaign.integrations[portFields[port]], campaign.baseDirectory);
  const ifNamed = async <Name extends PortName>(
    port: Name,
    campaign: CampaignBrief,
  ): Promise<PortTypes[Name] | null> =>
    campaign.integrations[portFields[port]] === undefined ? null : await of(port, campaign);

  return {
    audience: async (campaign) => await of('audience', campaign),
    renderer: async (campaign) => await of('renderer', campaign),
    imageHost: async (campaign) => await of('imageHost', campaign),
    usageMeter: async (campaign) => await ifNamed('usageMeter', campaign),
    eventSink: async (campaign) => await ifNamed('eventSink', campaign),
    async enricher(campaign) {
      const entry = campaign.integrations['enricher'];
      const port = await ifNamed('enricher', campaign);
      if (port === null) return null;
      return { name: enricherName(isGroup(entry) ? entry : {}, campaign.baseDirectory), port };
    },
    async printer(printer: PrinterBrief) {
      const entry = { ...printer.options, kind: printer.kind };
      return await cached('printer', entry, printer.baseDirectory ?? project.directory);
    },
  };
}
