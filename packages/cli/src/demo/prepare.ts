/** Before and after the mailing: its campaign is made, launched, and held again. */
import { dirname, join } from 'node:path';
import { armPrinter, ensureOrganization, hold, launch, migrate, release } from '@postrider/core';
import type { Sql } from '@postrider/runner/database';
import { count, exitCodes, printable, UserError } from '@postrider/runner/process';
import type { CampaignFile } from '../campaign-file/read.ts';
import { exampleCampaign } from './checkout.ts';
import { applyTo } from '../operate/apply.ts';
import { hasChanged, whatWasDone } from '../operate/migrate.ts';
import { suppressAll } from '../operate/suppress-all.ts';
import { readSuppressions } from '../operate/suppressions.ts';
import { requireKnownCards } from './fresh-start.ts';
import { readFunnel, type Place } from './funnel.ts';
import type { DemoPrinter, OpenPrinter } from './printers.ts';
import type { Progress } from './progress.ts';

/**
 * Between two demonstrations the campaign is on hold for this reason: a runner that is started for
 * something else would mail the rest of its list.
 */
const REST = 'the demonstration has ended; the next one goes on';

export interface Preparation {
  readonly sql: Sql;
  readonly file: CampaignFile;
  readonly printer: DemoPrinter;
  /** It may still be starting. */
  readonly opening: Promise<OpenPrinter>;
  /** As `DemoOptions` has them. */
  readonly rows: number | null | undefined;
}

/**
 * Everything but the launch and the mailing. Each step may have been done before, and is then left
 * as it is.
 */
export async function prepare(
  progress: Progress,
  { sql, file, printer, opening, rows }: Preparation,
): Promise<Place> {
  const began = performance.now();
  progress.doing('schema', 'looking');
  const plan = await migrate(sql);
  const changed = hasChanged(plan);
  progress.done(
    'schema',
    changed ? whatWasDone(plan) : 'up to date',
    changed ? performance.now() - began : null,
  );

  const open = await opening;
  await requireKnownCards(sql, printer, open);
  await open.prepare(await ensureOrganization(sql, file.organization, file.timeZone));
  const { organizationId, campaignId } = await applyTo(sql, file);
  const suppressions = await readSuppressions(join(dirname(exampleCampaign), 'suppressions.csv'));
  await suppressAll(sql, organizationId, suppressions.entries, 'suppressions.csv');
  const { printer_name: name } = file.definition;
  if (name !== null) await armPrinter(sql, organizationId, name);
  const underWay = await requireReady(sql, { organizationId, campaignId }, { file, rows });
  progress.done(
    'campaign',
    `${file.definition.name} of ${file.organization}: ` +
      `live, printer armed, ${count(suppressions.entries.length, 'suppression')}`,
  );
  if (underWay > 0)
    progress.done(
      'under way',
      `${count(underWay, 'person', 'people')} of an earlier start, who are mailed too`,
    );
  return { organizationId, campaignId };
}

/**
 * Throws `UserError` where somebody else holds the campaign, who wants it to stay so, or where more
 * people wait than were asked for. Returns how many are under way.
 */
async function requireReady(
  sql: Sql,
  place: Place,
  { file, rows }: Pick<Preparation, 'file' | 'rows'>,
): Promise<number> {
  const { recipients, inFlight } = await readFunnel(sql, place);
  const { organizationId, campaignId } = place;
  const [held] = await sql<{ kind: string; name: string; why: string | null }[]>`
    select kind, name, why
    from postrider.holds
    where organization_id = ${organizationId}
      and why is distinct from ${REST}
      and (
        kind = 'organization'
        or campaign_id = ${campaignId}
        or printer = ${file.definition.printer_name}
        or kind = 'connection'
      )
    order by kind`;
  if (held !== undefined) {
    throw new UserError(
      exitCodes.failed,
      `${held.kind} ${held.name} is held${held.why === null ? '' : `: ${printable(held.why)}`}`,
      `postrider release ${held.kind} ${JSON.stringify(held.name)} lets it go on; ` +
        'nothing was read, and nothing was mailed',
    );
  }
  if (typeof rows === 'number' && recipients > rows && inFlight > 0) {
    throw new UserError(
      exitCodes.failed,
      `more than ${count(rows, 'row')} of the list are read already, ` +
        `and ${count(inFlight, 'person waits', 'people wait')} for a card`,
      '`postrider demo` without --rows mails them; nothing was mailed',
    );
  }
  return inFlight;
}

/** Makes the campaign active. `holdMailing` undoes it, in every way out. */
export async function launchMailing(sql: Sql, place: Place): Promise<void> {
  const { organizationId, campaignId } = place;
  const { status } = await readFunnel(sql, place);
  if (status === 'paused') await release(sql, { organizationId, kind: 'campaign', id: campaignId });
  // Held before its launch it is pending again.
  await launch(sql, place, { mode: 'live' });
}

/** Nothing more is mailed until somebody asks. A hold by somebody else stays theirs. */
export async function holdMailing(sql: Sql, place: Place): Promise<void> {
  const { status } = await readFunnel(sql, place);
  if (status === 'active')
    await hold(
      sql,
      { organizationId: place.organizationId, kind: 'campaign', id: place.campaignId },
      REST,
    );
}
