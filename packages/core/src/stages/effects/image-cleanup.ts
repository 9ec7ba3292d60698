/**
 * The clean-up of image hosts: a document goes when the last of its cards is through. Which ones
 * those are is SQL's to say; a runner that dies between the removal and its record removes them
 * once more, which is harmless.
 */
import { messageOf } from '../../common/message-of.ts';
import { campaignBrief } from '../../machine/briefs.ts';
import type { CampaignKey } from '../../machine/campaigns.ts';
import type { Work } from '../../machine/house.ts';
import {
  claimImageCleanups,
  settleImageCleanups,
  type ClaimedDocument,
} from '../../machine/image-cleanup.ts';
import type { CallAccount } from '../../machine/provider-calls.ts';
import type { ImageHost } from '../../ports/index.ts';
import { text } from '../../runtime/answers.ts';
import { campaignAccount } from '../../runtime/accounts.ts';
import { askAdapter } from '../../runtime/asking-adapters.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import type { FailureRound } from '../../runtime/work-failures.ts';
import { removeAnswers, type RemoveAnswer } from './effect-answers.ts';

const BATCH = 200;
const LEASE_MS = 120_000;

/** Everything of one campaign that is due. */
export async function cleanUpImages(
  context: PipelineContext,
  campaign: CampaignKey,
  round: FailureRound,
): Promise<void> {
  const { sql, integrations, settings } = context;
  const { organizationId, campaignId } = campaign;
  const work: Work = { organizationId, work: 'image_cleanup', campaignId };
  const failed = (error: unknown): void =>
    round.failed(work, { error, line: 'images could not be removed, and are tried again' });
  let host: ImageHost;
  let account: CallAccount | null;
  try {
    const brief = await campaignBrief(sql, organizationId, campaignId);
    account = campaignAccount(brief, 'image_host');
    host = await askAdapter(
      context,
      { who: 'the maker of the image host', port: null, account: null },
      async () => await integrations.imageHost(brief),
    );
  } catch (error) {
    failed(error);
    return;
  }
  while (!context.stopping.aborted) {
    const removable = host.remove !== undefined;
    const claim = { ...campaign, limit: BATCH, leaseMs: LEASE_MS, removable };
    const documents = await claimImageCleanups(sql, claim);
    if (documents.length === 0) return;
    await context.reach('images.claimed');
    let answers: readonly RemoveAnswer[];
    try {
      answers = await askAdapter(
        context,
        { who: 'the image host', port: 'image_host', account },
        async (call) =>
          removeAnswers(
            'the image host',
            documents.length,
            await host.remove?.(
              documents.map(({ url }) => url),
              call,
            ),
          ),
        Math.min(settings.adapterTimeoutMs, LEASE_MS / 2),
      );
      const [first] = answers;
      if (first?.outcome === 'retry' && answers.every(({ outcome }) => outcome === 'retry'))
        failed(new Error(first.message));
      else round.done(work);
    } catch (error) {
      const message = text(messageOf(error));
      failed(error);
      answers = documents.map(() => ({ outcome: 'retry', afterMs: 60_000, message }));
    }
    await context.reach('images.removed');
    await settleImageCleanups(sql, campaign, settled(documents, answers));
    if (documents.length < BATCH || answers.every(({ outcome }) => outcome === 'retry')) return;
  }
}

function settled(documents: readonly ClaimedDocument[], answers: readonly RemoveAnswer[]) {
  return documents.map(({ cohortId, urlKey }, index) => ({
    cohortId,
    urlKey,
    ...(answers[index] ?? {
      outcome: 'retry' as const,
      message: 'the image host gave no answer',
      afterMs: null,
    }),
  }));
}
