/**
 * Pieces of a cohort at their printer, batch by batch: asked, and settled by what was answered, or
 * by what is proven where nothing was.
 */
import { messageOf } from '../../common/message-of.ts';
import type { CampaignBrief } from '../../machine/briefs.ts';
import type { BegunPiece, MailSettlement } from '../../machine/mail.ts';
import { isNamed, type PieceRequest, type SendStoppedError } from '../../ports/index.ts';
import { text } from '../../runtime/answers.ts';
import { ask, SilentAdapterError, type AskedCall } from '../../runtime/asking.ts';
import type { LeasedCohort } from '../../runtime/cohorts.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import type { NamedPrinter } from '../../runtime/printers.ts';
import { BatchGuard } from './batch-guard.ts';
import { BreakerWatch, heldByBreaker, notSentByBreaker, ProviderBrokenError } from './breaker.ts';
import { BatchJudge } from './batch-judge.ts';
import { pieceAnswers, type PieceAnswer } from './printer-answers.ts';
import { sameForAll, settlementsOf } from './settlements.ts';

/** Pieces of a campaign for one printer. */
interface Submission {
  readonly campaign: CampaignBrief;
  readonly printer: NamedPrinter;
  readonly pieces: readonly BegunPiece[];
  /** By `performance.now()`. */
  readonly begunAt: number;
}

/** What the batches of a submission share. */
interface Desk {
  readonly context: PipelineContext;
  readonly campaign: CampaignBrief;
  readonly printer: NamedPrinter;
  readonly leased: LeasedCohort<MailSettlement>;
  readonly breaker: BreakerWatch;
  readonly judge: BatchJudge;
  readonly who: string;
}

/** Pieces that are sent together, and those of the cohort that come after them. */
interface Batch {
  readonly pieces: readonly BegunPiece[];
  readonly rest: readonly BegunPiece[];
  readonly guard: BatchGuard;
}

export async function submit(
  context: PipelineContext,
  { campaign, printer, pieces, begunAt }: Submission,
  leased: LeasedCohort<MailSettlement>,
): Promise<void> {
  const desk: Desk = {
    context,
    campaign,
    printer,
    leased,
    breaker: new BreakerWatch(context, printer.account, begunAt),
    judge: new BatchJudge(context, campaign, leased),
    who: `printer ${pieces[0]?.printerName}`,
  };
  const { maxBatch } = printer.port;
  for (let start = 0; start < pieces.length; start += maxBatch) {
    if (context.stopping.aborted) {
      // Proven: these were never sent.
      const message = 'the runner stopped before it was sent';
      const unsent = { outcome: 'retry', afterMs: 0, message } as const;
      leased.settler.add(sameForAll(pieces.slice(start), unsent));
      return;
    }
    const some = pieces.slice(start, start + maxBatch);
    const guard = new BatchGuard({
      pieces: some,
      lease: leased.lease,
      breaker: desk.breaker,
      begunAt,
      who: desk.who,
    });
    const batch = { pieces: some, rest: pieces.slice(start + maxBatch), guard };
    if (!(await submitBatch(desk, batch))) return;
  }
}

/** Returns false where the rest is not to be sent: then that is settled too. */
async function submitBatch(desk: Desk, batch: Batch): Promise<boolean> {
  const { context, campaign, judge } = desk;
  let answers: readonly PieceAnswer[];
  try {
    answers = await askPrinter(desk, batch);
  } catch (error) {
    return await settleUnanswered(desk, batch, error);
  }
  await context.reach('mail.after-post');
  reportRefusal(context, campaign, batch.pieces[0]?.printerName, answers);
  const settlements = settlementsOf(batch.pieces, answers);
  return await judge.mayContinue({ batch: batch.pieces, answers, settlements, rest: batch.rest });
}

