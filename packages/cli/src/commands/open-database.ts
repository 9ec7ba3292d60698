/** What a command asks: the database, and the campaign that it names. Loaded when it is asked. */
import type { OpenDatabase, Sql } from '@postrider/runner/database';
import type { Cli } from '../program/cli.ts';
import { text, type Options } from '../program/command.ts';
import type { CampaignRow } from '../operate/names.ts';

export async function open(cli: Cli): Promise<OpenDatabase> {
  const { openDatabase } = await import('@postrider/runner/database');
  return await openDatabase(cli);
}

/** The campaign of `--campaign`; null where none is named, for all of them. */
export async function campaignOf(sql: Sql, options: Options): Promise<CampaignRow | null> {
  const name = text(options['campaign']);
  if (name === undefined) return null;
  const { campaignNamed } = await import('../operate/names.ts');
  return await campaignNamed(sql, name);
}
