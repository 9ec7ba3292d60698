/**
 * Sync: a segment becomes recipients, page by page. An organization's campaigns run one after the
 * other.
 */
import { hostname } from 'node:os';
import { messageOf } from '../../common/message-of.ts';
import { campaignBrief } from '../../machine/briefs.ts';
import type { CampaignKey } from '../../machine/campaigns.ts';
import { applyAmendedPage, type AmendedRow } from '../../machine/amend.ts';
import { isMachineError } from '../../machine/errors.ts';
import {
  applySyncPage,
  campaignsToSync,
  closeSync,
  openSync,
  organizationsToSync,
  renewSync,
  segmentOf,
  type SyncKind,
  type SyncReport,
} from '../../machine/sync.ts';
import type { AudiencePage, CallContext } from '../../ports/index.ts';
import { campaignAccount } from '../../runtime/accounts.ts';
import { askAdapter, type AskedAdapter } from '../../runtime/asking-adapters.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { unlessAborted } from '../../runtime/waiting.ts';
import { workDone, workFailed } from '../../runtime/work-failures.ts';
import { pageAnswer } from './audience-answers.ts';

const RENEW_MS = 10_000;

export interface SyncOptions {
  readonly kind: SyncKind;
  /**
   * Stop after so many rows; the run is then not complete, and nobody is said to have left the
   * segment. Null for all.
   */
  readonly limit?: number | null;
  /**
   * It is meant that more than half of those who wait leave the segment at once; otherwise such a
   * run concludes nothing and raises an alarm.
   */
  readonly allowDepartures?: boolean;
  /** How many of those who are amended are told to `onAmended`; 20 unless given. */
  readonly told?: number;
  /** Of a run that amends: called after each page with the first of those who were amended. */
  readonly onAmended?: (people: readonly AmendedRow[]) => void;
  /** Called after each page with the rows fetched so far. */
  readonly onPage?: (fetched: number) => void;
}

/**
 * The pages of a source, as long as the signal allows and each comes in time. A source that hangs
 * is told to stop and left behind, so that the campaign's lock passes; one that ends quietly
 * because it was told to stop has not told the whole segment.
 */
async function* pagesOf(
  context: PipelineContext,
  audience: AskedAdapter,
  signal: AbortSignal,
  tell: (call: CallContext) => AsyncIterable<AudiencePage>,
): AsyncGenerator<AudiencePage> {
  const left = new AbortController();
  const call = context.callContext(AbortSignal.any([signal, left.signal]), audience.account);
  const pages = tell(call)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await unlessAborted(
        askAdapter(context, audience, async () => await pages.next()),
        signal,
      );
      signal.throwIfAborted();
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    left.abort(new Error('nobody reads on'));
    // Not awaited: one that hangs would never say that it has ended.
    Promise.resolve(pages.return?.()).catch(() => undefined);
  }
}

/**
 * Syncs one campaign now. Throws `MachineError` of kind `campaign_busy` (another runner or person
 * syncs it) or `campaign_gate` (its status or mode forbids it). An error of the source ends the run
 * with a report and is thrown again: pages applied so far stand.
 */
export async function syncCampaign(
  context: PipelineContext,
  { organizationId, campaignId }: CampaignKey,
  options: SyncOptions,
): Promise<SyncReport> {
  const { sql, settings, logger } = context;
  const holder = `${settings.runnerName}@${hostname()} (${options.kind})`;
  const { kind } = options;
  const { runId, token } = await openSync(sql, { organizationId, campaignId, kind, holder });
  const run = { organizationId, campaignId, token, runId };
  await context.reach('sync.opened');
  const lost = new AbortController();
  const renewal = setInterval(() => {
    // A source that goes on although it was told to end keeps neither the lock nor the process.
    if (context.stopping.aborted) return clearInterval(renewal);
    renewSync(sql, run).then(
      (held) => {
        if (!held) lost.abort(new Error('the lock on the campaign is lost'));
      },
      () => undefined,
    );
  }, RENEW_MS).unref();
  let fetched = 0;
  let incomplete: string | null = null;
  const amends = options.kind === 'amend' || options.kind === 'amend_preview';
  let rowsToTell = options.told ?? 20;
  try {
    const campaign = await campaignBrief(context.sql, organizationId, campaignId);
    const segment = await segmentOf(sql, organizationId, campaignId);
    const signal = AbortSignal.any([context.stopping, lost.signal]);
    const made = askAdapter(
      context,
      { who: 'the maker of the audience source', port: null, account: null },
      async () => await context.integrations.audience(campaign),
    );
    const source = await unlessAborted(made, signal);
    const limit = options.limit ?? null;
    const tell = (call: CallContext): AsyncIterable<AudiencePage> =>
      source.members(segment ?? '', { pageSize: settings.pageSize, limit }, call);
    const account = campaignAccount(campaign, 'audience');
    const audience: AskedAdapter = { who: 'the audience source', port: 'audience', account };
    for await (const answer of pagesOf(context, audience, signal, tell)) {
      const page = pageAnswer(answer);
      const waitedMs = Math.round(page.waitedMs);
      if (amends) {
        const told = await applyAmendedPage(sql, run, { ...page, waitedMs, told: rowsToTell });
        rowsToTell -= told.length;
        options.onAmended?.(told);
      } else await applySyncPage(sql, run, { ...page, waitedMs });
      const rows = page.members.length + page.rejects.length;
      context.meter.people(campaign, 'synced', rows);
      await context.reach('sync.page-applied');
      fetched += rows;
      incomplete ??= page.incomplete ?? null;
      options.onPage?.(fetched);
    }
    // A limit that was reached may have cut the segment short.
    const report = await closeSync(sql, run, {
      complete: incomplete === null && (limit === null || fetched < limit),
      error: incomplete,
      allowDepartures: options.allowDepartures,
    });
    await context.reach('sync.closed');
    await workDone(context, { organizationId, work: 'sync', campaignId });
    return report;
  } catch (error) {
    const message = messageOf(error);
    logger.error(
      { campaign: campaignId, run: runId, fetched, error: message },
      'the sync ended early; pages applied so far stand',
    );
    await closeSync(sql, run, { complete: false, error: message }).catch(() => undefined);
    throw error;
  } finally {
    clearInterval(renewal);
  }
}

/** The beat: one job per organization with something to sync. */
export async function beatSync(context: PipelineContext): Promise<void> {
  for (const id of await organizationsToSync(context.sql))
    await context.boss.send('sync', { organization_id: id }, { singletonKey: id });
}

/**
 * The job: the organization's campaigns one after the other. One campaign's failure does not stop
 * the next.
 */
export async function workSync(context: PipelineContext, organizationId: string): Promise<void> {
  for (const { campaignId, name } of await campaignsToSync(context.sql, organizationId)) {
    if (context.stopping.aborted) return;
    try {
      const report = await syncCampaign(
        context,
        { organizationId, campaignId },
        { kind: 'automatic' },
      );
      if (report.error === null) context.logger.info({ ...report }, 'synced');
      else context.logger.warn({ ...report }, 'synced, without a conclusion about who has left');
    } catch (error) {
      if (isMachineError(error) && error.kind === 'campaign_busy') {
        context.logger.info(
          { campaign: name },
          'somebody else syncs this campaign; skipped this round',
        );
      } else {
        const work = { organizationId, work: 'sync', campaignId } as const;
        const fields = { campaign: name };
        await workFailed(context, work, { error, line: 'the sync failed', fields });
      }
    }
  }
}
