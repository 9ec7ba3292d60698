/**
 * Mailing: proofed → sending_staged → sending → sent. The one stage that cannot be undone: the
 * mailpiece, with its key, is in the database before the printer hears of it, the lease is checked
 * immediately before each request, and an outcome that nobody knows is unknown, never repeated
 * blindly.
 */
import { messageOf } from '../../common/message-of.ts';
import type { CampaignBrief } from '../../machine/briefs.ts';
import type { CohortBegin } from '../../machine/cohorts.ts';
import {
  beginMail,
  settleMail,
  type BegunMail,
  type BegunPiece,
  type MailSettlement,
} from '../../machine/mail.ts';
import { LeaseLostError, type PieceRequest } from '../../ports/index.ts';
import { text } from '../../runtime/answers.ts';
import { ask, SilentAdapterError, type AskedCall } from '../../runtime/asking.ts';
import { workCohort, type LeasedCohort } from '../../runtime/cohorts.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import {
  groupByPrinter,
  printerToSubmitTo,
  quietMs,
  type NamedPrinter,
} from '../../runtime/printers.ts';
import { BreakerWatch, heldByBreaker, notSentByBreaker, ProviderBrokenError } from './breaker.ts';
import { Heeding } from './heeding.ts';
import { pieceAnswers, type PieceAnswer } from './printer-answers.ts';
import { assertKeysHonoured } from './repeats.ts';
import { sameForAll, toSettlement } from './settlements.ts';

function toRequest(campaign: CampaignBrief, piece: BegunPiece): PieceRequest {
  return {
    reference: {
      organizationId: campaign.organizationId,
      campaignId: campaign.campaignId,
      recipientId: piece.recipientId,
      mailpieceId: piece.mailpieceId,
    },
    idempotencyKey: piece.idempotencyKey,
    mode: piece.mode,
    ...piece.request,
  };
}

const neverAborted = new AbortController().signal;

/**
 * A printer that takes no cards is no error of ours, and its people are tried again. An operator
 * should know of it all the same, once and not for each cohort.
 */
function reportRefusal(
  { refusing, logger }: PipelineContext,
  { organizationId }: CampaignBrief,
  printer: string | undefined,
  answers: readonly PieceAnswer[],
): void {
  const key = `${organizationId}/${printer}`;
  const again = answers.filter(({ outcome }) => outcome === 'retry');
  if (again.length < answers.length) refusing.delete(key);
  else if (!refusing.has(key)) {
    refusing.add(key);
    logger.warn(
      { printer, error: again[0]?.message },
      'the printer takes no cards at the moment; its people wait and are tried again',
    );
  }
}

/**
 * A runner that posts must be able to tell later whether the database knows of it: what was begun
 * is kept outside of the database first.
 */
async function begin(
  { sql, watermark }: PipelineContext,
  cohort: CohortBegin,
): Promise<BegunMail | null> {
  const { organizationId } = cohort;
  const { marks } = watermark;
  return await beginMail(sql, { ...cohort, remembered: marks }, (told, [piece]) => {
    if (piece === undefined) return watermark.observe(told);
    const { recipientId, mailpieceId, moveNo } = piece;
    return watermark.observe(told, {
      begun: { witness: { organizationId, recipientId, mailpieceId, moveNo }, asked: marks },
    });
  });
}

/** Pieces of a campaign for one printer. */
interface Submission {
  readonly campaign: CampaignBrief;
  readonly printer: NamedPrinter;
  readonly pieces: readonly BegunPiece[];
  /** By `performance.now()`. */
  readonly begunAt: number;
}

