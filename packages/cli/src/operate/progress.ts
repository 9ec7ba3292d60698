/**
 * What a runner says of itself while it works: a line for each campaign of which something moved,
 * every few seconds; one line when it has nothing to do, with what is waited for; none after that.
 * The counts of a line are what this runner recorded since the line before: their sums are its
 * work. How far the campaign is, by all runners, is asked of the database, in one statement and
 * only where something moved.
 */
import type { Logger, Pipeline, Waiting } from '@postrider/core';
import {
  campaignProgress,
  nextSyncAt,
  organizationsToSync,
  type CampaignProgress,
} from '@postrider/core/machine';
import type { Sql } from '@postrider/runner/database';
import { changed, type Changed, type CountedKind, type Counts } from './progress-counts.ts';
import { idleText, progressText } from './progress-text.ts';

/** Of more campaigns the others share a line. */
const MOST_LINES = 5;
/** How long a line waits for what the database says; then it goes without. */
const PATIENCE_MS = 2000;
const MOST_REASONS = 5;

export interface ProgressOptions {
  readonly pipeline: Pick<Pipeline, 'counts' | 'waiting' | 'runnerId'>;
  readonly sql: Sql;
  readonly logger: Logger;
  readonly everyMs: number;
}

/** Begins to say it. Returns what says the rest, and ends it; safe to call twice. */
export function sayProgress({
  pipeline,
  sql,
  logger,
  everyMs,
}: ProgressOptions): () => Promise<void> {
  let [before, since] = [pipeline.counts, performance.now()];
  let [isIdleSaid, isOver] = [false, false];
  let atWork: Promise<void> = Promise.resolve();

  const sayChanges = async (changes: readonly Changed[], seconds: number): Promise<void> => {
    const ofCampaigns = changes.filter(({ campaign }) => campaign !== null);
    const beside = changes.filter(({ campaign }) => campaign === null);
    const shown = ofCampaigns.slice(0, MOST_LINES);
    const ids = shown.flatMap(({ campaign }) => campaign?.campaignId ?? []);
    const known = ids.length === 0 ? [] : await inTime(campaignProgress(sql, ids), []);
    for (const change of shown) {
      const there = known.find(({ campaignId }) => campaignId === change.campaign?.campaignId);
      // This runner has signed off by now: what it said last is no obstacle of the campaign.
      const last = isOver && there !== undefined ? { ...there, standingStill: null } : there;
      say(change, last ?? null, seconds);
    }
    const others = ofCampaigns.slice(MOST_LINES);
    if (others.length > 0) say(together(others), null, seconds);
    for (const change of beside) say(change, null, seconds);
  };

  const say = (change: Changed, there: CampaignProgress | null, seconds: number): void =>
    logger.info(
      { event: 'progress', runner: pipeline.runnerId, ...progressFields(change, there, seconds) },
      progressText(change, there, seconds),
    );

  const sayIdle = async (): Promise<void> => {
    const waiting = await inTime(pipeline.waiting(), null);
    if (isOver || waiting === null) return;
    isIdleSaid = true;
    const reading = await inTime(organizationsToSync(sql), null);
    const most = waiting.toSorted((a, b) => b.people - a.people).slice(0, MOST_REASONS);
    const nextSync = reading?.length === 0 ? null : nextSyncAt(new Date());
    logger.info(
      {
        event: 'idle',
        runner: pipeline.runnerId,
        people: waiting.reduce((sum, { people }) => sum + people, 0),
        waiting: most.map(reasonOf),
        next_sync_at: nextSync?.toISOString() ?? null,
      },
      idleText(waiting, most.map(reasonOf), nextSync),
    );
  };

  const look = async (): Promise<void> => {
    const { counts } = pipeline;
    const changes = changed(before, counts);
    const seconds = (performance.now() - since) / 1000;
    [before, since] = [counts, performance.now()];
    if (changes.length > 0) await sayChanges(changes, seconds);
    // A list that was read again, and had nobody new, is no end of the rest.
    if (changes.some(movesSomebody)) isIdleSaid = false;
    else if (changes.length === 0 && counts.atWork === 0 && !isIdleSaid && !isOver) await sayIdle();
  };

  let isLooking = false;
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    atWork = look().finally(() => (isLooking = false));
  }, everyMs);
  return async () => {
    if (isOver) return await atWork;
    isOver = true;
    clearInterval(timer);
    atWork = atWork.then(look);
    await atWork;
  };
}

function movesSomebody({ counts }: Changed): boolean {
  return Object.keys(counts).some((kind) => kind !== 'synced' && kind !== 'webhooks');
}

/** The stable fields of a line: documented in docs/reference/cli.md. */
function progressFields(
  { campaign, campaigns, counts, totals }: Changed,
  there: CampaignProgress | null,
  seconds: number,
): object {
  return {
    organization_id: campaign?.organizationId ?? null,
    campaign_id: campaign?.campaignId ?? null,
    campaign: campaign?.name ?? null,
    ...(campaigns === 1 ? {} : { campaigns }),
    seconds: Math.round(seconds * 10) / 10,
    counts,
    rates: Object.fromEntries(
      Object.entries(counts).map(([kind, many]) => [kind, perMinute(many, seconds)]),
    ),
    totals,
    ...(there === null
      ? {}
      : {
          mode: there.mode,
          mailed: there.mailed,
          received: there.received,
          returned: there.returned,
          in_error: there.inError,
          waiting: there.waiting,
          held: there.held,
          without_address: there.withoutAddress,
          cards_per_hour: there.cardsPerHour,
          done_at: there.doneAt?.toISOString() ?? null,
          standing_still: there.standingStill,
        }),
  };
}

export function perMinute(many: number, seconds: number): number {
  return seconds <= 0 ? 0 : Math.round((many / seconds) * 600) / 10;
}

function together(changes: readonly Changed[]): Changed {
  const sum = (of: (change: Changed) => Counts): Counts => {
    const all: Partial<Record<CountedKind, number>> = {};
    for (const change of changes)
      for (const [kind, many] of Object.entries(of(change)) as [CountedKind, number][])
        all[kind] = (all[kind] ?? 0) + many;
    return all;
  };
  return {
    campaign: null,
    campaigns: changes.length,
    counts: sum(({ counts }) => counts),
    totals: sum(({ totals }) => totals),
  };
}

/** Why somebody waits, without what an adapter said of it in brackets: that may name a person. */
function reasonOf({ campaign, state, people, why, until }: Waiting) {
  return {
    campaign,
    state,
    people,
    why: why.replace(/ \[[^]*$/, ''),
    until: until?.toISOString() ?? null,
  };
}

/** What it is when the database does not answer, or not in time. */
async function inTime<Answer, Otherwise>(
  asked: Promise<Answer>,
  otherwise: Otherwise,
): Promise<Answer | Otherwise> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Otherwise>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), PATIENCE_MS);
  });
  try {
    return await Promise.race([asked.catch(() => otherwise), late]);
  } finally {
    clearTimeout(timer);
  }
}
