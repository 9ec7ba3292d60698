/** The steps of the world: each as often as it is to be tried. */

export const STEPS = [
  ...([
    'sync',
    'render',
    'render',
    'to the printer',
    'to the printer',
    'to the printer',
    'post',
    'post',
    'post',
    'settle',
    'settle',
    'settle',
  ] as const),
  ...([
    'stage proof',
    'stage mail',
    'begin',
    'reap',
    'lose leases',
    'time passes',
    'delete job',
    'delete cohort',
    'reconcile',
    'reconcile',
  ] as const),
  ...([
    'tell',
    'tell',
    'hold',
    'release',
    'hold campaign',
    'cancel',
    'amend',
    'amend',
    'suppress',
    'retry',
    'resolve',
    'call back',
  ] as const),
] as const;

/** A step: what it is, and numbers from which it chooses whom and how. */
export interface Step {
  readonly what: (typeof STEPS)[number];
  readonly a: number;
  readonly b: number;
  readonly c: number;
}
