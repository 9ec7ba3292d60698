/** The ledger of a folder. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../kit/errors.ts';
import { ledgerId, type OpenedEntry } from './entries.ts';

/** Where the ledger of a folder is. */
export function ledgerPath(folder: string): string {
  return join(folder, 'shop', 'ledger.ndjson');
}

/**
 * The id of the ledger in a folder, of a shop that need not be open; null where there is none yet.
 */
export async function ledgerIn(folder: string): Promise<string | null> {
  try {
    await using file = await open(ledgerPath(folder));
    for await (const line of file.readLines()) return ledgerId(JSON.parse(line) as OpenedEntry);
  } catch (error) {
    // A torn first line is no ledger: nobody was told of it, and the shop begins anew.
    if (!hasCode(error, 'ENOENT') && !(error instanceof SyntaxError)) throw error;
  }
  return null;
}
