/**
 * @postrider/core/machine: typed calls for the runner and the command line of the same version.
 * They look at tables that are the machine's own, so they may change with any version; what others
 * may rely on is exported by `@postrider/core`.
 */
export { campaignBrief, printersOfKind, type PrinterOfKind } from './briefs.ts';
export { cohortsAtWork, peopleAtOtherRunners, type CohortsAtWork } from './cohorts.ts';
export { failedEffects, type EffectKind, type FailedEffects, type FollowUp } from './effects.ts';
export { oneLiveRunner, misdatedPartitions } from './house.ts';
export { nextSyncAt } from '../queues/queues.ts';
export { campaignProgress, type CampaignProgress } from './progress.ts';
export { cardsInQuestion } from './reconcile.ts';
export { organizationsToSync } from './sync.ts';
export { noticedRestore, type NoticedRestore } from './restore.ts';
