/**
 * How a live postcard gets on: rendered within a minute, sent when its window ends, and then
 * scanned by the post over some business days. Drawn from the twin's seed and the idempotency key,
 * so that a run with the same seed and keys sees the same journeys. A test piece is rendered and
 * goes nowhere.
 */
import { createHash } from 'node:crypto';
import { DAY } from '../kit/clock.ts';
import type { Piece } from './books.ts';
import type { EventType } from './entries.ts';

export interface JourneyOptions {
  readonly seed: number;
  readonly mailedEvents: boolean;
  /** Percent, each. */
  readonly loseScans: number;
  readonly lateScans: number;
  readonly rerouted: number;
  readonly returned: number;
  readonly renderFailures: number;
}

export interface Step {
  readonly type: EventType;
  /** Since the piece was made, in milliseconds: when it is scanned, and when it is told. */
  readonly scanned: number;
  readonly told: number;
}

const SECOND = 1000;

/** Business days after the sending until the first scan: at least, and so many more. */
const firstScan = {
  usps_first_class: { least: 2, spread: 1 },
  usps_standard: { least: 4, spread: 1 },
} as const;

/** In the order in which they are told. What has happened already is among them. */
export function journey(piece: Piece, options: JourneyOptions): readonly Step[] {
  const lots = createHash('sha512')
    .update(`${options.seed} ${piece.key ?? piece.id}`)
    .digest();
  /** From 0 to below 1; each number is drawn once. */
  const lot = (number: number): number => lots.readUInt32BE(4 * number) / 2 ** 32;
  const rendered = (5 + 55 * lot(0)) * SECOND;
  if (lot(1) * 100 < options.renderFailures)
    return [{ type: 'failed', scanned: rendered, told: rendered }];
  const steps: Step[] = [
    { type: 'rendered_pdf', scanned: rendered, told: rendered },
    { type: 'rendered_thumbnails', scanned: rendered + 5 * SECOND, told: rendered + 5 * SECOND },
  ];
  if (piece.mode === 'test') return steps;
  const { least, spread } = firstScan[piece.mailType];
  const from = piece.created.at;
  const after = (days: number): number => businessDays(piece.sendAt, days) - from;
  const first = least + spread * lot(2);
  const local = first + 0.8 + 0.4 * lot(3);
  const processed = local + 0.8 + 0.4 * lot(4);
  const scans: [EventType, number][] = [
    ['in_transit', first],
    ['in_local_area', local],
    ['processed_for_delivery', processed],
  ];
  if (options.mailedEvents) scans.unshift(['mailed', 1 + 0.9 * lot(5)]);
  if (lot(6) * 100 < options.rerouted) scans.push(['re-routed', processed + 0.5]);
  const back = lot(7) * 100 < options.returned;
  if (!back) scans.push(['delivered', processed + 0.1 + 0.9 * lot(8)]);
  for (const [index, [type, days]] of scans.entries()) {
    // Each scan is lost or late by itself.
    const fate = lots.readUInt8(48 + index);
    if ((fate / 256) * 100 < options.loseScans) continue;
    const scanned = after(days);
    const isLate = (((fate * 167) % 256) / 256) * 100 < options.lateScans;
    steps.push({ type, scanned, told: isLate ? scanned + 1.7 * DAY : scanned });
  }
  // A piece that lies on the sender's mat again was seen by somebody.
  if (back) {
    const scanned = after(first + 5 + 10 * lot(9));
    steps.push({ type: 'returned_to_sender', scanned, told: scanned });
  }
  return steps.toSorted((one, other) => one.told - other.told);
}

/** So many business days after a moment; Saturdays and Sundays are passed over. */
export function businessDays(from: number, days: number): number {
  let at = from;
  for (let left = days; left > 0; left -= 1) {
    at += Math.min(left, 1) * DAY;
    while (isWeekend(at)) at += DAY;
  }
  return at;
}

function isWeekend(at: number): boolean {
  const day = new Date(at).getUTCDay();
  return day === 0 || day === 6;
}

/** The day of the calendar on which Lob expects a piece to arrive. */
export function expectedDelivery(sendAt: number, mailType: Piece['mailType']): string {
  const days = mailType === 'usps_first_class' ? 5 : 10;
  return new Date(businessDays(sendAt, days)).toISOString().slice(0, 10);
}
