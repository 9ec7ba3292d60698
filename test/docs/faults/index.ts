import type { Scenario } from '../operated-place.ts';
import { byHand, firstLook, onePerson } from './looking.ts';
import { sync } from './sync.ts';
import { enricherLost, enricherSilent } from './enrich.ts';
import { cohortDeleted, jobsDeleted } from './cohort.ts';
import { renderError } from './proof.ts';
import { alarm, outcomeUnknown } from './mail.ts';
import { webhooks } from './track.ts';
import { effectsFailed, effectsFailing } from './effects.ts';
import { held, stop, who } from './operate.ts';
import { notIn, spending, suppressed } from './night.ts';
import { defaultPartition, oldTransaction } from './house.ts';

/** By the name of the fault in the pages' markers. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  'by-hand': byHand,
  'first-look': firstLook,
  'one-person': onePerson,
  suppressed,
  'not-in': notIn,
  spending,
  sync,
  'enricher-silent': enricherSilent,
  'enricher-lost': enricherLost,
  'jobs-deleted': jobsDeleted,
  'cohort-deleted': cohortDeleted,
  'render-error': renderError,
  'outcome-unknown': outcomeUnknown,
  alarm,
  webhooks,
  'effects-failing': effectsFailing,
  'effects-failed': effectsFailed,
  stop,
  held,
  who,
  'default-partition': defaultPartition,
  'old-transaction': oldTransaction,
};
