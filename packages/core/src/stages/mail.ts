/**
 * Mailing: proofed → sending_staged → sending → sent. The one stage that cannot be undone: the mailpiece, with its key, is in the database before
 * the printer hears of it, the lease is checked immediately before each request, and an outcome that nobody knows is unknown, never repeated blindly.
 */
import { beginMail, settleMail, stageRound, type BegunPiece, type CampaignBrief, type MailSettlement } from '../machine/cohorts.ts';
import type { PipelineContext } from '../pipeline/context.ts';
import type { Lease } from '../pipeline/leases.ts';
import { Settler } from '../pipeline/settling.ts';
import { LeaseLostError, type PieceRequest, type Printer, type SubmitResult } from '../ports/index.ts';
import { printerToSubmitTo, quietMs } from './printers.ts';

/** Makes cohorts until the window is full or nobody is ready. */
export const stageMail = async (context: PipelineContext): Promise<void> => {
  const { sql, settings } = context;
  while ((await stageRound(sql, 'mail', settings.window, settings.cohortSize)) > 0 && !context.stopping.aborted)
    await context.reach('mail.staged');
};

const toRequest = (campaign: CampaignBrief, piece: BegunPiece): PieceRequest => ({
  reference: {
    organizationId: campaign.organizationId,
    campaignId: campaign.campaignId,
    recipientId: piece.recipientId,
    mailpieceId: piece.mailpieceId,
  },
  idempotencyKey: piece.idempotencyKey,
  mode: piece.mode,
  ...piece.request,
});

const toSettlement = (piece: BegunPiece, result: SubmitResult | undefined): MailSettlement => {
  const who = { recipientId: piece.recipientId, mailpieceId: piece.mailpieceId };
  switch (result?.outcome) {
    case 'accepted':
      return { ...who, outcome: 'accepted', providerId: result.providerId, expectedDelivery: result.expectedDelivery };
    case 'rejected':
      return { ...who, outcome: 'rejected', message: `${result.reason}: ${result.message}`, badAddress: result.badAddress };
    case 'retry':
      return { ...who, outcome: 'retry', message: result.message, afterMs: result.afterMs };
    case 'unknown':
      return { ...who, outcome: 'unknown', message: result.message };
    case undefined:
      return { ...who, outcome: 'unknown', message: 'the adapter gave no result' };
  }
};

const untilItsEnd = new AbortController().signal;

const byPrinter = (pieces: readonly BegunPiece[]): Map<string, BegunPiece[]> => {
  const groups = new Map<string, BegunPiece[]>();
  for (const piece of pieces) groups.set(piece.printerName, [...(groups.get(piece.printerName) ?? []), piece]);
  return groups;
};

const submit = async (
  context: PipelineContext,
  campaign: CampaignBrief,
  printer: Printer,
  pieces: readonly BegunPiece[],
  lease: Lease,
  settler: Settler<MailSettlement>,
): Promise<void> => {
  for (let start = 0; start < pieces.length; start += printer.maxBatch) {
    if (context.stopping.aborted) {
      // Proven: these were never sent.
      const unsent = { outcome: 'retry', afterMs: 0, message: 'the runner stopped before it was sent' } as const;
      settler.add(pieces.slice(start).map((piece) => toSettlement(piece, unsent)));
      return;
    }
    const batch = pieces.slice(start, start + printer.maxBatch);
    let results: readonly SubmitResult[];
    try {
      await context.reach('mail.before-post');
      lease.assertHeld();
      // No signal ends a request under way, neither a stop nor a lost lease: hanging up unprints nothing, it only loses the answer, and with it the
      // one sign of a second card. The adapter's timeout is its end; the lease is asked before each request.
      results = await printer.submit(
        batch.map((piece) => toRequest(campaign, piece)),
        lease,
        context.callContext(untilItsEnd),
      );
    } catch (error) {
      // Thrown before anything was sent: proven. Thrown by an adapter: nobody knows.
      if (error instanceof LeaseLostError) return;
      const message = error instanceof Error ? error.message : String(error);
      context.logger.warn(
        { cohort: lease.cohortId, printer: pieces[0]?.printerName, error: message },
        'the printer could not be asked properly',
      );
      results = batch.map(() => ({ outcome: 'unknown', message }));
    }
    await context.reach('mail.after-post');
    settler.add(batch.map((piece, index) => toSettlement(piece, results[index])));
  }
};

/** One cohort, from its job to the last settle. Never throws once it has begun: whatever happens, reap and reconcile know what to do. */
export const workMail = async (context: PipelineContext, organizationId: string, cohortId: string): Promise<void> => {
  const { sql, settings, leases, logger, runnerId } = context;
  const lease = leases.prepare(organizationId, cohortId);
  const begun = await beginMail(sql, organizationId, cohortId, runnerId, settings.leaseMs);
  if (begun === null) return;
  leases.hold(lease);
  await context.reach('mail.begun');
  let quiet = settings.quietMs;
  const settler = new Settler<MailSettlement>({
    write: async (results, last) => await settleMail(sql, organizationId, cohortId, results, last, quiet),
    // Evidence is never fenced: it is worth recording long after the lease.
    patienceMs: () => Math.max(lease.leftMs, 60_000),
    logger,
  });
  try {
    for (const [name, pieces] of byPrinter(begun.pieces)) {
      let printer: Printer;
      try {
        printer = await printerToSubmitTo(context, organizationId, name);
      } catch (error) {
        // Proven that nothing was created: the printer was never reached.
        const message = error instanceof Error ? error.message : String(error);
        logger.error({ printer: name, error: message }, 'the printer cannot be used; its people wait');
        settler.add(pieces.map((piece) => toSettlement(piece, { outcome: 'retry', afterMs: 60_000, message })));
        continue;
      }
      quiet = Math.max(quiet, quietMs(context, printer));
      await submit(context, begun.campaign, printer, pieces, lease, settler);
    }
    // Without a lease whoever is left belongs to the reaper, who knows more; with it, whoever was not answered for is unknown.
    if (lease.leftMs > 0) await settler.end();
    else await settler.flush();
    await context.reach('mail.settled');
  } finally {
    leases.release(lease);
    context.wake('mail');
    context.wake('effects');
  }
};
