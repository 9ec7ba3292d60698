/** `claim`: which cards it is about, and the archive. */
import { createHash, randomUUID } from 'node:crypto';
import { open as openFile, rename, rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  claimPack,
  ClaimPackError,
  claimPreview,
  requireClaimable,
  type ClaimFile,
  type ClaimPreview,
  type ClaimResult,
  type ClaimSelection,
} from '@postrider/core';
import type { Sql } from '@postrider/runner/database';
import { UserError, count, exitCodes, printable } from '@postrider/runner/process';
import type { Fields } from '../output/table.ts';
import type { Cli } from '../program/cli.ts';
import { campaignNamed, organizationIdOf } from './names.ts';

/** As it is typed; null: it was not given. */
export interface TypedClaim {
  readonly pieces: readonly string[];
  readonly campaign: string | null;
  readonly which: readonly ClaimResult[];
  readonly since: Date | null;
  readonly until: Date | null;
  readonly printer: string | null;
  readonly organization: string | undefined;
  readonly out: string | null;
  readonly force: boolean;
  readonly dryRun: boolean;
}

export async function makeClaim(cli: Cli, sql: Sql, typed: TypedClaim): Promise<void> {
  const { out } = cli;
  const { organizationId, name, ...selected } = await selectedBy(sql, typed);
  const selection: ClaimSelection = {
    ...selected,
    ...(typed.which.length === 0 ? {} : { which: typed.which }),
    ...(typed.printer === null ? {} : { printer: typed.printer }),
    ...(typed.since === null ? {} : { since: typed.since }),
    ...(typed.until === null ? {} : { until: typed.until }),
  };
  const file = resolve(typed.out ?? `claim-${name.replaceAll(/[^\w.-]+/g, '-')}.zip`);
  try {
    if (typed.dryRun) {
      const preview = await claimPreview(sql, organizationId, selection);
      if (out.json) return out.emit({ dryRun: true, ...preview });
      if (preview.pieces > 0)
        out.records([
          [
            ['', `${name}: a pack of ${count(preview.pieces, 'card', 'cards')}`],
            ...fieldsOf(preview),
          ],
        ]);
      requireClaimable(preview);
      return out.note('nothing was written: without --dry-run the archive is made');
    }
    await refuseExisting(file, typed.force);
    const { files, ...pack } = await claimPack(sql, organizationId, selection);
    const bytes = await zipped(files);
    await write(file, bytes, typed.force);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (out.json) return out.emit({ file, bytes: bytes.length, sha256, ...pack });
    out.records([
      [['', file], ['cards', String(pack.pieces)], ...fieldsOf(pack), ['SHA-256', sha256]],
    ]);
    out.note('it has names and addresses of these people, as the printer has them');
  } catch (error) {
    if (error instanceof ClaimPackError) {
      const hint = error.hint.replace('say which', 'say which with --printer');
      throw new UserError(exitCodes.failed, error.message, hint);
    }
    throw error;
  }
}

interface Selected {
  readonly organizationId: string;
  /** Of the archive. */
  readonly name: string;
  readonly campaignId?: string;
  readonly mailpieceIds?: readonly string[];
}

async function selectedBy(sql: Sql, typed: TypedClaim): Promise<Selected> {
  if (typed.campaign !== null) {
    const { organizationId, campaignId, name } = await campaignNamed(sql, typed.campaign);
    return { organizationId, campaignId, name };
  }
  const organization = await organizationIdOf(sql, typed.organization);
  const found = [];
  for (const given of typed.pieces) found.push(await pieceNamed(sql, given, organization));
  const organizations = new Set(found.map((piece) => piece.organizationId));
  const [first] = found;
  if (first === undefined || organizations.size > 1)
    throw new UserError(
      exitCodes.usage,
      'these cards are of several organizations',
      'make a claim for each; nothing was written',
    );
  return {
    organizationId: first.organizationId,
    name: found.length === 1 ? (first.providerId ?? first.id) : 'cards',
    mailpieceIds: found.map((piece) => piece.id),
  };
}

interface PieceRow {
  readonly id: string;
  readonly organizationId: string;
  readonly organization: string;
  readonly providerId: string | null;
}

/** By its id, or by that of its printer. */
async function pieceNamed(sql: Sql, given: string, organization: string | null): Promise<PieceRow> {
  const rows = await sql<PieceRow[]>`
    select distinct m.id, m.organization_id as "organizationId", o.name as organization,
      m.provider_id as "providerId"
    from postrider.find_recipients(p_who => ${given}, p_organization_id => ${organization}) f
    join postrider.mailpieces m
      on m.organization_id = f.organization_id
      and m.recipient_id = f.recipient_id
    join postrider.organizations o on o.id = m.organization_id
    where m.id::text = lower(${given}) or m.provider_id = ${given}`;
  const [row] = rows;
  if (row !== undefined && rows.length === 1) return row;
  if (rows.length > 1)
    throw new UserError(
      exitCodes.usage,
      `${rows.length} cards are known by ${printable(given)}`,
      `say which: ${rows.map((one) => `${one.id} (${one.organization})`).join(', ')}; ` +
        'nothing was written',
    );
  throw new UserError(
    exitCodes.failed,
    `there is no card ${printable(given)}`,
    '`postrider trace <who>` shows the cards of a person, with their ids; nothing was written',
  );
}

/** The same files give the same bytes: each has the first time that an archive can tell. */
async function zipped(files: readonly ClaimFile[]): Promise<Uint8Array> {
  const { strToU8, zipSync } = await import('fflate');
  return zipSync(
    Object.fromEntries(files.map(({ path, text }) => [path, strToU8(text)])),
    // The first of January 1980 where we are: an archive tells the time of a place.
    { mtime: new Date(1980, 0, 1), level: 6 },
  );
}

async function refuseExisting(file: string, force: boolean): Promise<void> {
  const found = await stat(file).catch(() => null);
  if (found === null || (force && found.isFile())) return;
  throw existing(file, found.isFile());
}

function existing(file: string, isFile: boolean): UserError {
  return new UserError(
    exitCodes.failed,
    `${file} is there already`,
    `${isFile ? 'give another with --out, or --force to replace it' : 'give a file with --out'}; ` +
      'nothing was written',
  );
}

/** Whole or not at all: it is written beside its place, and then put there. */
async function write(file: string, bytes: Uint8Array, force: boolean): Promise<void> {
  const beside = `${file}.${randomUUID().slice(0, 8)}.part`;
  try {
    // Names and addresses are in it: for its owner alone.
    const handle = await openFile(beside, 'wx', 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // A file that came meanwhile is not replaced.
    if (!force) await (await openFile(file, 'wx', 0o600)).close();
    await rename(beside, file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') throw existing(file, true);
    throw new UserError(
      exitCodes.failed,
      `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      'give another place with --out; nothing was written',
    );
  } finally {
    await rm(beside, { force: true });
  }
}

function fieldsOf({ printers, results, from, to, prices }: ClaimPreview): Fields {
  return [
    ...printers.map((one) => ['printer', `${one.printer} (${one.pieces})`] as const),
    ...Object.entries(results).map(
      ([result, many]) => [result.replaceAll('_', ' '), String(many)] as const,
    ),
    ['accepted', `from ${from ?? '-'} to ${to ?? '-'}`],
    ...prices.map(
      ({ currency, cards, amount }) =>
        ['price', `${amount} ${currency} for ${count(cards, 'card', 'cards')}`] as const,
    ),
  ];
}
