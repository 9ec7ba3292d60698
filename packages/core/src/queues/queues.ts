/**
 * The queues and the beats, in one table each.
 *
 * Queues of cohorts: standard policy, few retries, generous expiry, no heartbeat, no dead letter:
 * reap covers whatever happens to a job. Queues by organization: `stately` with the organization as
 * key: while one waits nothing is added, while one runs at most one more is kept, so no wake-up is
 * lost and nothing piles up. They have no retries: the beat is the retry. Their heartbeat frees the
 * key when a runner dies, long before the job expires (`end_silent_jobs` in SQL); what runs twice
 * because a runner was only slow is kept apart by row locks and attempt numbers.
 */
import type { PgBoss } from 'pg-boss';

export const QUEUE_SCHEMA = 'postrider_queue';

export type QueueName =
  | 'proof'
  | 'mail'
  | 'sync'
  | 'enrich'
  | 'effects'
  | 'reconcile'
  | 'call_back'
  | 'beat';

type QueueSettings = Parameters<PgBoss['createQueue']>[1];

const HOUR = 3600;
const cohorts: QueueSettings = {
  policy: 'standard',
  notify: true,
  retryLimit: 3,
  retryDelay: 1,
  retryBackoff: true,
  expireInSeconds: 900,
  // A waiting job is deleted at the end of its retention: reap (b) then gives its people back.
  retentionSeconds: 14 * 24 * HOUR,
  deleteAfterSeconds: HOUR,
};
const byOrganization: QueueSettings = {
  policy: 'stately',
  notify: true,
  retryLimit: 0,
  expireInSeconds: 12 * HOUR,
  // Until a job of a runner that died counts as over, nothing else runs for its organization.
  heartbeatSeconds: 15,
  retentionSeconds: 24 * HOUR,
  deleteAfterSeconds: HOUR,
};

export const queues: Readonly<Record<QueueName, QueueSettings>> = {
  proof: cohorts,
  mail: cohorts,
  sync: byOrganization,
  enrich: byOrganization,
  effects: { ...byOrganization, expireInSeconds: HOUR },
  reconcile: { ...byOrganization, expireInSeconds: HOUR },
  // Apart from look-ups, which may be slow: a card is printed meanwhile.
  call_back: { ...byOrganization, expireInSeconds: HOUR },
  beat: {
    policy: 'standard',
    notify: true,
    retryLimit: 0,
    expireInSeconds: 900,
    retentionSeconds: HOUR,
    deleteAfterSeconds: 600,
  },
};

export type BeatName = 'sync' | 'enrich' | 'proof' | 'mail' | 'track' | 'house';

/**
 * What happens by the clock. `cron` beats are pg-boss schedules; `seconds` beats are one throttled
 * job per slot, sent by every runner.
 */
export type Beat =
  | {
      readonly name: BeatName;
      readonly cron: string;
      readonly timeZone: string;
      readonly every: string;
    }
  | { readonly name: BeatName; readonly seconds: number };

const SYNC_MINUTES = 15;

/** When lists are read again: at the next quarter of an hour. */
export function nextSyncAt(now: Date): Date {
  const ms = SYNC_MINUTES * 60_000;
  return new Date((Math.floor(now.getTime() / ms) + 1) * ms);
}

export const beats: readonly Beat[] = [
  {
    name: 'sync',
    cron: `*/${SYNC_MINUTES} * * * *`,
    timeZone: 'UTC',
    every: `${SYNC_MINUTES} minutes`,
  },
  // In New York time, daylight saving included.
  { name: 'enrich', cron: '0 1,7,13,19 * * *', timeZone: 'America/New_York', every: '6 hours' },
  { name: 'proof', seconds: 15 },
  { name: 'mail', seconds: 15 },
  { name: 'track', seconds: 15 },
  // Tally, partitions, campaigns that are over.
  { name: 'house', seconds: 60 },
];

/**
 * The workers' polling floor beneath notifications, in seconds: of the first slot of a queue of
 * cohorts, which wakes the others; and of all else.
 */
export const POLL_SECONDS = 7;
export const IDLE_POLL_SECONDS = 60;

/** Makes the queues, or brings their settings up to date. */
export async function declareQueues(boss: PgBoss): Promise<void> {
  const known = new Set((await boss.getQueues()).map((queue) => queue.name));
  for (const [name, settings] of Object.entries(queues)) {
    if (!known.has(name)) {
      await boss.createQueue(name, settings);
      continue;
    }
    // The policy of a queue is copied onto its jobs and cannot change.
    const { policy: _fixed, ...rest } = settings ?? {};
    await boss.updateQueue(name, rest);
  }
}