async function askPrinter(desk: Desk, { pieces, guard }: Batch): Promise<readonly PieceAnswer[]> {
  const { context, campaign, breaker, who } = desk;
  const { port: printer, account } = desk.printer;
  await context.reach('mail.before-post');
  guard.assertMaySend();
  const requests = pieces.map((piece) => toRequest(campaign, piece));
  const question = {
    who,
    silenceMs: printer.timeoutMs,
    onLate: (answers: readonly PieceAnswer[]) => settleLate(desk, pieces, answers),
  };
  const submitted = async (call: AskedCall): Promise<readonly PieceAnswer[]> => {
    // No signal ends a request under way, neither a stop nor a lost lease: hanging up unprints
    // nothing, it only loses the answer, and with it the one sign of a second card. The adapter's
    // timeout is its end; the guard is asked before each request.
    const callContext = breaker.guarded(
      context.callContext(neverAborted, account, call.signOfLife),
      guard,
    );
    try {
      const told = await printer.submit(requests, guard.ofCall(call), {
        ...callContext,
        artwork: context.artwork,
      });
      return pieceAnswers(pieces.length, told);
    } finally {
      guard.end();
    }
  };
  const answers = await context.meter.call('printer', async () => await ask(question, submitted));
  if (!(guard.refusal instanceof ProviderBrokenError)) return answers;
  await context.health.told();
  return heldByBreaker(answers);
}

const neverAborted = new AbortController().signal;

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

/** Evidence is never fenced; a decision of a printer that was given up does not count. */
function settleLate(
  { context, leased, who }: Desk,
  pieces: readonly BegunPiece[],
  answers: readonly PieceAnswer[],
): void {
  const evidence = settlementsOf(pieces, answers).filter(
    ({ outcome }) => outcome === 'accepted' || outcome === 'mismatched',
  );
  const accepted = evidence.filter(({ outcome }) => outcome === 'accepted').length;
  context.logger.warn(
    { cohort: leased.lease.cohortId, accepted, of: pieces.length },
    `${who} has answered after it was given up`,
  );
  leased.settler.add(evidence);
}

/** Settles a batch that ended with an error. Returns whether the rest is sent all the same. */
async function settleUnanswered(desk: Desk, batch: Batch, error: unknown): Promise<boolean> {
  const { context, leased } = desk;
  const { settler } = leased;
  const message = text(messageOf(error));
  const unknown: PieceAnswer = { outcome: 'unknown', message };
  // Our own error is a proof: it was thrown before anything was sent. One that an adapter has made
  // is none, of whatever class.
  if (error !== null && error === batch.guard.refusal) {
    // Proven: these were never sent. The reaper, which has only the lease, would have to call them
    // unknown. A decision counts for this cohort alone, so what the reaper or another runner has
    // done meanwhile stands. Where an adapter passed the guard once and then throws, the outcome is
    // unknown.
    const isBroken = error instanceof ProviderBrokenError;
    if (isBroken) await context.health.told();
    const unsent = (pieces: readonly BegunPiece[]): MailSettlement[] =>
      isBroken
        ? notSentByBreaker(pieces)
        : sameForAll(pieces, { outcome: 'retry', afterMs: afterMsOf(error), message });
    settler.add(
      batch.guard.hasLetThrough ? sameForAll(batch.pieces, unknown) : unsent(batch.pieces),
    );
    settler.add(unsent(batch.rest));
    return false;
  }
  context.logger.warn(
    { cohort: leased.lease.cohortId, printer: batch.pieces[0]?.printerName, error: message },
    'the printer could not be asked properly',
  );
  settler.add(sameForAll(batch.pieces, unknown));
  if (!(error instanceof SilentAdapterError)) return true;
  // Proven: these were never handed over.
  settler.add(sameForAll(batch.rest, { outcome: 'retry', afterMs: 60_000, message }));
  return false;
}

function afterMsOf(error: unknown): number | null {
  return isNamed<SendStoppedError>(error, 'SendStoppedError') ? error.afterMs : null;
}

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
