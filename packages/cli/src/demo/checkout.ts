/** The checkout that this program is part of. */
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../../../..', import.meta.url));

/** How the reader can call this program again from where they stand. */
export function programName(from: string = process.cwd()): string {
  const program = join(resolve(checkout), 'bin', 'postrider');
  const way = relative(from, program);
  return way.startsWith('..') ? program : `./${way}`;
}

export const exampleCampaign = join(checkout, 'examples', 'bakery', 'campaign.yaml');
