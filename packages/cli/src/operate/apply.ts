/** `campaign apply`: a file becomes a campaign, or changes one. */
import { knownProviders } from '@postrider/adapters';
import {
  applyCampaign,
  ensureOrganization,
  requireMigrated,
  type AppliedCampaign,
} from '@postrider/core';
import { longestAddressLine, type Renderer } from '@postrider/core/ports';
import { isGroup } from '@postrider/runner/integrations';
import { ConfigurationError, type Problem, inOrder } from '@postrider/runner/yaml-file';
import { databaseExists, openDatabase, type Sql } from '@postrider/runner/database';
import { type CampaignFile, readCampaignDraft } from '../campaign-file/read.ts';
import { campaignWarnings } from '../campaign-file/warnings.ts';
import type { Cli } from '../program/cli.ts';
import { withAccounts } from '../accounts/campaign-accounts.ts';
import { explain } from '../errors/explain.ts';
import { judgeSample } from './judged-sample.ts';
import { mostlyUnusable, showList, showLookUps, type ListFindings } from './list-sample.ts';
import { listProblem, MEANT_SO, tryOut, type ListCheck, type Trial } from './trial.ts';
import { asArgument } from '../output/as-command.ts';

export async function applyFile(
  cli: Cli,
  path: string,
  options: { dryRun: boolean; list: ListCheck },
): Promise<void> {
  const named = await withAccounts(cli, await readCampaignDraft(path));
  const { draft } = named;
  const found = await tryOut(await cli.project(), named, options.list);
  const { file } = draft;
  const warnings = [...campaignWarnings(draft), ...named.warnings, ...found.warnings];
  for (const warning of warnings) cli.out.warn(warning);
  const problems = inOrder([...draft.problems, ...named.problems, ...found.problems]);
  const { read, lookUps } = found;
  if (file === null || problems.length > 0) throw refused(path, problems, read?.list ?? null);
  const { name } = file.definition;
  if (options.dryRun && !(await databaseExists(cli))) {
    const list = read?.list ?? null;
    show(cli, list, lookUps);
    cli.out.result(
      {
        dryRun: true,
        campaign: name,
        organization: file.organization,
        warnings,
        list,
        lookUps,
        definition: file.definition,
      },
      `${path} can be applied: campaign ${name} of ${file.organization}, ` +
        'as far as the file tells; there is no database yet',
    );
    return;
  }
  await using database = await openDatabase(cli, { max: 2 });
  await requireMigrated(database.sql);
  const list = read && (await judgeSample(database.sql, read, file, longestLineOf(file)));
  const fault = list && mostlyUnusable(list);
  if (fault !== null && options.list === 'now')
    throw refused(path, [listProblem(draft, `${fault}; ${MEANT_SO}`)], list);
  show(cli, list, lookUps);
  if (options.dryRun) {
    const { created, changed } = await rehearse(database.sql, file);
    const would = created
      ? 'would be made'
      : changed.length === 0
        ? 'would stay as it is'
        : `would change ${changed.join(', ')}`;
    cli.out.result(
      {
        dryRun: true,
        campaign: name,
        organization: file.organization,
        created,
        changed,
        warnings,
        list,
        lookUps,
        definition: file.definition,
      },
      `${path} can be applied: campaign ${name} of ${file.organization} ${would}`,
    );
    return;
  }
  const applied = await applyTo(database.sql, file);
  const what = applied.created
    ? 'made'
    : applied.changed.length === 0
      ? 'as it was'
      : `changed: ${applied.changed.join(', ')}`;
  cli.out.result(
    { ...applied, campaign: name, organization: file.organization, warnings, list, lookUps },
    `campaign ${name} of ${file.organization} is ${what}`,
  );
  const [now] = await database.sql<{ status: string }[]>`
    select status
    from postrider.campaigns
    where organization_id = ${applied.organizationId}
      and id = ${applied.campaignId}`;
  if (now?.status === 'pending')
    cli.out.note(
      cli.out.tint(
        'dim',
        'proofs are made from now on; nothing is mailed before: ' +
          `postrider campaign launch ${asArgument(name)}`,
      ),
    );
}

function show({ out }: Cli, list: ListFindings | null, lookUps: Trial['lookUps']): void {
  if (out.json) return;
  if (list !== null) showList(out, list);
  if (lookUps !== null) showLookUps(out, lookUps);
}

function refused(
  path: string,
  problems: readonly Problem[],
  list: ListFindings | null,
): ConfigurationError {
  return Object.assign(new ConfigurationError(path, problems), { detail: { list } });
}

/** As the providers of its renderer and its printer have it. */
function longestLineOf({ definition: { format, integrations } }: CampaignFile): number | null {
  const ability = (port: string): Pick<Renderer, 'longestAddressLine'> => {
    const options = integrations[port];
    const entry = isGroup(options) ? options : {};
    const provider = knownProviders().find(({ kind }) => kind === entry['kind']);
    return { longestAddressLine: (of) => provider?.longestAddressLine?.(of, entry) ?? null };
  };
  return longestAddressLine(format, { renderer: ability('renderer'), printer: ability('printer') });
}

/** As the provider of its printer has it. */
function longestNameOf({ definition: { format, integrations } }: CampaignFile): number | null {
  const { printer } = integrations;
  const kind = isGroup(printer) ? printer['kind'] : null;
  const provider = knownProviders().find((one) => one.kind === kind);
  return provider?.longestName?.(format) ?? null;
}

/** Applies it and rolls back: what the database refuses is known, and nothing is changed. */
async function rehearse(sql: Sql, file: CampaignFile): Promise<AppliedCampaign> {
  const back = new Error('rolled back');
  let applied: AppliedCampaign | null = null;
  try {
    await sql.begin(async (tx) => {
      applied = await applyTo(tx as unknown as Sql, file);
      throw back;
    });
  } catch (error) {
    if (error !== back) throw error;
  }
  if (applied === null) throw back;
  return applied;
}

/**
 * Throws `ConfigurationError` for what the machine refuses of a field, `MachineError` for what is
 * frozen.
 */
export async function applyTo(sql: Sql, file: CampaignFile): Promise<AppliedCampaign> {
  try {
    const organizationId = await ensureOrganization(sql, file.organization, file.timeZone);
    return await applyCampaign(sql, organizationId, {
      ...file.definition,
      longest_address_line: longestLineOf(file),
      longest_name: longestNameOf(file),
    });
  } catch (error) {
    const { code, message } = explain(error);
    if (code === 'PR020' && file.timeZone !== null)
      throw file.error([{ field: 'time_zone', message }]);
    throw error;
  }
}
