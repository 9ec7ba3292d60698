/** Small CSV files, and what is read from them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contractContext } from '@postrider/core/contract';
import { createCsvAudience } from '../audience.ts';
import { temporaryFolder, wiringAt } from '../../../test/helpers.ts';
import { readAll } from '../../../test/read.ts';
import type { Read } from '../../../test/read.ts';

export const header =
  'id,email,first_name,last_name,address1,address2,city,state,zip,country,favorite';
export const good = 'c1,ann@example.com,Ann,Lee,12 Main Street,Apt 4,Springfield,IL,62701,US,Rye';

let files = 0;
export async function csv(
  content: string | Uint8Array,
  options: object = {},
  segmentId?: string,
): Promise<Read> {
  const folder = await temporaryFolder();
  const path = `${files++}.csv`;
  await writeFile(join(folder, path), content);
  return readAll(createCsvAudience({ path, ...options }, wiringAt(folder)), segmentId);
}

export async function reasonsOf(...rows: readonly string[]): Promise<readonly string[]> {
  const { members, rejects } = await csv([header, ...rows].join('\n'));
  return [
    ...members.map(({ row }) => `${row} member`),
    ...rejects.map(({ row, column, reason }) => `${row} ${column} ${reason}`),
  ];
}

/** Which column is what, as `line1: Street`, and of others why they are no part of the address. */
export async function rolesIn(header: string, options: object = {}): Promise<readonly string[]> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'header.csv'), `${header}\n`);
  const source = createCsvAudience({ path: 'header.csv', ...options }, wiringAt(folder));
  const fields = (await source.describe?.('any', contractContext())) ?? [];
  return fields.flatMap(({ field, role, remark }) =>
    role === null ? (remark === null ? [] : [`${field}: ${remark}`]) : [`${role}: ${field}`],
  );
}
