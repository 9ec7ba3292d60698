/**
 * Proofing: pending → proofing_staged → proofing → proofed. A cohort is rendered as one document
 * where the renderer can.
 */
import { messageOf } from '../../common/message-of.ts';
import type { CampaignBrief } from '../../machine/briefs.ts';
import {
  beginProof,
  holdForTemplate,
  settleProof,
  type BegunCard,
  type ProofSettlement,
} from '../../machine/proof.ts';
import {
  fittingMedia,
  misfits,
  type CardRequest,
  type ImageHost,
  type Printer,
  type Renderer,
} from '../../ports/index.ts';
import { text } from '../../runtime/answers.ts';
import { campaignAccount } from '../../runtime/accounts.ts';
import { ask, SilentAdapterError } from '../../runtime/asking.ts';
import { workCohort, type LeasedCohort } from '../../runtime/cohorts.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { printerIfMade } from '../../runtime/printers.ts';
import { storedAnswers } from './image-host-answers.ts';
import { cardAnswers } from './renderer-answers.ts';
import { settlementsOf } from './settlements.ts';

function toRequest(campaign: CampaignBrief, card: BegunCard): CardRequest {
  return {
    recipientId: card.recipientId,
    firstName: card.firstName,
    lastName: card.lastName,
    address: {
      line1: card.line1,
      line2: card.line2,
      city: card.city,
      region: card.region,
      postalCode: card.postalCode,
      country: card.country,
    },
    returnAddress: campaign.returnAddress,
    merge: card.merge,
    reference: card.reference,
  };
}

interface Adapters {
  readonly renderer: Renderer;
  readonly host: ImageHost;
  /** Only looked at, for what it can; null where it cannot be made now. */
  readonly printer: Printer | null;
}

