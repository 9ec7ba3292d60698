/**
 * The stages, in the order in which a recipient passes them (effects are worked beside track), and
 * the house. Each says what it does at which beat, which queues its workers serve, and what wakes
 * it.
 */
import type { PartFailure, Due } from '../machine/house.ts';
import type { BeatName, QueueName } from '../queues/queues.ts';
import { stageCohorts } from '../runtime/cohorts.ts';
import type { PipelineContext, Wake } from '../runtime/context.ts';
import { beatEffects, workEffects } from '../stages/effects/effects.ts';
import { beatEnrich, workEnrich } from '../stages/enrich/enrich.ts';
import { beatHouse } from '../stages/house/housekeeping.ts';
import { workMail } from '../stages/mail/mail.ts';
import { beatCallBacks, callBackCards } from '../stages/mail/call-back.ts';
import { beatReconcile, workReconcile } from '../stages/mail/reconcile.ts';
import { workProof } from '../stages/proof/proof.ts';
import { beatSync, workSync } from '../stages/sync/sync.ts';
import { applyInbox, beatInbox, beatUnmatched } from '../stages/track/inbox.ts';
import { pollPrinters } from '../stages/track/poll.ts';

/** What a job of ours carries; a cohort's id is the job's own. */
export interface JobData {
  readonly organization_id: string;
  readonly only_due?: boolean;
}

export interface StageWorker {
  readonly queue: Exclude<QueueName, 'beat'>;
  /** How many jobs at the same time. */
  slots(context: PipelineContext): number;
  work(context: PipelineContext, jobId: string, data: JobData): Promise<void>;
}

/** A part of a beat. Rejects, or says what failed of it. */
export type BeatWork = (
  context: PipelineContext,
  due: Due,
) => Promise<void | readonly PartFailure[]>;

export interface Stage {
  readonly name: 'sync' | 'enrich' | 'proof' | 'mail' | 'track' | 'house';
  /**
   * What it does at each beat, by the name of the part: one that fails keeps none of the others
   * from its beat.
   */
  readonly beats: Partial<Record<BeatName, Readonly<Record<string, BeatWork>>>>;
  readonly workers: readonly StageWorker[];
  /** What is done at once, without a beat, when there may be work. */
  readonly wakes: Partial<Record<Wake, (context: PipelineContext) => Promise<unknown>>>;
}

/** The silent providers of a few organizations keep no other organization waiting. */
const SLOTS_BY_ORGANIZATION = 4;

function one(): number {
  return 1;
}
function several(): number {
  return SLOTS_BY_ORGANIZATION;
}
async function stageProofs(context: PipelineContext): Promise<readonly PartFailure[]> {
  return await stageCohorts(context, 'proof');
}
async function stageMail(context: PipelineContext): Promise<readonly PartFailure[]> {
  return await stageCohorts(context, 'mail');
}

export const stages: readonly Stage[] = [
  {
    name: 'sync',
    beats: { sync: { syncs: beatSync } },
    workers: [
      {
        queue: 'sync',
        slots: one,
        work: async (context, _id, data) => await workSync(context, data.organization_id),
      },
    ],
    wakes: {},
  },
  {
    name: 'enrich',
    beats: {
      enrich: { batches: async (context) => await beatEnrich(context, false) },
      // Batches that are out are looked after between the times of day.
      house: { batches: async (context) => await beatEnrich(context, true) },
    },
    workers: [
      {
        queue: 'enrich',
        slots: one,
        work: async (context, _id, data) =>
          await workEnrich(context, data.organization_id, data.only_due === true),
      },
    ],
    wakes: {},
  },
  {
    name: 'proof',
    beats: { proof: { staging: stageProofs } },
    workers: [
      {
        queue: 'proof',
        slots: (context) => context.settings.proofSlots,
        work: async (context, id, data) => await workProof(context, data.organization_id, id),
      },
    ],
    wakes: { proof: stageProofs },
  },
  {
    name: 'mail',
    beats: { mail: { staging: stageMail, 'call-backs': beatCallBacks, reconcile: beatReconcile } },
    workers: [
      {
        queue: 'mail',
        slots: (context) => context.settings.mailSlots,
        work: async (context, id, data) => await workMail(context, data.organization_id, id),
      },
      {
        queue: 'reconcile',
        slots: several,
        work: async (context, _id, data) => await workReconcile(context, data.organization_id),
      },
      {
        queue: 'call_back',
        slots: several,
        work: async (context, _id, data) =>
          void (await callBackCards(context, data.organization_id)),
      },
    ],
    wakes: {
      mail: stageMail,
      callBack: async (context) => await beatCallBacks(context),
      reconcile: async (context) => await beatReconcile(context),
    },
  },
  {
    name: 'track',
    beats: {
      track: { webhooks: beatInbox, 'unmatched events': beatUnmatched, effects: beatEffects },
      // Only woken: a printer that does not answer must not hold up the beats.
      house: { poll: async (context) => await Promise.resolve(context.wake('poll')) },
    },
    workers: [
      {
        queue: 'effects',
        slots: several,
        work: async (context, _id, data) => await workEffects(context, data.organization_id),
      },
    ],
    wakes: {
      track: async (context) => await applyInbox(context),
      effects: async (context) => await beatEffects(context),
      poll: async (context) => await pollPrinters(context),
    },
  },
  {
    name: 'house',
    beats: { house: { housekeeping: beatHouse } },
    workers: [],
    wakes: {},
  },
];
