/**
 * Tries a campaign out before it is applied: makes its adapters, reads the first rows of its list, and sets one card. What is wrong with an option is an
 * error; what a list or a template lacks today is a warning, because both may be mended until the next sync.
 */
import type { CardRequest, Member } from '@postrider/core';
import { AdapterConfigError, type AudienceSource, type CallContext, type Printer, type Renderer } from '@postrider/core/ports';
import { explain } from '../cli/errors.ts';
import type { CampaignFile } from '../config/campaign-file.ts';
import type { Project } from '../config/project.ts';
import { leaseMsOf, quietLogger } from '../run/pipeline.ts';
import { fileNames, makeAdapter, withPrintShopUrl, type PortName } from '../wiring/integrations.ts';

const ROWS = 50;

/** Throws `ConfigurationError` for options that cannot be used, all of them at once. Returns warnings. */
export async function tryOut(project: Project, file: CampaignFile, cards: boolean): Promise<string[]> {
  const warnings: string[] = [];
  const wrong: { field: string; message: string }[] = [];
  // A secret may be set later, and a print shop started: what is missing today is a warning.
  const secret = (name: string): string => {
    const value = project.secret(name);
    if (value === undefined) warnings.push(`the secret ${name} is not set: put it in the environment, or in var/secrets/${name}`);
    return value ?? `whsec_${Buffer.alloc(32).toString('base64')}`;
  };
  const home = { project, baseDirectory: file.definition.base_directory, secret };
  const made: { audience?: AudienceSource; renderer?: Renderer } = {};
  for (const port of Object.keys(fileNames) as PortName[]) {
    const entry = file.definition.integrations[fileNames[port]];
    if (entry === undefined) continue;
    try {
      const adapter = await makeAdapter(port, port === 'printer' ? addressed(entry, project, warnings) : entry, home);
      if (port === 'audience') made.audience = adapter as AudienceSource;
      if (port === 'renderer') made.renderer = adapter as Renderer;
      if (port === 'printer') wrong.push(...tooSlow(adapter as Printer, project));
    } catch (error) {
      if (!(error instanceof AdapterConfigError)) throw error;
      wrong.push({ field: error.option, message: error.message.slice(error.option.length + 2) });
    }
  }
  if (wrong.length > 0) throw file.error(wrong);
  if (!cards) return warnings;
  const member = await firstMember(made.audience, file, warnings);
  if (made.renderer !== undefined && member !== null) await setOne(made.renderer, file, member, warnings);
  return warnings;
}

/** Said here as well as by a runner, which would send it nothing. */
function tooSlow({ timeoutMs }: Printer, { settings }: Project): { field: string; message: string }[] {
  const leaseMs = leaseMsOf(settings);
  if (timeoutMs < leaseMs) return [];
  const message = `${timeoutMs} ms is not shorter than the runner's lease of ${leaseMs} ms: shorten it, or set runner.lease_seconds in postrider.yaml`;
  return [{ field: 'printer.timeoutMs', message }];
}

function addressed(entry: unknown, project: Project, warnings: string[]): unknown {
  try {
    return withPrintShopUrl(entry, project);
  } catch (error) {
    warnings.push(explain(error).message);
    return { ...(entry as object), url: 'http://127.0.0.1:9' };
  }
}

export function quietContext(): CallContext {
  return {
    signal: new AbortController().signal,
    logger: quietLogger({ detail: () => undefined }),
    now: () => new Date(),
    limiter: { take: async () => await Promise.resolve(0) },
    saved: { read: async () => await Promise.resolve(null), write: async () => await Promise.resolve() },
  };
}

async function firstMember(audience: AudienceSource | undefined, file: CampaignFile, warnings: string[]): Promise<Member | null> {
  const segment = file.definition.provider_segment_id;
  if (audience === undefined || segment === null) return null;
  let read = 0;
  let known: Member | null = null;
  try {
    for await (const page of audience.members(segment, { pageSize: ROWS, limit: ROWS }, quietContext())) {
      read += page.members.length + page.rejects.length;
      known ??= page.members.find(({ address }) => address !== null) ?? null;
    }
  } catch (error) {
    warnings.push(`the list cannot be read: ${explain(error).message}`);
    return null;
  }
  if (read === 0) warnings.push(`the segment ${segment} is empty`);
  else if (known === null)
    warnings.push(`none of the first ${read} rows has an address that can be used; \`postrider sync\` will tell of each`);
  return known;
}

async function setOne(renderer: Renderer, file: CampaignFile, member: Member, warnings: string[]): Promise<void> {
  const { template, format, return_address: from } = file.definition;
  try {
    const card = cardOf(member, from as CardRequest['returnAddress']);
    const { results } = await renderer.render({ template, format, cards: [card] }, quietContext());
    const [result] = results;
    if (result?.outcome === 'failed')
      warnings.push(`the card of row ${member.row ?? '?'} cannot be made: ${withoutId(result.message, card)}`);
  } catch (error) {
    warnings.push(`the card of row ${member.row ?? '?'} cannot be made: ${explain(error).message}`);
  }
}

/** The card of somebody who is not a recipient yet. Who has no address gets a made-up one: it is only looked at. */
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

export function withoutId(message: string, card: CardRequest): string {
  return message.replace(`Recipient ${card.recipientId}: `, '').replace(/\.$/, '');
}
