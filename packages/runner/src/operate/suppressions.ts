/** Lists of people who must not be mailed. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Sql } from '../cli/database.ts';
import { readCsv } from '../cli/csv.ts';
import { CliError } from '../cli/errors.ts';
import { exitCodes } from '../cli/exit-codes.ts';

export interface Suppression {
  readonly email: string | null;
  readonly externalId: string | null;
  readonly line1: string | null;
  readonly line2: string | null;
  readonly postalCode: string | null;
  readonly country: string;
  readonly reason: string | null;
}

export interface SuppressionList {
  readonly entries: readonly Suppression[];
  /** Rows that suppress nobody, by their line in the file. */
  readonly rejects: readonly { readonly row: number; readonly message: string }[];
}

const columns = ['email', 'external_id', 'line1', 'line2', 'postal_code', 'country', 'reason'] as const;

/** Throws `CliError` (bad data) where the file as a whole cannot be used. */
export async function readSuppressions(file: string): Promise<SuppressionList> {
  const unusable = (why: string, hint: string): never => {
    throw new CliError(exitCodes.badData, `${file}: ${why}`, `${hint}; nothing was changed`);
  };
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) =>
    unusable(error.code === 'ENOENT' ? 'there is no such file' : `cannot be read (${error.code ?? ''})`, 'give the path of a CSV file'),
  );
  const body = bytes.toString('utf8');
  if (body.includes('\uFFFD') || body.includes('\0')) unusable('is not a text in UTF-8', 'save it as CSV in UTF-8');
  const [header, ...records] = readCsv(body);
  const names = header?.cells.map((name) => name.trim().toLowerCase()) ?? [];
  const at = new Map(columns.map((name) => [name, names.indexOf(name)]));
  const has = (name: (typeof columns)[number]): boolean => (at.get(name) ?? -1) >= 0;
  if (!has('email') && !has('external_id') && !(has('line1') && has('postal_code')))
    unusable(
      `line 1 names neither email nor external_id nor line1 and postal_code (it has ${names.join(', ') || 'nothing'})`,
      `the columns are ${columns.join(', ')}`,
    );
  const entries: Suppression[] = [];
  const rejects: { row: number; message: string }[] = [];
  for (const { line, cells } of records) {
    const cell = (name: (typeof columns)[number]): string | null => cells[at.get(name) ?? -1]?.normalize('NFC').trim() || null;
    const entry: Suppression = {
      email: cell('email'),
      externalId: cell('external_id'),
      line1: cell('line1'),
      line2: cell('line2'),
      postalCode: cell('postal_code'),
      country: cell('country')?.toUpperCase() ?? 'US',
      reason: cell('reason'),
    };
    if ((entry.line1 === null) !== (entry.postalCode === null))
      rejects.push({ row: line, message: 'an address needs line1 and postal_code' });
    else if (entry.email === null && entry.externalId === null && entry.line1 === null)
      rejects.push({ row: line, message: 'names nobody: no email, no external_id, no address' });
    else entries.push(entry);
  }
  return { entries, rejects };
}

/** Returns how many people it stopped. In one transaction: either the whole list stands or nothing of it. */
export async function suppressAll(sql: Sql, organizationId: string, entries: readonly Suppression[], source: string): Promise<number> {
  const [row] = await sql<{ stopped: number }[]>`
    select coalesce(sum(postrider.suppress(${organizationId}, p_email => e.email, p_external_id => e."externalId", p_line1 => e.line1, p_line2 => e.line2,
      p_postal_code => e."postalCode", p_country => e.country, p_reason => e.reason, p_source => ${basename(source)})), 0)::int as stopped
    from json_to_recordset(${JSON.stringify(entries)}::text::json) as e (email text, "externalId" text, line1 text, line2 text, "postalCode" text, country text, reason text)`;
  return row?.stopped ?? 0;
}
