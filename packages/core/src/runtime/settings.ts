/**
 * The settings of a pipeline: bounds, defaults and what they mean. The table in
 * docs/reference/library.md is generated from here (`npm run generate`).
 */
import { z } from 'zod';

/** A longer time fires a timer at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const DAY_MS = 24 * 3_600_000;

function whole(least: number, most: number) {
  return z.int().min(least).max(most);
}

export const settingsSchema = z.strictObject({
  runnerName: z.string().min(1).max(200).default(`runner-${process.pid}`).meta({
    unit: 'text',
    shown: '`runner-<pid>`',
    description: 'shown to people: host and process, for example',
  }),
  proofSlots: whole(0, 1000).default(2).meta({
    unit: 'cohorts',
    description: 'that this runner renders at the same time',
  }),
  mailSlots: whole(0, 1000).default(4).meta({
    unit: 'cohorts',
    description: 'that this runner submits at the same time',
  }),
  cohortSize: whole(1, 10_000).default(50).meta({
    unit: 'people',
    description: 'in a cohort at most',
  }),
  window: whole(0, 1_000_000).nullable().default(null).meta({
    unit: 'cohorts',
    description: 'open per stage at most; null: four for every slot of all live runners',
  }),
  leaseMs: whole(1, DAY_MS)
    .default(60_000)
    .meta({
      unit: 'ms',
      description:
        'how long a cohort is ours without a renewal. A printer whose `timeoutMs` is not shorter ' +
        'is sent nothing',
    }),
  adapterTimeoutMs: whole(1, LONGEST_TIMER_MS)
    .default(300_000)
    .meta({
      unit: 'ms',
      description:
        'how long any adapter but a printer may be silent: a renderer or an image host for one ' +
        'cohort, whose people then go back to travel alone; a source for a page; an enricher for ' +
        'a call (a batch that was not confirmed rests for this and a minute before it is looked ' +
        'for); making any adapter, printers included',
    }),
  graceMs: whole(0, 30 * DAY_MS)
    .default(15_000)
    .meta({
      unit: 'ms',
      description:
        'how long a job may be away, beyond the lease, before its cohort is given up: longer ' +
        "than any printer's `timeoutMs`",
    }),
  quietMs: whole(0, 30 * DAY_MS)
    .default(11_000)
    .meta({
      unit: 'ms',
      description:
        "how long an unknown outcome rests before the printer is asked, at least: a printer's " +
        'time-out and read lag count where they are longer. It begins when the old worker cannot ' +
        'post any more: a lease later, where somebody has deleted a cohort by hand',
    }),
  reapMs: whole(1, LONGEST_TIMER_MS).default(5000).meta({
    unit: 'ms',
    description: 'how often lost work is looked for',
  }),
  pageSize: whole(1, 1_000_000).default(500).meta({
    unit: 'people',
    description: 'in a page of a sync',
  }),
  batchSize: whole(1, 1_000_000).default(10_000).meta({
    unit: 'people',
    description: 'in an enrichment batch at most',
  }),
  batchDeadlineMs: whole(1, 365 * DAY_MS)
    .default(DAY_MS)
    .meta({
      unit: 'ms',
      description:
        'how long the enricher may take for a batch; then it is asked a last time, and its ' +
        'people go back whatever it says. No call to it lasts longer',
    }),
  callsKeptDays: whole(1, 36_500)
    .default(400)
    .meta({
      unit: 'days',
      description:
        'how long it is kept what providers were asked and answered. Whole months go, by ' +
        'whichever runner has the shortest time',
    }),
  artworkRejections: whole(1, 10_000)
    .default(3)
    .meta({
      unit: 'cards',
      description:
        'in a row that a printer rejects for their artwork, with none accepted between, until ' +
        'the campaign is held',
    }),
  beats: z
    .boolean()
    .default(true)
    .meta({
      unit: 'yes or no',
      description:
        'whether this runner sends the beats. Without any that does, nothing happens by the ' +
        'clock: no sync, no poll, no housekeeping',
    }),
});

export type PipelineSettings = Readonly<z.infer<typeof settingsSchema>>;

export const defaultSettings: PipelineSettings = settingsSchema.parse({});
