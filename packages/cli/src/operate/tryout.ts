/**
 * Tries a campaign out before it is applied: makes its adapters, reads the first rows of its list,
 * and sets their cards. Each part is looked at whether or not the others can be used, so that a
 * file is corrected in one round. What would stop every card is a problem; what may come by itself,
 * such as a secret or the first rows of a list, is a warning.
 */
import { portNames, portFields } from '@postrider/adapters';
import type { CardRequest, Member } from '@postrider/core';
import {
  isNamed,
  type AdapterConfigError,
  type AudienceSource,
  type CallContext,
  type ImageHost,
  type PortName,
  type PortTypes,
  type Printer,
  type Renderer,
} from '@postrider/core/ports';
import {
  type CampaignDraft,
  isGroup,
  type Problem,
  returnAddressOf,
} from '@postrider/runner/campaign-file';
import { makeAdapter, unknownKind } from '@postrider/runner/integrations';
import { leaseMsOf, quietLogger } from '@postrider/runner/pipeline';
import type { Project } from '@postrider/runner/project';
import { explain } from '../errors/explain.ts';
import { completeEntry } from '../print-shop/entry.ts';
import { misfits } from './media.ts';

const ROWS = 50;

/**
 * `later`: the list is not there yet, so what is wrong with it is a warning. `unread`: neither list
 * nor template is looked at.
 */
export type ListCheck = 'now' | 'later' | 'unread';

export interface Findings {
  readonly problems: Problem[];
  readonly warnings: string[];
}

type Group = Readonly<Record<string, unknown>>;

export async function tryOut(
  project: Project,
  draft: CampaignDraft,
  list: ListCheck,
): Promise<Findings> {
  const found: Findings = { problems: [], warnings: [] };
  const { audience, renderer } = await makeAdapters(project, draft, found);
  if (list === 'unread') return found;
  const sample = await sampleOf(audience, draft, list, found);
  if (renderer !== null) await setCards(renderer, draft, sample, found);
  return found;
}

interface Made<Port> {
  readonly port: Port;
  /**
   * Without the options that it cannot use: what it says is believed only as far as they do not
   * matter.
   */
  readonly partial: boolean;
}

