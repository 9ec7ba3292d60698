/** `sync --amend`: how the amended rows of a list are shown. */
import type { AmendedRow, SyncReport } from '@postrider/core';
import { count, printable } from '@postrider/runner/process';
import type { Output } from '../output/output.ts';
import { changesOf, whatFollows } from './amend.ts';

/** People who are shown with what changes of them. */
export const SHOWN_AMENDED = 20;

export function showAmended(
  out: Output,
  report: SyncReport,
  people: readonly AmendedRow[],
  dryRun: boolean,
): void {
  if (people.length > 0) out.print();
  for (const one of people) {
    const row = one.row === null ? '' : `row ${one.row}: `;
    const move = one.was === one.state ? one.state : `${one.was} → ${one.state}`;
    out.print(`${row}${printable(one.externalId)}, ${move}; ${whatFollows(one)}`);
    for (const line of changesOf(one)) out.print(`  ${line}`);
  }
  if (report.changed > people.length)
    out.note(`${count(report.changed - people.length, 'more person', 'more people')}`);
  if (dryRun) out.note('nobody was changed');
}
