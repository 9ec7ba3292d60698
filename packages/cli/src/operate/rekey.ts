/** `rekey`: what a re-key would do, in words and as tables, and then the re-key itself. */
import { rekey, rekeyPreview, type RekeyedHousehold, type RekeyPreview } from '@postrider/core';
import type { Sql } from '@postrider/runner/database';
import { count, printable } from '@postrider/runner/process';
import type { Cli } from '../program/cli.ts';
import { confirm } from '../output/confirm.ts';
import type { OrganizationRow } from './names.ts';
import type { Output } from '../output/output.ts';

/** How long it works in silence; where nobody watches, to its end. */
const PATIENCE_MS = 5_000;

export async function rekeyHouseholds(
  cli: Cli,
  sql: Sql,
  organization: OrganizationRow,
  options: { readonly dryRun: boolean; readonly yes: boolean },
): Promise<void> {
  const { out } = cli;
  const told = await previewed(out, sql, organization.id);
  const report = { organization: organization.name, ...told };
  if (told.people === 0 && told.suppressions === 0) {
    out.result(
      { ...report, rekeyed: 0, kept: 0 },
      `every household of ${organization.name} has the key of today’s rules ` +
        `(version ${told.version}): there is nothing to do`,
    );
    if (!out.json) tellLeft(out, told);
    return;
  }
  if (options.dryRun && out.json) return out.result(report, '');
  if (!out.json) show(out, told);
  if (options.dryRun) return;
  await confirm(out, {
    what:
      `This gives ${count(told.people, 'person', 'people')} of ${organization.name} another ` +
      `household key, and ${count(told.suppressions, 'do-not-mail entry', 'do-not-mail entries')}.`,
    yes: options.yes,
  });
  const began = Date.now();
  let [rekeyed, kept, noted] = [0, 0, began];
  for await (const done of rekey(sql, organization.id)) {
    rekeyed += done.people;
    kept += done.kept;
    if (!out.live || Date.now() - noted < PATIENCE_MS) continue;
    noted = Date.now();
    const rate = Math.round((rekeyed / Math.max(1, Date.now() - began)) * 60_000);
    out.note(
      `${rekeyed.toLocaleString('en-US')} of ${count(told.people, 'person', 'people')} have ` +
        `their key (${rate.toLocaleString('en-US')} a minute)`,
    );
  }
  out.result(
    { ...report, rekeyed, kept },
    `${count(rekeyed, 'person has', 'people have')} the key of today’s rules; ` +
      `${count(kept, 'do-not-mail entry was', 'do-not-mail entries were')} added, ` +
      'so that each reaches whom it reached',
  );
  if (told.joined.length > 0)
    out.note('who would be a double now keeps the place: select * from postrider.near_duplicates');
}

/** It makes a key of every address: of a million that takes minutes. */
async function previewed(out: Output, sql: Sql, organizationId: string): Promise<RekeyPreview> {
  const since = Date.now();
  const ticking = setInterval(() => {
    if (out.live) out.note(`still making keys, for ${Math.round((Date.now() - since) / 1000)} s`);
  }, PATIENCE_MS);
  try {
    return await rekeyPreview(sql, organizationId);
  } finally {
    clearInterval(ticking);
  }
}

function show(out: Output, told: RekeyPreview): void {
  out.list(told.campaigns, [
    { title: 'campaign', value: (row) => row.campaign, style: () => 'bold' },
    { title: 'people', value: (row) => row.people, right: true },
    { title: 'joined', value: (row) => row.joined, right: true },
    { title: 'parted', value: (row) => row.parted, right: true },
  ]);
  const total = (kind: 'joined' | 'parted'): number =>
    told.campaigns.reduce((sum, row) => sum + row[kind], 0);
  showHouseholds(out, 'becomes one household', told.joined, total('joined'));
  showHouseholds(out, 'is one household no more', told.parted, total('parted'));
  if (told.suppressions > 0)
    out.print(
      `${count(told.suppressions, 'do-not-mail entry gets', 'do-not-mail entries get')} another key`,
    );
  tellLeft(out, told);
}

function showHouseholds(
  out: Output,
  what: string,
  households: readonly RekeyedHousehold[],
  all: number,
): void {
  for (const { campaign, people } of households) {
    out.print(`${what}, in ${campaign}:`);
    // Ids of one page come in no order.
    for (const one of people.toSorted((a, b) => a.externalId.localeCompare(b.externalId)))
      out.print(
        printable(
          `  ${one.externalId}  ${one.name}, ` +
            `${[one.line1, one.line2].filter(Boolean).join(', ')} (${one.state})`,
        ),
      );
  }
  if (all > households.length) out.print(`… and ${all - households.length} more`);
}

function tellLeft(out: Output, told: RekeyPreview): void {
  if (told.left === 0) return;
  out.note(
    count(told.left, 'do-not-mail entry stays as it is', 'do-not-mail entries stay as they are') +
      ': the address is not kept, as after an erasure. They go on reaching who is here, ' +
      'and nobody of that household who comes later',
  );
}
