/**
 * Tries a campaign out before it is applied: makes its adapters, reads the first rows of its list,
 * and sets their cards. Each part is looked at whether or not the others can be used, so that a
 * file is corrected in one round. What would stop every card is a problem; what may come by itself,
 * such as a secret or the first rows of a list, is a warning.
 */
import type { Member } from '@postrider/core';
import {
  quietContext,
  type AddressEnricher,
  type AudienceField,
  type AudienceSource,
  type Renderer,
} from '@postrider/core/ports';
import { isGroup } from '@postrider/runner/integrations';
import type { Problem } from '@postrider/runner/yaml-file';
import type { Project } from '@postrider/runner/project';
import { returnAddressOf } from '../campaign-file/definition.ts';
import type { CampaignDraft } from '../campaign-file/read.ts';
import type { DraftWithAccounts } from '../accounts/campaign-accounts.ts';
import { explain } from '../errors/explain.ts';
import { oddities } from './list-oddities.ts';
import { mostlyUnusable, readSample, type SampleRead } from './list-sample.ts';
import { makeAdapters, type Findings, type TrialAdapter } from './trial-adapters.ts';
import { cardOf, nobody } from './trial-card.ts';

/**
 * `later`: the list is not there yet, so what is wrong with it is a warning. `unread`: neither list
 * nor template is looked at.
 */
export type ListCheck = 'now' | 'later' | 'unread';

export interface Trial extends Findings {
  /** Null where nobody can tell who the people are. */
  readonly read: SampleRead | null;
  /** The columns of a look-up file; null where there is none, or it does not say. */
  readonly lookUps: readonly AudienceField[] | null;
}

/** The way out where a list as a whole is no list of people who can be mailed. */
export const MEANT_SO = 'where it is meant so, or mended later, say --list-later';

/** At the option of the file that names the list. */
export function listProblem(draft: CampaignDraft, message: string): Problem {
  const { audience } = draft.raw;
  return draft.problem(
    isGroup(audience) && 'path' in audience ? 'audience.path' : 'audience',
    message,
  );
}

export async function tryOut(
  project: Project,
  named: DraftWithAccounts,
  list: ListCheck,
): Promise<Trial> {
  const { draft } = named;
  const found: Findings = { problems: [], warnings: [] };
  const { audience, enricher, renderer, printer } = await makeAdapters(project, named, found);
  if (list === 'unread') return { ...found, read: null, lookUps: null };
  const lookUps = enricher === null || enricher.partial ? null : await askOf(enricher.port, found);
  const read = await sampleOf(audience, draft, list, found);
  const wholeFiles = printer?.port.takesWholeFiles ?? false;
  if (renderer !== null)
    await setCards({ ...renderer, wholeFiles }, draft, read?.members ?? null, found);
  return { ...found, read, lookUps };
}

/**
 * Which field of the enricher's own data is what, and what of it cannot be used. That it is not
 * there yet is no fault.
 */
async function askOf(
  enricher: AddressEnricher,
  { warnings }: Findings,
): Promise<readonly AudienceField[] | null> {
  try {
    warnings.push(...((await enricher.remarks?.(quietContext())) ?? []));
    return (await enricher.describe?.(quietContext())) ?? null;
  } catch (error) {
    warnings.push(`nobody can be looked up: ${explain(error).message}`);
    return null;
  }
}

/** Null where nobody can tell who they are. */
async function sampleOf(
  made: TrialAdapter<AudienceSource> | null,
  draft: CampaignDraft,
  list: ListCheck,
  { problems, warnings }: Findings,
): Promise<SampleRead | null> {
  const { segment, enricher } = draft.raw;
  if (made === null || typeof segment !== 'string') return null;
  const refuse = (message: string, wayOut: string): void => {
    if (list === 'later') warnings.push(message);
    else problems.push(listProblem(draft, `${message}; ${wayOut}`));
  };
  try {
    const read = await readSample(made.port, segment, isGroup(enricher));
    if (made.partial) return null;
    if (read.list.sample.rows === 0) warnings.push(`the segment ${segment} is empty`);
    warnings.push(...oddities(read.list));
    const fault = mostlyUnusable(read.list);
    if (fault !== null) refuse(fault, MEANT_SO);
    return read;
  } catch (error) {
    const message = `the list cannot be read: ${explain(error).message}`;
    const cause: unknown = error instanceof Error ? error.cause : null;
    // An option that could not be used may be why it is not understood; it is not why the file is
    // not there.
    const believed = !made.partial || (cause instanceof Error && 'code' in cause);
    if (list === 'later' || believed) refuse(message, 'where it comes later, say --list-later');
    return null;
  }
}

const WHOLE_FILES =
  'the renderer sets the sides of cards as pages of one document, and the printer is given whole ' +
  'files by links: have it take their bytes (artwork: bytes)';

/**
 * Without anybody known: a card of nobody, which has no merge data, so that only what concerns
 * every card counts.
 */
async function setCards(
  {
    port: renderer,
    partial,
    wholeFiles,
  }: TrialAdapter<Renderer> & { readonly wholeFiles: boolean },
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
    const pages = results.flatMap((result) =>
      result.outcome === 'rendered' ? [result.front.page, result.back.page] : [],
    );
    if (wholeFiles && pages.some((page) => page !== 1))
      problems.push(draft.problem('printer.artwork', WHOLE_FILES));
    // Of a renderer that lists its formats this was found out without a card.
    const told = new Set(problems.map(({ field }) => field));
    for (const { reason, message } of refused) {
      if (reason === 'unknown_format' && told.has('format')) continue;
      if (!partial || reason !== 'font_not_provided')
        problems.push(draft.problem(fieldOf(reason), message.replace(/\.$/, '')));
    }
    const failed = results.flatMap((result, index) =>
      result.outcome === 'failed' ? [{ ...result, index }] : [],
    );
    const [first] = failed;
    if (refused.length > 0 || first === undefined) return;
    const why = first.message.replace(/\.$/, '') + likelyField(first, sample ?? []);
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

/** A field of the list that is written in another way than the template has it: Code for code. */
function likelyField(
  { reason, message }: { readonly reason: string; readonly message: string },
  members: readonly Member[],
): string {
  const wanted = /"(.*?)"/.exec(message)?.[1];
  if (reason !== 'missing_field' || wanted === undefined) return '';
  const folded = (name: string): string => name.toLowerCase().replaceAll(/[\s_-]/g, '');
  const fields = members.flatMap(({ merge }) => Object.keys(merge));
  const likely = fields.find((name) => name !== wanted && folded(name) === folded(wanted));
  return likely === undefined ? '' : `; the list has "${likely}"`;
}

function fieldOf(reason: string): string {
  if (reason === 'unknown_format') return 'format';
  return reason === 'font_not_provided' ? 'renderer.fonts' : 'renderer.template';
}
