/**
 * A campaign that prints at the project's own print shop names no address: it is completed here,
 * whenever such a printer is made.
 */
import { AdapterConfigError, type PortName } from '@postrider/core/ports';
import type { Entry } from '@postrider/adapters';
import type { Project } from '@postrider/runner/project';
import { ownPrintShop } from './own-shop.ts';

/**
 * With the address where the shop was last started, and the ledger that knows our cards. Throws
 * `AdapterConfigError` where it was never started.
 */
export function completeEntry(port: PortName, entry: Entry, project: Project): Entry {
  if (port !== 'printer' || entry['kind'] !== 'print-shop' || entry['url'] !== undefined)
    return entry;
  const own = ownPrintShop(project);
  if (own === null)
    throw new AdapterConfigError(
      'printer.url',
      'is not set, and the print shop of this project was never started: ' +
        '`postrider print-shop start` does',
    );
  return { ...(own.ledger === null ? {} : { ledger: own.ledger }), ...entry, url: own.url };
}
