/**
 * Artwork that a printer refuses is mostly the same for the whole campaign: several cards in a row,
 * and none accepted between, hold the campaign, once, and their people are no errors.
 */
import { messageOf } from '../../common/message-of.ts';
import type { CampaignBrief } from '../../machine/briefs.ts';
import { holdForArtwork as hold } from '../../machine/mail.ts';
import type { PipelineContext } from '../../runtime/context.ts';

export interface ArtworkRefusal {
  readonly mailpieceId: string;
  /** The printer's words. */
  readonly message: string;
}

interface RefusedArtwork {
  readonly campaign: CampaignBrief;
  readonly cohortId: string;
  readonly refused: readonly ArtworkRefusal[];
}

/**
 * Holds the campaign where these refusals, with those of other cohorts, are its fault. Returns the
 * printer's words where no further card of it is to be sent now; null: the refusals stand, as
 * errors of their people. Never throws.
 */
export async function holdForArtwork(
  { sql, logger, settings }: PipelineContext,
  { campaign, cohortId, refused }: RefusedArtwork,
): Promise<string | null> {
  const { organizationId, campaignId, name } = campaign;
  const message = refused.at(-1)?.message ?? '';
  try {
    const refusal = await hold(sql, {
      organizationId,
      campaignId,
      cohortId,
      mailpieceIds: refused.map(({ mailpieceId }) => mailpieceId),
      inARow: settings.artworkRefusals,
      why: `the printer refuses its artwork: ${message}`,
    });
    if (refusal === 'held')
      logger.error(
        { organization: organizationId, campaign: name, error: message },
        'the campaign is held: the printer refuses its artwork. Mend it, then release it; its ' +
          'cards are made anew, and nobody was harmed',
      );
    return refusal === 'stands' ? null : message;
  } catch (error) {
    logger.error(
      { organization: organizationId, campaign: name, error: messageOf(error) },
      'a campaign whose artwork is refused could not be held; the refusals stand',
    );
    return null;
  }
}