function retriesOf(cards: readonly CardRequest[], error: unknown): ProofSettlement[] {
  return cards.map(({ recipientId }) => ({
    recipientId,
    outcome: 'retry',
    message: text(messageOf(error)),
    afterMs: null,
  }));
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

interface Cards {
  readonly campaign: CampaignBrief;
  readonly cards: readonly CardRequest[];
}

/**
 * Renders a begun cohort. People who are not answered for when an adapter falls silent go back by
 * the reaper, and then travel alone: so it is known on which card an adapter hangs.
 */
async function renderCohort(
  context: PipelineContext,
  { campaign, cards }: Cards,
  { lease, settler }: LeasedCohort<ProofSettlement>,
): Promise<void> {
  const { integrations, logger, meter, settings } = context;
  const silenceMs = settings.adapterTimeoutMs;
  const signal = AbortSignal.any([lease.signal, context.stopping]);

  const proofsOf = async (
    { renderer, host, printer }: Adapters,
    some: readonly CardRequest[],
  ): Promise<ProofSettlement[]> => {
    const unfit = misfits(campaign, { renderer, imageHost: host, printer });
    const media = fittingMedia(renderer.makes, host.takes);
    if (unfit.length > 0 || media === null)
      throw new RefusedJobError(
        'its cards do not fit',
        unfit.map(({ message }) => message).join('; '),
      );
    const { template, format } = campaign;
    const job = { template, format, media, cards: some };
    const { documents, answers, refused } = cardAnswers(
      some,
      await meter.call(
        'renderer',
        async () =>
          await ask(
            { who: 'the renderer', silenceMs },
            async () =>
              await renderer.render(
                job,
                context.callContext(signal, campaignAccount(campaign, 'renderer')),
              ),
          ),
      ),
    );
    if (refused !== null) throw new RefusedJobError('the renderer refuses its cards', refused);
    if (documents.length === 0) return settlementsOf(answers, [], []);
    const put = await meter.call(
      'image_host',
      async () =>
        await ask(
          { who: 'the image host', silenceMs },
          async () =>
            await host.put(
              documents,
              context.callContext(signal, campaignAccount(campaign, 'image_host')),
            ),
        ),
    );
    return settlementsOf(answers, documents, storedAnswers(documents.length, put));
  };

  const failed = (some: readonly CardRequest[], error: unknown): void => {
    const fields = { cohort: lease.cohortId, campaign: campaign.name, error: messageOf(error) };
    if (error instanceof SilentAdapterError) {
      logger.error(
        fields,
        'an adapter is given up; the people of its cohort go back when the lease has passed',
      );
      // Tells the adapter to stop, too.
      lease.lose();
      return;
    }
    logger.warn(fields, 'the cohort could not be rendered; it is tried again');
    settler.add(retriesOf(some, error));
  };

  /**
   * Holds the campaign: one message for the operator, and no attempt is counted. It is held before
   * its people go back, or they would be staged again at once. `alike`: their own errors, which
   * stand where the campaign is not held for them.
   */
  const refuse = async (
    some: readonly CardRequest[],
    { why, message }: Pick<RefusedJobError, 'why' | 'message'>,
    alike: readonly ProofSettlement[] | null,
  ) => {
    try {
      const refusal = await holdForTemplate(context.sql, campaign, {
        cohortId: lease.cohortId,
        why: `${why}: ${message}`,
        alike: alike !== null,
      });
      if (refusal === 'held') {
        logger.error(
          { organization: campaign.organizationId, campaign: campaign.name, error: message },
          'the campaign is held: its cards cannot be rendered. Mend it, then release it; ' +
            'no card was lost',
        );
      }
      settler.add(
        refusal === 'stands' && alike !== null
          ? alike
          : some.map(({ recipientId }) => ({ recipientId, outcome: 'held', message })),
      );
    } catch (error) {
      failed(some, error);
    }
  };
  let adapters: Adapters;
  try {
    const [made, printer] = await Promise.all([
      ask({ who: 'the makers of renderer and image host', silenceMs }, async () => ({
        renderer: await integrations.renderer(campaign),
        host: await integrations.imageHost(campaign),
      })),
      printerIfMade(context, campaign.organizationId, campaign.printerName),
    ]);
    adapters = { ...made, printer };
  } catch (error) {
    failed(cards, error);
    return;
  }
  try {
    const results = await proofsOf(adapters, cards);
    await context.reach('proof.rendered');
    const fault = commonFault(results);
    if (fault === null) settler.add(results);
    else await refuse(cards, { why: 'every card fails alike', message: fault }, results);
    return;
  } catch (error) {
    if (error instanceof RefusedJobError) {
      await refuse(cards, error, null);
      return;
    }
    if (cards.length === 1 || signal.aborted || error instanceof SilentAdapterError) {
      failed(cards, error);
      return;
    }
    // One card may have brought down the others: each is tried by itself, to know which.
    logger.warn(
      { cohort: lease.cohortId, error: messageOf(error) },
      'the cohort could not be rendered together: rendering one by one',
    );
  }
  for (const [index, card] of cards.entries()) {
    try {
      settler.add(await proofsOf(adapters, [card]));
    } catch (error) {
      if (error instanceof RefusedJobError) {
        await refuse(cards.slice(index), error, null);
        return;
      }
      failed([card], error);
      if (error instanceof SilentAdapterError) return;
    }
  }
}

/**
 * One cohort, from its job to the last settle. Never throws once it has begun: whatever happens,
 * reap knows what to do.
 */
export async function workProof(
  context: PipelineContext,
  organizationId: string,
  cohortId: string,
): Promise<void> {
  const cohort = { organizationId, cohortId };
  return await workCohort(context, cohort, {
    stage: 'proof',
    begin: beginProof,
    settle: async (results: readonly ProofSettlement[], last) =>
      await settleProof(context.sql, { ...cohort, results, last }),
    patienceMs: 0,
    wakes: ['proof'],
    work: async ({ campaign, cards }, leased) => {
      const requests = cards.map((card) => toRequest(campaign, card));
      await renderCohort(context, { campaign, cards: requests }, leased);
    },
  });
}
