/**
 * Cards of a cohort at their renderer and their image host: together first, and one by one where
 * that goes wrong, to know which card it is.
 */
import { messageOf } from '../../common/message-of.ts';
import type { CampaignBrief } from '../../machine/briefs.ts';
import { holdForTemplate, type ProofSettlement } from '../../machine/proof.ts';
import {
  fittingMedia,
  misfits,
  type CardRequest,
  type ImageHost,
  type MediaType,
  type Printer,
  type RenderedDocument,
  type Renderer,
} from '../../ports/index.ts';
import { campaignAccount } from '../../runtime/accounts.ts';
import { text } from '../../runtime/answers.ts';
import { ask, SilentAdapterError } from '../../runtime/asking.ts';
import type { LeasedCohort } from '../../runtime/cohorts.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { printerIfMade } from '../../runtime/printers.ts';
import { storedAnswers, type Stored } from './image-host-answers.ts';
import { cardAnswers, type CardAnswers } from './renderer-answers.ts';
import { settlementsOf } from './settlements.ts';

interface Adapters {
  readonly renderer: Renderer;
  readonly host: ImageHost;
  /** Only looked at, for what it can; null where it cannot be made now. */
  readonly printer: Printer | null;
}

/** What is the same for all cards of a cohort. */
interface Desk {
  readonly context: PipelineContext;
  readonly campaign: CampaignBrief;
  readonly leased: LeasedCohort<ProofSettlement>;
  /** Aborts when the runner stops or the lease has passed. */
  readonly signal: AbortSignal;
}

interface DeskWithAdapters extends Desk {
  readonly adapters: Adapters;
}

interface Cards {
  readonly campaign: CampaignBrief;
  readonly cards: readonly CardRequest[];
}

/** No card of this campaign can be made, for any recipient. */
class RefusedJobError extends Error {
  override readonly name = 'RefusedJobError';
  /** Whose fault it is, for the operator. */
  readonly why: string;
  constructor(why: string, message: string) {
    super(message);
    this.why = why;
  }
}

/**
 * Renders a begun cohort. People who are not answered for when an adapter falls silent go back by
 * the reaper, and then travel alone: so it is known on which card an adapter hangs.
 */
export async function renderCohort(
  context: PipelineContext,
  { campaign, cards }: Cards,
  leased: LeasedCohort<ProofSettlement>,
): Promise<void> {
  const signal = AbortSignal.any([leased.lease.signal, context.stopping]);
  const desk: Desk = { context, campaign, leased, signal };
  let adapters: Adapters;
  try {
    adapters = await makeAdapters(desk);
  } catch (error) {
    settleFailed(desk, cards, error);
    return;
  }
  const withAdapters = { ...desk, adapters };
  if (!(await renderTogether(withAdapters, cards))) await renderEach(withAdapters, cards);
}

async function makeAdapters({ context, campaign }: Desk): Promise<Adapters> {
  const { integrations, settings } = context;
  const question = {
    who: 'the makers of renderer and image host',
    silenceMs: settings.adapterTimeoutMs,
  };
  const [made, printer] = await Promise.all([
    ask(question, async () => ({
      renderer: await integrations.renderer(campaign),
      host: await integrations.imageHost(campaign),
    })),
    printerIfMade(context, campaign.organizationId, campaign.printerName),
  ]);
  return { ...made, printer };
}

/** Returns false where nothing is settled, and each card is to be tried by itself. */
async function renderTogether(
  desk: DeskWithAdapters,
  cards: readonly CardRequest[],
): Promise<boolean> {
  const { context, leased, signal } = desk;
  try {
    const results = await proofsOf(desk, cards);
    await context.reach('proof.rendered');
    const fault = commonFault(results);
    if (fault === null) leased.settler.add(results);
    else
      await holdCampaign(desk, cards, { why: 'every card fails alike', message: fault, results });
    return true;
  } catch (error) {
    if (error instanceof RefusedJobError) {
      await holdCampaign(desk, cards, error);
      return true;
    }
    if (cards.length === 1 || signal.aborted || error instanceof SilentAdapterError) {
      settleFailed(desk, cards, error);
      return true;
    }
    context.logger.warn(
      { cohort: leased.lease.cohortId, error: messageOf(error) },
      'the cohort could not be rendered together: rendering one by one',
    );
    return false;
  }
}

/** One card may have brought down the others: each is tried by itself, to know which. */
async function renderEach(desk: DeskWithAdapters, cards: readonly CardRequest[]): Promise<void> {
  for (const [index, card] of cards.entries()) {
    try {
      desk.leased.settler.add(await proofsOf(desk, [card]));
    } catch (error) {
      if (error instanceof RefusedJobError) {
        await holdCampaign(desk, cards.slice(index), error);
        return;
      }
      settleFailed(desk, [card], error);
      if (error instanceof SilentAdapterError) return;
    }
  }
}

