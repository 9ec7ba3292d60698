/** `preview`: front and back of one card as pictures. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PreviewRenderer } from '@postrider/adapters';
import type { CampaignBrief, CardRequest, Integrations, Member } from '@postrider/core';
import { campaignBrief } from '@postrider/core/machine';
import { quietContext } from '@postrider/core/ports';
import { openDatabase, type Sql } from '@postrider/runner/database';
import { createIntegrations } from '@postrider/runner/integrations';
import { UserError, exitCodes } from '@postrider/runner/process';
import { makeFolder } from '../output/make-folder.ts';
import type { Cli } from '../program/cli.ts';
import { campaignNamed, recipientsNamed } from './names.ts';
import { cardOf } from './trial-card.ts';

export interface PreviewCardOptions {
  readonly out: string;
  readonly row: number | null;
  readonly who: string | null;
  readonly guides: boolean;
  readonly width: number;
}

export async function previewCard(
  cli: Cli,
  name: string,
  options: PreviewCardOptions,
): Promise<void> {
  if (options.row !== null && options.who !== null)
    throw new UserError(exitCodes.usage, '--row and --who exclude each other');
  await using database = await openDatabase(cli);
  const { sql } = database;
  const { organizationId, campaignId, segment } = await campaignNamed(sql, name);
  const brief = await campaignBrief(sql, organizationId, campaignId);
  const project = await cli.project();
  const integrations = createIntegrations(project, { sql });
  const renderer = await integrations.renderer(brief);
  if (!canPreview(renderer))
    throw new UserError(
      exitCodes.failed,
      `the renderer of ${name} makes no previews`,
      'typst does; nothing was written',
    );
  const card =
    options.who === null
      ? await ofList(integrations, brief, segment, options.row).catch(unreadable)
      : await ofPerson(sql, brief, options.who);
  const pictures = await renderer
    .preview(
      { template: brief.template, format: brief.format, card },
      { width: options.width, guides: options.guides },
    )
    .catch((error: unknown) => {
      throw new UserError(
        exitCodes.badData,
        error instanceof Error ? error.message : String(error),
        'nothing was written',
        error,
      );
    });
  await makeFolder(options.out).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
    throw new UserError(
      exitCodes.cannotWrite,
      `the folder ${options.out} cannot be made (${code})`,
      'name another by --out; nothing was written',
      error,
    );
  });
  const files = {
    front: join(options.out, `${brief.name}-front.png`),
    back: join(options.out, `${brief.name}-back.png`),
  };
  await writeFile(files.front, pictures.front);
  await writeFile(files.back, pictures.back);
  const { faults } = pictures;
  cli.out.result({ ...files, reference: card.reference, faults }, `${files.front}\n${files.back}`);
  for (const { message } of faults) cli.out.warn(`this card would not be printed: ${message}`);
  if (faults.length > 0) process.exitCode = exitCodes.badData;
}

export function canPreview(renderer: object): renderer is PreviewRenderer {
  return 'preview' in renderer && typeof renderer.preview === 'function';
}

/** What is said of a list that a sync cannot read is not true here: nothing was to be synced. */
function unreadable(error: unknown): never {
  if (!(error instanceof Error) || error.name !== 'AudienceSourceError') throw error;
  throw new UserError(exitCodes.badData, error.message, 'nothing was written', error);
}

/** A row of the list, or the first that can be used. */
async function ofList(
  integrations: Integrations,
  brief: CampaignBrief,
  segment: string | null,
  row: number | null,
): Promise<CardRequest> {
  const audience = await integrations.audience(brief);
  let first: Member | null = null;
  for await (const page of audience.members(
    segment ?? '',
    { pageSize: 500, limit: null },
    quietContext(),
  )) {
    const reject = page.rejects.find((one) => row !== null && one.row === row);
    if (reject !== undefined)
      throw new UserError(
        exitCodes.badData,
        `row ${row} cannot be used: ${reject.message}`,
        'nothing was written',
      );
    const member = page.members.find((one) =>
      row === null ? one.address !== null : one.row === row,
    );
    first ??= page.members[0] ?? null;
    if (member !== undefined) return cardOf(member, brief.returnAddress);
  }
  if (row === null && first !== null) return cardOf(first, brief.returnAddress);
  throw new UserError(
    exitCodes.badData,
    row === null ? 'the list is empty' : `the list has no row ${row}`,
    'nothing was written',
  );
}

async function ofPerson(sql: Sql, brief: CampaignBrief, who: string): Promise<CardRequest> {
  const ids = (await recipientsNamed(sql, who, brief)).map((one) => one.recipientId);
  const [row] = await sql<Person[]>`
    select
      id, first_name, last_name, line1, line2, city, region, postal_code, country,
      merge, reference
    from postrider.recipients
    where organization_id = ${brief.organizationId}
      and campaign_id = ${brief.campaignId}
      and id = any (${ids}::uuid[])
    limit 1`;
  if (row === undefined)
    throw new UserError(
      exitCodes.failed,
      `${who} is not in campaign ${brief.name}`,
      'nothing was written',
    );
  const { line1, line2, city, region, postal_code: postalCode, country } = row;
  const address =
    line1 === null || city === null || postalCode === null || country === null
      ? null
      : { line1, line2, city, region, postalCode, country };
  const member = {
    row: null,
    externalId: row.id,
    email: null,
    firstName: row.first_name,
    lastName: row.last_name,
    address,
    merge: row.merge,
  };
  return { ...cardOf(member, brief.returnAddress), recipientId: row.id, reference: row.reference };
}

interface Person {
  readonly id: string;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly line1: string | null;
  readonly line2: string | null;
  readonly city: string | null;
  readonly region: string | null;
  readonly postal_code: string | null;
  readonly country: string | null;
  readonly merge: Readonly<Record<string, string>>;
  readonly reference: string;
}
