/**
 * The clean-up of image hosts: a document goes when the last of its cards is through. Which ones
 * those are is SQL's to say; a runner that dies between the removal and its record removes them
 * once more, which is harmless.
 */
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
import { campaignAccount } from '../../runtime/accounts.ts';
import { askAdapter } from '../../runtime/asking-adapters.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import type { FailureRound } from '../../runtime/work-failures.ts';
import { askForBatch, BATCH, isRetry, LEASE_MS } from './batches.ts';
import { removeAnswers, type RemoveAnswer } from './effect-answers.ts';

/** Everything of one campaign that is due. */
export async function cleanUpImages(
  context: PipelineContext,
  campaign: CampaignKey,
  round: FailureRound,
): Promise<void> {
  const { sql, integrations } = context;
  const { organizationId, campaignId } = campaign;
  const work: Work = { organizationId, work: 'image_cleanup', campaignId };
  const line = 'images could not be removed, and are tried again';
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
    round.failed(work, { error, line });
    return;
  }
  while (!context.stopping.aborted) {
    const removable = host.remove !== undefined;
    const claim = { ...campaign, limit: BATCH, leaseMs: LEASE_MS, removable };
    const documents = await claimImageCleanups(sql, claim);
    if (documents.length === 0) return;
    await context.reach('images.claimed');
    const answered = await askForBatch<ClaimedDocument, RemoveAnswer>(
      context,
      {
        asked: { who: 'the image host', port: 'image_host', account },
        items: documents,
        work,
        round,
        line,
      },
      async (call) =>
        removeAnswers(
          'the image host',
          documents.length,
          await host.remove?.(
            documents.map(({ url }) => url),
            call,
          ),
        ),
    );
    await context.reach('images.removed');
    await settleImageCleanups(
      sql,
      campaign,
      answered.map(([{ cohortId, urlKey }, answer]) => ({ cohortId, urlKey, ...answer })),
    );
    if (documents.length < BATCH || answered.every(([, answer]) => isRetry(answer))) return;
  }
}
