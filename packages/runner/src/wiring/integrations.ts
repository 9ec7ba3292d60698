/**
 * Finds the adapters that a campaign names. This is all that the runner knows of adapters: kinds
 * and options come from the campaign file, as the database has it, and each adapter is made once
 * for the same options.
 */
import {
  enricherName,
  knownProviders,
  offerOf,
  optionsOf,
  portFields,
  unknownKind,
  type Entry,
} from '@postrider/adapters';
import {
  Connections,
  type CampaignBrief,
  type ConnectionsOptions,
  type Integrations,
} from '@postrider/core';
import {
  AdapterConfigError,
  isNamed,
  type AdapterWiring,
  type Connection,
  type PortName,
  type PortTypes,
} from '@postrider/core/ports';
import type { Project } from '../config/project.ts';
import type { Sql } from '../database/open.ts';

export interface AdapterHome {
  readonly project: Project;
  /** The folder of the campaign file: relative paths start there. */
  readonly baseDirectory: string;
  /** Gives the value of a secret; default: the project's. */
  readonly secret?: AdapterWiring['secret'];
  /** The account that the entry names. */
  readonly connection?: Connection;
}

/**
 * Adds what only the program knows, for example the address of a process that it has started. Asked
 * each time an adapter is needed. May throw `AdapterConfigError`.
 */
export type CompleteEntry = (port: PortName, entry: Entry, project: Project) => Entry;

function asItIs(_port: PortName, entry: Entry): Entry {
  return entry;
}

/** Whether an entry is a group of fields. */
export function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Throws `AdapterConfigError` with the field as it is called in a campaign file. */
export async function makeAdapter<Name extends PortName>(
  port: Name,
  entry: unknown,
  home: AdapterHome,
): Promise<PortTypes[Name]> {
  const { kind, ...rest } = isGroup(entry) ? entry : {};
  const wrong = typeof kind === 'string' ? unknownKind(port, kind) : 'is missing';
  const factory = wrong === null ? offerOf(port, kind as string) : undefined;
  if (factory === undefined)
    throw new AdapterConfigError(`${portFields[port]}.kind`, wrong ?? 'is missing');
  const wiring: AdapterWiring = {
    baseDirectory: home.baseDirectory,
    dataDirectory: home.project.dataDirectory,
    secret: home.secret ?? ((name) => home.project.secret(name)),
    ...(home.connection === undefined ? {} : { connection: home.connection }),
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

/** Of which campaign or printer an entry is. */
interface Whose {
  readonly organizationId: string;
  readonly baseDirectory: string;
  readonly connectionId: string | null | undefined;
}

interface IntegrationsOptions extends ConnectionsOptions {
  readonly completeEntry?: CompleteEntry;
  /** Where connections are looked up; without one none can be named. */
  readonly sql?: Sql;
}

export function createIntegrations(
  project: Project,
  { completeEntry = asItIs, sql, ...told }: IntegrationsOptions = {},
): Integrations {
  const made = new Map<string, Promise<unknown>>();
  const accounts = sql && new Connections(sql, (name) => project.secret(name), told);

  /**
   * Once for the same options. What failed is tried again next time: a file may be there by then.
   */
  const cached = async <Name extends PortName>(
    port: Name,
    given: unknown,
    { organizationId, baseDirectory, connectionId }: Whose,
  ): Promise<PortTypes[Name]> => {
    const entry = isGroup(given) ? completeEntry(port, given, project) : given;
    const connection = connectionId && (await accounts?.of(organizationId, connectionId));
    const account = connection && { organizationId, connectionId };
    const key = JSON.stringify([port, entry, baseDirectory, account]);
    let making = made.get(key) as Promise<PortTypes[Name]> | undefined;
    if (making === undefined) {
      const home = { project, baseDirectory, ...(connection && { connection }) };
      making = makeAdapter(port, entry, home);
      made.set(key, making);
      making.catch(() => made.delete(key));
    }
    return await making;
  };
  const of = async <Name extends PortName>(
    port: Name,
    campaign: CampaignBrief,
  ): Promise<PortTypes[Name]> => {
    const connectionId = campaign.connectionIds[portFields[port]];
    return await cached(port, campaign.integrations[portFields[port]], {
      ...campaign,
      connectionId,
    });
  };
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
    printer: async ({ kind, options, baseDirectory, ...whose }) =>
      await cached(
        'printer',
        { ...options, kind },
        { ...whose, baseDirectory: baseDirectory ?? project.directory },
      ),
    async connection(connectionId, organizationId) {
      const connection = await accounts?.of(organizationId, connectionId);
      const provider = knownProviders().find(({ kind }) => kind === connection?.provider);
      const kind = provider?.connection;
      return connection === undefined || kind === undefined ? null : { kind, connection };
    },
  };
}
