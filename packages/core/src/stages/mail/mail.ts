/**
 * Mailing: proofed → sending_staged → sending → sent. The one stage that cannot be undone: the
 * mailpiece, with its key, is in the database before the printer hears of it, the lease is checked
 * immediately before each request, and an outcome that nobody knows is unknown, never repeated
 * blindly.
 */
import { messageOf } from '../../common/message-of.ts';
import type { CohortBegin } from '../../machine/cohorts.ts';
import { beginMail, settleMail, type BegunMail, type MailSettlement } from '../../machine/mail.ts';
import { text } from '../../runtime/answers.ts';
import { workCohort } from '../../runtime/cohorts.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import {
  groupByPrinter,
  printerToSubmitTo,
  quietMs,
  type NamedPrinter,
} from '../../runtime/printers.ts';
import { sameForAll } from './settlements.ts';
import { submit } from './submit.ts';

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