async function submit(
  context: PipelineContext,
  { campaign, printer: { port: printer, account }, pieces, begunAt }: Submission,
  leased: LeasedCohort<MailSettlement>,
): Promise<void> {
  const { logger } = context;
  const { lease, settler } = leased;
  const heeding = new Heeding(context, campaign, leased);
  const breaker = new BreakerWatch(context, account, begunAt);
  const who = `printer ${pieces[0]?.printerName}`;
  for (let start = 0; start < pieces.length; start += printer.maxBatch) {
    if (context.stopping.aborted) {
      // Proven: these were never sent.
      settler.add(
        sameForAll(pieces.slice(start), {
          outcome: 'retry',
          afterMs: 0,
          message: 'the runner stopped before it was sent',
        }),
      );
      return;
    }
    const batch = pieces.slice(start, start + printer.maxBatch);
    const settlements = (answers: readonly PieceAnswer[]): MailSettlement[] =>
      batch.flatMap((piece, index) =>
        toSettlement(
          piece,
          answers[index] ?? { outcome: 'unknown', message: 'the adapter gave no result' },
        ),
      );
    // Evidence is never fenced; a decision of a printer that was given up does not count.
    const onLate = (answers: readonly PieceAnswer[]): void => {
      const evidence = settlements(answers).filter(
        ({ outcome }) => outcome === 'accepted' || outcome === 'mismatched',
      );
      const accepted = evidence.filter(({ outcome }) => outcome === 'accepted').length;
      logger.warn(
        { cohort: lease.cohortId, accepted, of: batch.length },
        `${who} has answered after it was given up`,
      );
      settler.add(evidence);
    };
    let answers: readonly PieceAnswer[];
    let isWithAdapter = false;
    let refusal: unknown = null;
    const noted = (check: () => void): void => {
      try {
        check();
      } catch (error) {
        refusal = error;
        throw error;
      }
    };
    const requireWorking = (): void => noted(() => breaker.assertWorks());
    const requireLease = (isGivenUp: boolean): void =>
      noted(() => {
        if (isGivenUp)
          throw new LeaseLostError(
            `the call of ${who} is over or given up: nothing of it is to be sent any more`,
          );
        lease.assertHeld();
        assertKeysHonoured(batch, performance.now() - begunAt);
        breaker.assertWorks();
      });
    try {
      await context.reach('mail.before-post');
      requireLease(false);
      const question = { who, silenceMs: printer.timeoutMs, onLate };
      const submitted = async ({ signal, signOfLife }: AskedCall) => {
        // An adapter may come back while requests of its own are still to be sent. What it did not
        // answer is unknown from then on, and asked for as what nobody posts any more.
        let isOver = false;
        const assertHeld = (): void => {
          requireLease(isOver || signal.aborted);
          isWithAdapter = true;
          signOfLife();
        };
        const requests = batch.map((piece) => toRequest(campaign, piece));
        // No signal ends a request under way, neither a stop nor a lost lease: hanging up
        // unprints nothing, it only loses the answer, and with it the one sign of a second card.
        // The adapter's timeout is its end; the lease is asked before each request.
        try {
          const guarded = breaker.guarded(
            context.callContext(neverAborted, account, signOfLife),
            requireWorking,
          );
          const told = await printer.submit(
            requests,
            { assertHeld },
            { ...guarded, artwork: context.artwork },
          );
          return pieceAnswers(batch.length, told);
        } finally {
          isOver = true;
        }
      };
      answers = await context.meter.call('printer', async () => await ask(question, submitted));
      if (refusal instanceof ProviderBrokenError) {
        await context.health.told();
        answers = heldByBreaker(answers);
      }
    } catch (error) {
      const message = text(messageOf(error));
      // Our own error is a proof: it was thrown before anything was sent. One that an adapter has
      // made is none, of whatever class.
      if (error instanceof LeaseLostError && error === refusal) {
        // Proven: these were never sent. The reaper, which has only the lease, would have to call
        // them unknown. A decision counts for this cohort alone, so what the reaper or another
        // runner has done meanwhile stands. Of an adapter that passed the lease check once and then
        // throws, the outcome is unknown.
        if (error instanceof ProviderBrokenError) await context.health.told();
        const unsent = (some: readonly BegunPiece[]): MailSettlement[] =>
          error instanceof ProviderBrokenError
            ? notSentByBreaker(some)
            : sameForAll(some, { outcome: 'retry', afterMs: null, message });
        settler.add(
          isWithAdapter ? sameForAll(batch, { outcome: 'unknown', message }) : unsent(batch),
        );
        settler.add(unsent(pieces.slice(start + batch.length)));
        return;
      }
      logger.warn(
        { cohort: lease.cohortId, printer: pieces[0]?.printerName, error: message },
        'the printer could not be asked properly',
      );
      settler.add(sameForAll(batch, { outcome: 'unknown', message }));
      if (!(error instanceof SilentAdapterError)) continue;
      // Proven: these were never handed over.
      settler.add(
        sameForAll(pieces.slice(start + batch.length), {
          outcome: 'retry',
          afterMs: 60_000,
          message,
        }),
      );
      return;
    }
    await context.reach('mail.after-post');
    reportRefusal(context, campaign, batch[0]?.printerName, answers);
    const rest = pieces.slice(start + batch.length);
    const settled = { batch, answers, settlements: settlements(answers), rest };
    if (!(await heeding.goesOn(settled))) return;
  }
}

/**
 * One cohort, from its job to the last settle. Never throws once it has begun: whatever happens,
 * reap and reconcile know what to do.
 */
export async function workMail(
  context: PipelineContext,
  organizationId: string,
  cohortId: string,
): Promise<void> {
  const { sql, settings, logger } = context;
  const cohort = { organizationId, cohortId };
  let quiet = settings.quietMs;
  await workCohort(context, cohort, {
    stage: 'mail',
    begin: async (_sql, begun) => await begin(context, begun),
    settle: async (results: readonly MailSettlement[], last) =>
      await settleMail(sql, { ...cohort, results, last, quietMs: quiet }),
    // Evidence is never fenced: it is worth recording long after the lease.
    patienceMs: 60_000,
    wakes: ['mail', 'effects'],
    work: async (begun, leased) => {
      const { settler } = leased;
      const begunAt = performance.now();
      try {
        await context.watermark.saved();
      } catch (error) {
        // Proven that nothing was created.
        const message = text(messageOf(error));
        logger.error({ cohort: cohortId, error: message }, 'nothing was sent; its people wait');
        settler.add(sameForAll(begun.pieces, { outcome: 'retry', afterMs: 60_000, message }));
        return;
      }
      for (const [name, pieces] of groupByPrinter(begun.pieces)) {
        let printer: NamedPrinter;
        try {
          printer = await printerToSubmitTo(context, organizationId, name);
        } catch (error) {
          // Proven that nothing was created: the printer was never reached.
          const message = text(messageOf(error));
          logger.error(
            { printer: name, error: message },
            'the printer cannot be used; its people wait',
          );
          settler.add(sameForAll(pieces, { outcome: 'retry', afterMs: 60_000, message }));
          continue;
        }
        quiet = Math.max(quiet, quietMs(context, printer.port));
        await submit(context, { campaign: begun.campaign, printer, pieces, begunAt }, leased);
      }
    },
  });
}
