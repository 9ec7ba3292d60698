import type { Scenario } from '../operated-place.ts';
import { cohortDeleted, jobsDeleted, oldTransaction } from './lost-work.ts';
import { alarm, outcomeUnknown, renderError, webhooks } from './needs-a-person.ts';
import { byHand, defaultPartition, firstLook, onePerson, sync, who } from './daily-work.ts';
import { held, stop } from './holds.ts';

/** By the name of the fault in the document's markers. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  'by-hand': byHand,
  'first-look': firstLook,
  'one-person': onePerson,
  stop,
  'jobs-deleted': jobsDeleted,
  'cohort-deleted': cohortDeleted,
  held,
  'outcome-unknown': outcomeUnknown,
  'render-error': renderError,
  alarm,
  'default-partition': defaultPartition,
  'old-transaction': oldTransaction,
  webhooks,
  sync,
  who,
};
