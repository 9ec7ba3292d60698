/**
 * The named points at which a runner is killed, as the tables of points.test.ts and
 * points.long.test.ts.
 */
import type { Point } from '@postrider/core';

/** In the order in which a card meets them. */
export const allPoints: readonly Point[] = [
  'sync.opened',
  'sync.page-applied',
  'sync.closed',
  'enrich.claimed',
  'enrich.submitted',
  'enrich.collected',
  'proof.staged',
  'proof.begun',
  'proof.rendered',
  'proof.settled',
  'mail.staged',
  'mail.begun',
  'mail.before-post',
  'mail.after-post',
  'mail.settled',
  'reconcile.claimed',
  'reconcile.asked',
  'reconcile.settled',
  'effects.claimed',
  'effects.performed',
  'effects.settled',
  'track.claimed',
  'track.applied',
];

/** Those at which it matters whether the printer honours keys. */
export const printerPoints: readonly Point[] = allPoints.filter((point) =>
  /^(mail|reconcile)\./.test(point),
);

/**
 * One of each kind, the request to the printer apart: between the steps of a list, of a look-up, of
 * a cohort, of what follows a card.
 */
export const somePoints: readonly Point[] = [
  'sync.page-applied',
  'enrich.submitted',
  'proof.begun',
  'proof.rendered',
  'mail.staged',
  'mail.settled',
  'effects.performed',
  'track.claimed',
];

/** Of the printer's, the ones between which a card may or may not be on paper. */
export const closestPoints: readonly Point[] = [
  'mail.begun',
  'mail.before-post',
  'mail.after-post',
  'reconcile.asked',
];
