/**
 * What answers of a printer mean for the cards that were not sent yet: where the printer itself is
 * at fault, or the artwork of the campaign, the rest of the cohort is not sent.
 */
import type { CampaignBrief } from '../../machine/briefs.ts';
import type { BegunPiece, MailSettlement } from '../../machine/mail.ts';
import type { LeasedCohort } from '../../runtime/cohorts.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { holdForArtwork, type ArtworkRejection } from './artwork.ts';
import type { PieceAnswer } from './printer-answers.ts';
import { holdPrinter, printerFault, type PrinterFault } from './refusals.ts';
import { sameForAll } from './settlements.ts';

/** One batch, and what came of it. */
interface AnsweredBatch {
  readonly batch: readonly BegunPiece[];
  readonly answers: readonly PieceAnswer[];
  readonly settlements: readonly MailSettlement[];
  /** The pieces of the cohort that come after it. */
  readonly rest: readonly BegunPiece[];
}

export class BatchJudge {
  readonly #context: PipelineContext;
  readonly #campaign: CampaignBrief;
  readonly #leased: LeasedCohort<MailSettlement>;
  /** Rejected for their artwork, and nothing was accepted since. */
  #artwork: ArtworkRejection[] = [];

  constructor(
    context: PipelineContext,
    campaign: CampaignBrief,
    leased: LeasedCohort<MailSettlement>,
  ) {
    this.#context = context;
    this.#campaign = campaign;
    this.#leased = leased;
  }

  /** Settles a batch. Returns false where the rest is not to be sent: then that is settled too. */
  async mayContinue(answered: AnsweredBatch): Promise<boolean> {
    const fault = printerFault(answered.batch, answered.answers);
    if (fault !== null) {
      await this.#stopFor(fault, answered);
      return false;
    }
    this.#leased.settler.add(answered.settlements);
    return !(await this.#isArtworkAtFault(answered));
  }

  async #stopFor(fault: PrinterFault, { batch, settlements, rest }: AnsweredBatch): Promise<void> {
    const { lease, settler } = this.#leased;
    settler.add(settlements.filter(({ outcome }) => outcome !== 'refused'));
    const afterMs = await holdPrinter(this.#context, {
      campaign: this.#campaign,
      cohortId: lease.cohortId,
      printerName: batch[0]?.printerName ?? '',
      fault,
    });
    // Proven: the rest was never sent.
    const unsent: PieceAnswer = { outcome: 'refused', message: fault.message };
    settler.add(
      [
        ...settlements.filter(({ outcome }) => outcome === 'refused'),
        ...sameForAll(rest, unsent),
      ].map((refused) => ({ ...refused, afterMs })),
    );
  }

  /** Several in a row are looked at at once, fewer at the end of the cohort. */
  async #isArtworkAtFault({ batch, answers, rest }: AnsweredBatch): Promise<boolean> {
    for (const [index, answer] of answers.entries()) {
      const mailpieceId = batch[index]?.mailpieceId;
      if (answer.outcome === 'accepted') this.#artwork = [];
      else if (answer.badArtwork === true && mailpieceId !== undefined)
        this.#artwork.push({ mailpieceId, message: answer.message ?? '' });
    }
    const { artworkRejections } = this.#context.settings;
    const isDue = rest.length === 0 || this.#artwork.length >= artworkRejections;
    if (this.#artwork.length === 0 || !isDue) return false;
    // What was rejected is counted by the database, which must know of it.
    const { lease, settler } = this.#leased;
    await settler.flush();
    const message = await holdForArtwork(this.#context, {
      campaign: this.#campaign,
      cohortId: lease.cohortId,
      rejected: this.#artwork,
    });
    if (message === null) return false;
    settler.add(sameForAll(rest, { outcome: 'refused', message, afterMs: null }));
    return true;
  }
}
