/**
 * How a card travels, as the post would report it: six days, four scans. Where it is lost to the
 * scanners and whether it comes back is drawn from the piece's id, so that a restart, or a second
 * look, sees the same journey.
 */
import { createHash } from 'node:crypto';
import { DAY } from '../kit/clock.ts';
import type { Confidence, PieceStatus } from './wire.ts';

export interface JourneyOptions {
  /** Percent of the carrier's scans that never come; each scan is drawn by itself. */
  readonly loseScans: number;
  /** Percent of the pieces that come back to the sender. */
  readonly returned: number;
}

export interface JourneyStop {
  readonly stage: number;
  readonly status: PieceStatus;
  /** Travel time since the card left, in milliseconds. */
  readonly after: number;
}

/**
 * Days after printing at which a stage begins, and how far it spreads. Seven stages would be truer;
 * four are what printers pass on.
 */
const stages: readonly {
  readonly status: PieceStatus;
  readonly day: number;
  readonly spread: number;
}[] = [
  { status: 'in_transit', day: 0.8, spread: 0.5 },
  { status: 'in_local_area', day: 3, spread: 0.8 },
  { status: 'processed_for_delivery', day: 4.8, spread: 0.5 },
  { status: 'delivered', day: 5.7, spread: 0.4 },
];

/** A returned card travels on instead of being delivered. */
const RETURN = { status: 'returned', day: 9, spread: 1.5 } as const;
const LAST = stages.length - 1;

export const EXPECTED_DAYS = 6;

/**
 * A container's scan stands for its cards, a sorting machine sees each card, and nobody scans a
 * postcard at the door.
 */
const confidences: Readonly<Record<PieceStatus, Confidence>> = {
  accepted: 'scan',
  in_production: 'scan',
  in_transit: 'assumed',
  in_local_area: 'scan',
  processed_for_delivery: 'scan',
  delivered: 'logical',
  returned: 'scan',
  failed: 'scan',
  cancelled: 'scan',
};

export function confidenceOf(status: PieceStatus): Confidence {
  return confidences[status];
}

/**
 * The next thing that will be heard of a piece whose journey stands at `stage`, or null at its end.
 */
export function nextStop(id: string, stage: number, options: JourneyOptions): JourneyStop | null {
  if (stage > LAST) return null;
  // One drawing for the whole journey: whether it comes back, and for each stage whether it is
  // scanned and at what hour.
  const lots = createHash('sha512').update(id).digest();
  const lot = (number: number): number => lots.readUInt32BE(4 * number) / 2 ** 32;
  for (let at = stage; at <= LAST; at += 1) {
    const back = at === LAST && lot(0) * 100 < options.returned;
    const plan = back ? RETURN : stages[at];
    if (plan === undefined) return null;
    // A card that lies on the sender's mat again was seen by somebody.
    if (!back && lot(1 + 2 * at) * 100 < options.loseScans) continue;
    return {
      stage: at,
      status: plan.status,
      after: (plan.day + plan.spread * lot(2 + 2 * at)) * DAY,
    };
  }
  return null;
}

/** The stage at which a journey goes on after a status. */
export function stageAfter(status: PieceStatus): number {
  if (status === 'accepted' || status === 'in_production') return 0;
  const stage = stages.findIndex((one) => one.status === status);
  return stage === -1 ? stages.length : stage + 1;
}