async function makeAdapters(
  project: Project,
  draft: CampaignDraft,
  { problems, warnings }: Findings,
): Promise<{ audience: Made<AudienceSource> | null; renderer: Made<Renderer> | null }> {
  // A secret may be set later, and a print shop started: what is missing today is a warning.
  const secret = (name: string): string => {
    const value = project.secret(name);
    if (value === undefined)
      warnings.push(
        `the secret ${name} is not set: put it in the environment, or in var/secrets/${name}`,
      );
    return value ?? `whsec_${Buffer.alloc(32).toString('base64')}`;
  };
  const home = { project, baseDirectory: draft.baseDirectory, secret };
  const make = async <Name extends PortName>(
    port: Name,
    entry: Group,
  ): Promise<Made<PortTypes[Name]> | null> => {
    try {
      return { port: await makeAdapter(port, entry, home), partial: false };
    } catch (error) {
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
      unknownKind(port, entry['kind']) !== null
    )
      return null;
    if (port !== 'renderer') return entry;
    const { template: _ofTheCampaign, ...rest } = entry;
    return rest;
  };
  let audience: Made<AudienceSource> | null = null;
  let renderer: Made<Renderer> | null = null;
  let host: Made<ImageHost> | null = null;
  let printer: Made<Printer> | null = null;
  for (const port of portNames) {
    const entry = entryOf(port);
    if (entry === null) continue;
    if (port === 'audience') audience = await make(port, entry);
    else if (port === 'renderer') renderer = await make(port, entry);
    else if (port === 'imageHost') host = await make(port, entry);
    else if (port === 'printer') {
      printer = await make(port, addressed(entry, project, warnings));
      if (printer !== null && !printer.partial)
        problems.push(...tooSlow(printer.port, project, draft));
    } else await make(port, entry);
  }
  if (renderer !== null && host !== null)
    problems.push(...misfits(renderer.port, host.port, printer?.port ?? null, draft));
  return { audience, renderer };
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

export function quietContext(): CallContext {
  return {
    signal: new AbortController().signal,
    logger: quietLogger({ detail: () => undefined }),
    now: () => new Date(),
    alive: () => undefined,
    limiter: { take: async () => await Promise.resolve(0) },
    saved: {
      read: async () => await Promise.resolve(null),
      write: async () => await Promise.resolve(),
    },
  };
}

/** Those of the first rows who have an address. Null where nobody can tell who they are. */
async function sampleOf(
  made: Made<AudienceSource> | null,
  draft: CampaignDraft,
  list: ListCheck,
  { problems, warnings }: Findings,
): Promise<readonly Member[] | null> {
  const segment = draft.raw['segment'];
  if (made === null || typeof segment !== 'string') return null;
  const members: Member[] = [];
  let read = 0;
  try {
    for await (const page of made.port.members(
      segment,
      { pageSize: ROWS, limit: ROWS },
      quietContext(),
    )) {
      read += page.members.length + page.rejects.length;
      members.push(...page.members.filter(({ address }) => address !== null));
    }
  } catch (error) {
    const message = `the list cannot be read: ${explain(error).message}`;
    const cause: unknown = error instanceof Error ? error.cause : null;
    // An option that could not be used may be why it is not understood; it is not why the file is
    // not there.
    const believed = !made.partial || (cause instanceof Error && 'code' in cause);
    const option =
      isGroup(draft.raw['audience']) && 'path' in draft.raw['audience']
        ? 'audience.path'
        : 'audience';
    if (list === 'later') warnings.push(message);
    else if (believed)
      problems.push(draft.problem(option, `${message}; where it comes later, say --list-later`));
    return null;
  }
  if (made.partial) return null;
  if (read === 0) warnings.push(`the segment ${segment} is empty`);
  else if (members.length === 0)
    warnings.push(
      `none of the first ${read} rows has an address that can be used; ` +
        '`postrider sync` will tell of each',
    );
  return members;
}

/**
 * Without anybody known: a card of nobody, which has no merge data, so that only what concerns
 * every card counts.
 */
async function setCards(
  { port: renderer, partial }: Made<Renderer>,
  draft: CampaignDraft,
  sample: readonly Member[] | null,
  { problems, warnings }: Findings,
): Promise<void> {
  const { format, renderer: entry, return_address: from } = draft.raw;
  const template = isGroup(entry) ? entry['template'] : undefined;
  if (typeof template !== 'string' || typeof format !== 'string') return;
  const real = sample !== null && sample.length > 0;
  const returnAddress = returnAddressOf(from);
  const cards = real
    ? sample.map((member) => cardOf(member, returnAddress))
    : [cardOf(nobody, returnAddress)];
  try {
    // What is wrong with a card does not depend on what it becomes.
    const [media = 'application/pdf'] = renderer.makes;
    const { results, refused = [] } = await renderer.render(
      { template, format, media, cards },
      quietContext(),
    );
    for (const { reason, message } of refused) {
      if (!partial || reason !== 'font_not_provided')
        problems.push(draft.problem(fieldOf(reason), message.replace(/\.$/, '')));
    }
    const failed = results.flatMap((result, index) =>
      result.outcome === 'failed' ? [{ ...result, index }] : [],
    );
    const [first] = failed;
    if (refused.length > 0 || first === undefined) return;
    const why = first.message.replace(/\.$/, '');
    if (!real) {
      if (first.reason === 'broken_template')
        problems.push(draft.problem('renderer.template', why));
      return;
    }
    const row = `the card of row ${sample[first.index]?.row ?? '?'} cannot be made: ${why}`;
    if (failed.length < cards.length)
      warnings.push(failed.length === 1 ? row : `${row}; nor can ${failed.length - 1} of the next`);
    else
      problems.push(
        draft.problem(
          'renderer.template',
          cards.length === 1 ? row : `none of the first ${cards.length} cards can be made; ${row}`,
        ),
      );
  } catch (error) {
    problems.push(draft.problem('renderer', `no card can be made: ${explain(error).message}`));
  }
}

function fieldOf(reason: string): string {
  if (reason === 'unknown_format') return 'format';
  return reason === 'font_not_provided' ? 'renderer.fonts' : 'renderer.template';
}

const nobody: Member = {
  row: null,
  externalId: 'nobody',
  email: null,
  firstName: null,
  lastName: null,
  address: null,
  merge: {},
};

/**
 * The card of a member who is not a recipient yet. Without an address it gets a made-up one: the
 * card is only looked at.
 */
export function cardOf(member: Member, returnAddress: CardRequest['returnAddress']): CardRequest {
  return {
    recipientId: '00000000-0000-7000-8000-000000000000',
    firstName: member.firstName,
    lastName: member.lastName,
    address: member.address ?? {
      line1: '1 Example Street',
      line2: null,
      city: 'Springfield',
      region: 'IL',
      postalCode: '62701',
      country: 'US',
    },
    returnAddress,
    merge: member.merge,
    reference: 'PREVIEW2',
  };
}