/** Throws `RefusedJobError` where it is the campaign's fault. */
async function proofsOf(
  desk: DeskWithAdapters,
  cards: readonly CardRequest[],
): Promise<readonly ProofSettlement[]> {
  const { campaign, adapters } = desk;
  const { renderer, host, printer } = adapters;
  const unfit = misfits(campaign, { renderer, imageHost: host, printer });
  const media = fittingMedia(renderer.makes, host.takes);
  if (unfit.length > 0 || media === null)
    throw new RefusedJobError(
      'its cards do not fit',
      unfit.map(({ message }) => message).join('; '),
    );
  const { documents, answers, refused } = await render(desk, cards, media);
  if (refused !== null) throw new RefusedJobError('the renderer refuses its cards', refused);
  if (documents.length === 0) return settlementsOf(answers, [], []);
  return settlementsOf(answers, documents, await store(desk, documents));
}

async function render(
  { context, campaign, signal, adapters }: DeskWithAdapters,
  cards: readonly CardRequest[],
  media: MediaType,
): Promise<CardAnswers> {
  const { template, format } = campaign;
  const question = { who: 'the renderer', silenceMs: context.settings.adapterTimeoutMs };
  const call = async (): Promise<unknown> =>
    await adapters.renderer.render(
      { template, format, media, cards },
      context.callContext(signal, campaignAccount(campaign, 'renderer')),
    );
  const told = await context.meter.call('renderer', async () => await ask(question, call));
  return cardAnswers(cards, told);
}

async function store(
  { context, campaign, signal, adapters }: DeskWithAdapters,
  documents: readonly RenderedDocument[],
): Promise<readonly Stored[]> {
  const question = { who: 'the image host', silenceMs: context.settings.adapterTimeoutMs };
  const call = async (): Promise<unknown> =>
    await adapters.host.put(
      documents,
      context.callContext(signal, campaignAccount(campaign, 'image_host')),
    );
  const told = await context.meter.call('image_host', async () => await ask(question, call));
  return storedAnswers(documents.length, told);
}

/** Where fewer cards fail alike, it may well be their own fault. */
const MIN_ALIKE = 5;

/** The words in which every card of a cohort fails; null where they do not. */
function commonFault(results: readonly ProofSettlement[]): string | null {
  const [first] = results;
  if (results.length < MIN_ALIKE || first?.outcome !== 'failed') return null;
  const { message } = first;
  return results.every((result) => result.outcome === 'failed' && result.message === message)
    ? message
    : null;
}

interface Refusal {
  readonly why: string;
  readonly message: string;
  /** Of cards that fail alike: their own errors, which stand where the campaign is not held. */
  readonly results?: readonly ProofSettlement[];
}

/**
 * Holds the campaign: one message for the operator, and no attempt is counted. It is held before
 * its people go back, or they would be staged again at once.
 */
async function holdCampaign(
  desk: Desk,
  cards: readonly CardRequest[],
  { why, message, results }: Refusal,
): Promise<void> {
  const { context, campaign, leased } = desk;
  try {
    const outcome = await holdForTemplate(context.sql, campaign, {
      cohortId: leased.lease.cohortId,
      why: `${why}: ${message}`,
      alike: results !== undefined,
    });
    if (outcome === 'held') {
      context.logger.error(
        { organization: campaign.organizationId, campaign: campaign.name, error: message },
        'the campaign is held: its cards cannot be rendered. Mend it, then release it; ' +
          'no card was lost',
      );
    }
    leased.settler.add(
      outcome === 'stands' && results !== undefined
        ? results
        : cards.map(({ recipientId }) => ({ recipientId, outcome: 'held', message })),
    );
  } catch (error) {
    settleFailed(desk, cards, error);
  }
}

function settleFailed(
  { context, campaign, leased }: Desk,
  cards: readonly CardRequest[],
  error: unknown,
): void {
  const { lease, settler } = leased;
  const message = messageOf(error);
  const fields = { cohort: lease.cohortId, campaign: campaign.name, error: message };
  if (error instanceof SilentAdapterError) {
    context.logger.error(
      fields,
      'an adapter is given up; the people of its cohort go back when the lease has passed',
    );
    // Tells the adapter to stop, too.
    lease.lose();
    return;
  }
  context.logger.warn(fields, 'the cohort could not be rendered; it is tried again');
  settler.add(
    cards.map(({ recipientId }) => ({
      recipientId,
      outcome: 'retry',
      message: text(message),
      afterMs: null,
    })),
  );
}
