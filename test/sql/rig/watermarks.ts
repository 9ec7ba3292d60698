/** What runners remember of a database, and what a restore leaves held in it. */
import assert from 'node:assert/strict';
import type postgres from 'postgres';
import type {
  Mark,
  Marks,
  Watermark,
  Witness,
} from '../../../packages/core/src/machine/restore.ts';
import { place } from '../rig.ts';
import { sending } from './stages.ts';

export function remembered(
  { installation, restores, system, timeline }: Watermark,
  over: Partial<Mark> = {},
): Marks {
  return {
    [installation]: { restores, system, timeline, witnesses: [], ...over },
  };
}

/** Why printers are held, each reason once. */
export async function held(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql<{ why: string }[]>`
    select held_why as why from postrider.printer where held_at is not null`;
  return [...new Set(rows.map(({ why }) => why))];
}

/** The printers were asked, and released. */
export async function dealtWith(sql: postgres.Sql): Promise<void> {
  await sql`select postrider.conclude_restore()`;
  await releasePrinters(sql);
}

export async function releasePrinters(sql: postgres.Sql): Promise<void> {
  await sql`update postrider.printer set held_at = null, held_why = null`;
}

/** A begin that the database has, as a runner remembers it. */
export async function begun(sql: postgres.Sql): Promise<Witness> {
  const at = await place(sql);
  const { pieces } = await sending(sql, at, 1);
  const [piece] = pieces;
  assert.ok(piece !== undefined);
  const { recipientId, mailpieceId, moveNo } = piece;
  return { organizationId: at.organizationId, recipientId, mailpieceId, moveNo };
}
