/**
 * The adapters of a campaign that is tried out. Each is made whether or not the others can be, and
 * where its options cannot all be used, without those, so that a file is corrected in one round.
 */
import { portNames, portFields, unknownKind } from '@postrider/adapters';
import {
  isNamed,
  quietContext,
  type AdapterConfigError,
  type AddressEnricher,
  type AudienceSource,
  type ImageHost,
  type PortName,
  type PortTypes,
  type Printer,
  type Renderer,
} from '@postrider/core/ports';
import type { Problem } from '@postrider/runner/yaml-file';
import { isGroup, makeAdapter, type AdapterHome } from '@postrider/runner/integrations';
import { leaseMsOf } from '@postrider/runner/pipeline';
import type { Project } from '@postrider/runner/project';
import type { SecretError } from '@postrider/core';
import type { CampaignDraft } from '../campaign-file/read.ts';
import type { DraftWithAccounts } from '../accounts/campaign-accounts.ts';
import { explain } from '../errors/explain.ts';
import { completeEntry } from '../print-shop/complete-entry.ts';
import { misfitProblems } from './misfits.ts';

type Group = Readonly<Record<string, unknown>>;

export interface Findings {
  readonly problems: Problem[];
  readonly warnings: string[];
}

export interface TrialAdapter<Port> {
  readonly port: Port;
  /**
   * Without the options that it cannot use: what it says is believed only as far as they do not
   * matter.
   */
  readonly partial: boolean;
}

export async function makeAdapters(
  project: Project,
  { draft, connections }: DraftWithAccounts,
  { problems, warnings }: Findings,
): Promise<{
  audience: TrialAdapter<AudienceSource> | null;
  enricher: TrialAdapter<AddressEnricher> | null;
  renderer: TrialAdapter<Renderer> | null;
}> {
  // A secret may be set later, and a print shop started: what is missing today is a warning.
  const secret = (name: string, need?: 'optional'): string | undefined => {
    const value = project.secret(name);
    if (value === undefined && need === 'optional') return undefined;
    if (value === undefined)
      warnings.push(
        `the secret ${name} is not set: put it in the environment, or in var/secrets/${name}`,
      );
    return value ?? `whsec_${Buffer.alloc(32).toString('base64')}`;
  };
  const homeOf = (port: PortName): AdapterHome => {
    const connection = connections.get(portFields[port]);
    const home = { project, baseDirectory: draft.baseDirectory, secret };
    return connection === undefined ? home : { ...home, connection };
  };
  const make = async <Name extends PortName>(
    port: Name,
    entry: Group,
  ): Promise<TrialAdapter<PortTypes[Name]> | null> => {
    const home = homeOf(port);
    try {
      return { port: await makeAdapter(port, entry, home), partial: false };
    } catch (error) {
      // It may be set where the runner is.
      if (isNamed<SecretError>(error, 'SecretError')) {
        warnings.push(`${portFields[port]}: ${error.message}`);
        return null;
      }
      if (!isNamed<AdapterConfigError>(error, 'AdapterConfigError')) throw error;
      for (const { option, message } of error.problems)
        problems.push(draft.problem(option, message));
      const useless = new Set(error.problems.map(({ option }) => option.split('.')[1]));
      const rest = Object.fromEntries(Object.entries(entry).filter(([name]) => !useless.has(name)));
      return await makeAdapter(port, rest, home).then(
        (made) => ({ port: made, partial: true }),
        () => null,
      );
    }
  };
  const entryOf = (port: PortName): Group | null => {
    const entry = draft.raw[portFields[port]];
    // What is no group of fields, or of no kind that is known, the file's own check has told.
    if (
      !isGroup(entry) ||
      typeof entry['kind'] !== 'string' ||
      unknownKind(port, entry['kind']) !== null ||
      // Its account cannot be looked at here; that is told already.
      (entry['connection'] !== undefined && !connections.has(portFields[port]))
    )
      return null;
    if (port !== 'renderer') return entry;
    const { template: _ofTheCampaign, ...rest } = entry;
    return rest;
  };
  let audience: TrialAdapter<AudienceSource> | null = null;
  let enricher: TrialAdapter<AddressEnricher> | null = null;
  let renderer: TrialAdapter<Renderer> | null = null;
  let host: TrialAdapter<ImageHost> | null = null;
  let printer: TrialAdapter<Printer> | null = null;
  for (const port of portNames) {
    const entry = entryOf(port);
    if (entry === null) continue;
    if (port === 'audience') audience = await make(port, entry);
    else if (port === 'enricher') enricher = await make(port, entry);
    else if (port === 'renderer') renderer = await make(port, entry);
    else if (port === 'imageHost') host = await make(port, entry);
    else if (port === 'printer') {
      printer = await make(port, addressed(entry, project, warnings));
      if (printer !== null && !printer.partial)
        problems.push(...tooSlow(printer.port, project, draft));
    } else if (port === 'eventSink') {
      const sink = await make(port, entry);
      const remarks = (await sink?.port.remarks?.(quietContext())) ?? [];
      warnings.push(...remarks.map((remark) => `${portFields[port]}: ${remark}`));
    } else await make(port, entry);
  }
  problems.push(
    ...misfitProblems(draft, {
      renderer: renderer?.port ?? null,
      imageHost: host?.port ?? null,
      printer: printer?.port ?? null,
    }),
  );
  return { audience, enricher, renderer };
}

/** Said here as well as by a runner, which would send it nothing. */
function tooSlow({ timeoutMs }: Printer, { settings }: Project, draft: CampaignDraft): Problem[] {
  const leaseMs = leaseMsOf(settings);
  if (timeoutMs < leaseMs) return [];
  const message =
    `${timeoutMs} ms is not shorter than the runner's lease of ${leaseMs} ms: ` +
    'shorten it, or set runner.lease_seconds in postrider.yaml';
  return [draft.problem('printer.timeoutMs', message)];
}

function addressed(entry: Group, project: Project, warnings: string[]): Group {
  try {
    return completeEntry('printer', entry, project);
  } catch (error) {
    warnings.push(explain(error).message);
    return { ...entry, url: 'http://127.0.0.1:9' };
  }
}
