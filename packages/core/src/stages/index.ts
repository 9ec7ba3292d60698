/**
 * The five stages, in the order in which a recipient passes them. Each says what its beat does, which queue its workers serve, and what wakes it.
 */
import type { PipelineContext, Wake } from '../pipeline/context.ts';
import type { BeatName, QueueName } from '../queues/queues.ts';
import type { Due } from './due.ts';
import { beatEffects, workEffects } from './effects.ts';
import { beatEnrich, workEnrich } from './enrich.ts';
import { stageMail, workMail } from './mail.ts';
import { stageProofs, workProof } from './proof.ts';
import { beatReconcile, workReconcile } from './reconcile.ts';
import { beatSync, workSync } from './sync.ts';
import { applyInbox, beatTrack } from './track.ts';

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

export interface Stage {
  readonly name: 'sync' | 'enrich' | 'proof' | 'mail' | 'track';
  readonly beat: BeatName;
  onBeat(context: PipelineContext, due: Due): Promise<void>;
  readonly workers: readonly StageWorker[];
  /** What is done at once, without a beat, when somebody says that there is work. */
  readonly wakes: Partial<Record<Wake, (context: PipelineContext) => Promise<void>>>;
}

const one = (): number => 1;

export const stages: readonly Stage[] = [
  {
    name: 'sync',
    beat: 'sync',
    onBeat: beatSync,
    workers: [{ queue: 'sync', slots: one, work: async (context, _id, data) => await workSync(context, data.organization_id) }],
    wakes: {},
  },
  {
    name: 'enrich',
    beat: 'enrich',
    onBeat: async (context) => await beatEnrich(context, false),
    workers: [
      {
        queue: 'enrich',
        slots: one,
        work: async (context, _id, data) => await workEnrich(context, data.organization_id, data.only_due === true),
      },
    ],
    wakes: {},
  },
  {
    name: 'proof',
    beat: 'proof',
    onBeat: stageProofs,
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
    beat: 'mail',
    onBeat: async (context, due) => {
      await stageMail(context);
      await beatReconcile(context, due);
    },
    workers: [
      {
        queue: 'mail',
        slots: (context) => context.settings.mailSlots,
        work: async (context, id, data) => await workMail(context, data.organization_id, id),
      },
      { queue: 'reconcile', slots: one, work: async (context, _id, data) => await workReconcile(context, data.organization_id) },
    ],
    wakes: { mail: stageMail, reconcile: async (context) => await beatReconcile(context) },
  },
  {
    name: 'track',
    beat: 'track',
    onBeat: async (context, due) => {
      await beatTrack(context, due);
      await beatEffects(context, due);
    },
    workers: [{ queue: 'effects', slots: one, work: async (context, _id, data) => await workEffects(context, data.organization_id) }],
    wakes: {
      track: async (context) => {
        await applyInbox(context);
      },
      effects: async (context) => await beatEffects(context),
    },
  },
];
