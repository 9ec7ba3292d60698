/** The lines of progress, for people. */
import type { Waiting } from '@postrider/core';
import type { CampaignProgress } from '@postrider/core/machine';
import { count, printable } from '@postrider/runner/process';
import type { Changed, CountedKind } from './progress-counts.ts';

const words: Readonly<Record<CountedKind, (many: number) => string>> = {
  synced: (many) => `${count(many, 'row')} read`,
  enriched: (many) => `${count(many, 'address', 'addresses')} looked up`,
  proofed: (many) => `${number(many)} proofed`,
  mailed: (many) => `${number(many)} mailed`,
  retried: (many) => `${number(many)} to be tried again`,
  failed: (many) => `${number(many)} failed`,
  unknown: (many) => `${number(many)} of unknown outcome`,
  webhooks: (many) => `${count(many, 'webhook')} applied`,
  found: (many) => `${count(many, 'card')} of unknown outcome found at the printer`,
};
const isPaced: ReadonlySet<string> = new Set<CountedKind>([
  'synced',
  'enriched',
  'proofed',
  'mailed',
]);

/**
 * `spring: 84 mailed (504 a minute); 1,204 mailed in all, 3,010 wait, done about 14:32`. The first
 * part is this runner's, what follows the semicolon the campaign's.
 */
export function progressText(
  { campaign, campaigns, counts }: Changed,
  there: CampaignProgress | null,
  seconds: number,
): string {
  const who =
    campaign !== null
      ? printable(campaign.name)
      : campaigns === 0
        ? 'all campaigns'
        : count(campaigns, 'other campaign');
  const moved = (Object.entries(counts) as [CountedKind, number][]).map(([kind, many]) => {
    const rate = Math.round((many / Math.max(seconds, 0.001)) * 60);
    return words[kind](many) + (isPaced.has(kind) ? ` (${number(rate)} a minute)` : '');
  });
  const test = there?.mode === 'test' ? ' (test, nothing is printed)' : '';
  return `${who}${test}: ${moved.join(', ')}${there === null ? '' : `; ${farText(there)}`}`;
}

function farText(there: CampaignProgress): string {
  const parts = [
    `${number(there.mailed)} mailed in all`,
    there.received > 0 ? `${number(there.received)} received` : '',
    there.returned > 0 ? `${number(there.returned)} returned` : '',
    there.inError > 0 ? `${number(there.inError)} in error` : '',
    there.withoutAddress > 0 ? `${number(there.withoutAddress)} without an address` : '',
    there.held > 0 ? `${number(there.held)} held one by one` : '',
    there.waiting > 0 ? count(there.waiting, 'waits', 'wait') : '',
    endText(there),
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function endText({ waiting, doneAt, standingStill }: CampaignProgress): string {
  if (doneAt !== null) return `done about ${dayAndTime(doneAt)}`;
  return waiting > 0 && standingStill !== null ? printable(standingStill) : '';
}

export interface Reason {
  readonly campaign: string;
  readonly people: number;
  readonly why: string;
  readonly until: string | null;
}

/** `idle: 12 wait for the launch (spring); lists are read again at 14:15`. Null: none is. */
export function idleText(
  waiting: readonly Waiting[],
  most: readonly Reason[],
  nextSync: Date | null,
): string {
  const reasons = most.map(({ campaign, people, why, until }) =>
    printable(
      `${count(people, 'waits', 'wait')} for ${why} (${campaign}` +
        `${until === null ? '' : `, until ${dayAndTime(new Date(until))}`})`,
    ),
  );
  const others = waiting.length - most.length;
  const all = [...reasons, ...(others > 0 ? [`and ${others} more`] : [])];
  return (
    `idle: ${all.length === 0 ? 'nobody waits' : all.join('; ')}; ` +
    (nextSync === null
      ? 'no list is read any more'
      : `lists are read again at ${dayAndTime(nextSync)}`)
  );
}

/** The reader's own time; the day where it is another. */
function dayAndTime(at: Date, now = new Date()): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (at.toDateString() === now.toDateString()) return time;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

function number(many: number): string {
  return many.toLocaleString('en-US');
}
