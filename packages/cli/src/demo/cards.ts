/** The cards that a printer has made, and which of them are a campaign's. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sql } from '@postrider/runner/database';
import { readCsv } from './csv.ts';
import type { Place } from './funnel.ts';

/** The mailpiece of every card in the manifest of a print shop. */
export async function readCards(prints: string): Promise<string[]> {
  const text = await readFile(join(prints, 'manifest.csv'), 'utf8').catch(() => '');
  const [header, ...rows] = readCsv(text);
  const column = header?.cells.indexOf('mailpiece') ?? -1;
  return rows.map(({ cells }) => cells[column] ?? '');
}

/** How many are of this campaign. Others of the project are made by the same printer. */
export async function countCards(
  sql: Sql,
  { organizationId, campaignId }: Place,
  made: readonly string[],
): Promise<number> {
  const [row] = await sql<{ cards: number }[]>`
    select count(*)::int as cards
    from unnest(${made}::text[]) as c (mailpiece)
    join postrider.mailpieces m on m.id::text = c.mailpiece
    where m.organization_id = ${organizationId}
      and m.campaign_id = ${campaignId}`;
  return row?.cards ?? 0;
}

/** How many of them this database does not know. */
export async function countStrangers(sql: Sql, made: readonly string[]): Promise<number> {
  const [row] = await sql<{ strangers: number }[]>`
    select count(*)::int as strangers from unnest(${made}::text[]) as c (mailpiece)
    where not exists (select from postrider.mailpieces m where m.id::text = c.mailpiece)`;
  return row?.strangers ?? 0;
}
