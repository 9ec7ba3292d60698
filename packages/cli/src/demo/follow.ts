/** Follows a mailing until it stands still, and says why where it does so too early. */
import type { Pipeline } from '@postrider/core';
import { peopleAtOtherRunners } from '@postrider/core/machine';
import type { Sql } from '@postrider/runner/database';
import { UserError, count, duration, exitCodes, printable } from '@postrider/runner/process';
import type { Cli } from '../program/cli.ts';
import { readFunnel, type Funnel, type Place } from './funnel.ts';
import type { OpenPrinter } from './printers.ts';
import type { Progress } from './progress.ts';

export interface Followed {
  readonly sql: Sql;
  readonly place: Place;
  /** As the campaign is called. */
  readonly campaign: string;
  readonly printer: OpenPrinter;
  readonly progress: Progress;
}

const GIVE_UP_MS = 180_000;
const LOOK_MS = 120;

/**
 * Until everybody is where they end, or, where the mail travels slowly, until their cards are at
 * the printer. The pipeline runs by itself; this looks, and nudges what would
 * wait for a beat.
 */
export async function untilReceived(
  cli: Cli,
  pipeline: Pipeline,
  { sql, place, campaign, progress, printer }: Followed,
): Promise<Funnel> {
  const { signal } = cli.signals;
  let nudging: Promise<void> = Promise.resolve();
  let isNudging = false;
  let remark: string | null = null;
  let last = '';
  let movedAt = Date.now();
  let helpedAt = Date.now();
  for (;;) {
    const funnel = await readFunnel(sql, place);
    progress.funnel(funnel.counts, remark);
    const onTheirWay = printer.slowBecause === null ? 0 : (funnel.counts['sent'] ?? 0);
    if (funnel.inFlight === onTheirWay) {
      await nudging.catch(() => undefined);
      return funnel;
    }
    signal.throwIfAborted();
    printer.assertOpen();
    if (!isNudging) {
      isNudging = true;
      // A batch that a killed demonstration left behind gives its people back: they are looked up
      // again, which is a beat's work elsewhere.
      const waits = (funnel.counts['address_enrichable'] ?? 0) > 0 && Date.now() - movedAt > 3000;
      nudging = (async () => {
        if (waits) await pipeline.enrich(place.organizationId, place.campaignId);
        await pipeline.untilIdle(signal);
      })().finally(() => {
        isNudging = false;
      });
      nudging.catch((error: unknown) => cli.out.detail(String(error)));
    }
    const now = JSON.stringify(funnel.counts);
    if (now !== last) [last, movedAt, remark] = [now, Date.now(), null];
    const still = Date.now() - movedAt;
    if (still > 3000 && Date.now() - helpedAt > 3000) {
      helpedAt = Date.now();
      remark = await holdReason(sql, pipeline, funnel, campaign);
    }
    if (still > GIVE_UP_MS) {
      throw new UserError(
        exitCodes.failed,
        `nothing has moved for ${duration(still)}, ` +
          `${count(funnel.inFlight, 'person is', 'people are')} under way: ` +
          (await holdReason(sql, pipeline, funnel, campaign)),
        'postrider stuck says why, and what helps; after that the same command goes on',
      );
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Why it stands still, in one line. */
async function holdReason(
  sql: Sql,
  pipeline: Pipeline,
  funnel: Funnel,
  campaign: string,
): Promise<string> {
  if (funnel.status === 'paused')
    return `the campaign is on hold; postrider release campaign ${campaign}`;
  // People of a runner that is gone come back when its lease has passed.
  const left = await peopleAtOtherRunners(sql, pipeline.runnerId);
  if (left > 0)
    return (
      `${count(left, 'person', 'people')} were at work when an earlier run was cut off; ` +
      'they come back within half a minute'
    );
  const [waits] = await pipeline.waiting();
  return waits === undefined ? 'waiting' : `waiting: ${printable(waits.why)}`;
}
