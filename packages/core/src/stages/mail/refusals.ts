/**
 * Answers of a printer that are about the printer itself, and not about a card: it is held, once,
 * and nobody is the worse for it.
 */
import { messageOf } from '../../common/message-of.ts';
import type { CampaignBrief } from '../../machine/briefs.ts';
import { holdRefusingPrinter, type BegunPiece } from '../../machine/mail.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import type { PieceAnswer } from './printer-answers.ts';

/** Why a printer is to be held. */
export interface PrinterFault {
  /** For the operator. */
  readonly why: string;
  /** The printer's own words, for the people who wait for it. */
  readonly message: string;
  /** Whether the hold raises an alarm of its own. */
  readonly alarm: boolean;
}

/**
 * What is wrong with the printer, as these answers of it to the pieces say; null: nothing. That it
 * works in the wrong mode comes first: it may print a test.
 */
export function printerFault(
  pieces: readonly BegunPiece[],
  answers: readonly PieceAnswer[],
): PrinterFault | null {
  const other = answers.findIndex(({ details }, index) => {
    const mode = details?.mode ?? null;
    return mode !== null && mode !== pieces[index]?.mode;
  });
  if (other !== -1) {
    const [made, asked] = [answers[other]?.details?.mode, pieces[other]?.mode];
    const message = `it answers in ${made} mode where ${asked} mode was asked for`;
    // The alarm is that of the card.
    return { why: `the printer works in the wrong mode: ${message}`, message, alarm: false };
  }
  const refused = answers.find(({ outcome }) => outcome === 'refused');
  if (refused === undefined) return null;
  const message = refused.message ?? 'no reason was given';
  return { why: `the printer refuses to work for us: ${message}`, message, alarm: true };
}

interface FaultyPrinter {
  readonly campaign: CampaignBrief;
  readonly cohortId: string;
  readonly printerName: string;
  readonly fault: PrinterFault;
}

/** After this time its people are tried again, where the printer could not be held. */
const PAUSE_MS = 60_000;

/**
 * Holds the printer: one message for the operator. It is held before its people go back, or they
 * would be staged again at once. Returns after what time they may go, in milliseconds; null: as
 * soon as they are let. Never throws.
 */
export async function holdPrinter(
  { sql, logger }: PipelineContext,
  { campaign, cohortId, printerName, fault }: FaultyPrinter,
): Promise<number | null> {
  const { organizationId } = campaign;
  try {
    const refusal = await holdRefusingPrinter(
      sql,
      { organizationId, printerName },
      { cohortId, why: fault.why, alarm: fault.alarm },
    );
    if (refusal === 'held')
      logger.error(
        { organization: organizationId, printer: printerName, error: fault.message },
        fault.alarm
          ? 'the printer is held: it refuses to work for us. Mend it, then release it; no card ' +
              'was lost'
          : 'the printer is held: it works in the wrong mode. Look at what it has made, then ' +
              'release it',
      );
    return null;
  } catch (error) {
    logger.error(
      { organization: organizationId, printer: printerName, error: messageOf(error) },
      'a printer that is to be held could not be held; its people are tried again in a minute',
    );
    return PAUSE_MS;
  }
}
