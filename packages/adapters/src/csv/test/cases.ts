/** The lists of `test/cases/lists`, as people bring them, and what is read from them. */
import { join } from 'node:path';
import { createNdjsonAudience } from '../../ndjson/index.ts';
import { createCsvAudience } from '../audience.ts';
import { wiringAt } from '../../../test/helpers.ts';
import { readAll, type Read } from '../../../test/read.ts';

export const caseFolder = join(import.meta.dirname, '../../../../../test/cases/lists');

export async function readCase(name: string, options: object = {}): Promise<Read> {
  const create = name.endsWith('.ndjson') ? createNdjsonAudience : createCsvAudience;
  return await readAll(create({ path: name, ...options }, wiringAt(caseFolder)));
}

/** `2 member 1 Ann Ash` and `3 note swallowed_row`, by line. */
export function told({ members, rejects }: Read): readonly string[] {
  return [
    ...members.map(({ row, externalId, firstName, lastName }) => ({
      row,
      text: ['member', externalId, firstName, lastName].filter((part) => part !== null).join(' '),
    })),
    ...rejects.map(({ row, column, reason }) => ({ row, text: `${column} ${reason}` })),
  ]
    .toSorted((a, b) => (a.row ?? 0) - (b.row ?? 0))
    .map(({ row, text }) => `${row} ${text}`);
}
