/**
 * Artwork that a printer rejects is mostly the same for the whole campaign: several cards in a row,
 * and none accepted between, hold the campaign, once, and their people are no errors.
 */
import { messageOf } from '../../common/message-of.ts';
import type { CampaignBrief } from '../../machine/briefs.ts';
import { holdForArtwork as hold } from '../../machine/mail.ts';
import type { PipelineContext } from '../../runtime/context.ts';

export interface ArtworkRejection {
  readonly mailpieceId: string;
  /** The printer's words. */
  readonly message: string;
}

interface RejectedArtwork {
  readonly campaign: CampaignBrief;
  readonly cohortId: string;
  readonly rejected: readonly ArtworkRejection[];
}

/**
 * Holds the campaign where these rejections, with those of other cohorts, are its fault. Returns
 * the printer's words where no further card of it is to be sent now; null: the rejections stand, as
 * errors of their people. Never throws.
 */
export async function holdForArtwork(
  { sql, logger, settings }: PipelineContext,
  { campaign, cohortId, rejected }: RejectedArtwork,
): Promise<string | null> {
  const { organizationId, campaignId, name } = campaign;
  const message = rejected.at(-1)?.message ?? '';
  try {
    const outcome = await hold(sql, {
      organizationId,
      campaignId,
      cohortId,
      mailpieceIds: rejected.map(({ mailpieceId }) => mailpieceId),
      inARow: settings.artworkRejections,
      why: `the printer rejects its artwork: ${message}`,
    });
    if (outcome === 'held')
      logger.error(
        { organization: organizationId, campaign: name, error: message },
        'the campaign is held: the printer rejects its artwork. Mend it, then release it; its ' +
          'cards are made anew, and no card was lost',
      );
    return outcome === 'stands' ? null : message;
  } catch (error) {
    logger.error(
      { organization: organizationId, campaign: name, error: messageOf(error) },
      'a campaign whose artwork is rejected could not be held; the rejections stand',
    );
    return null;
  }
}
