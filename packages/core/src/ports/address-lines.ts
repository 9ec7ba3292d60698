/** How long a line of an address may be, as the adapters of a campaign have it. */
import type { Printer } from './printer.ts';
import type { Renderer } from './renderer.ts';

/**
 * The longest line of an address that these adapters of a campaign set and print, in letters: what
 * its definition says as `longest_address_line`. Null: any.
 */
export function longestAddressLine(
  format: string,
  adapters: {
    readonly renderer?: Pick<Renderer, 'longestAddressLine'> | null;
    readonly printer?: Pick<Printer, 'longestAddressLine'> | null;
  },
): number | null {
  const bounds = [adapters.renderer, adapters.printer]
    .map((adapter) => adapter?.longestAddressLine?.(format) ?? null)
    .filter((bound) => bound !== null);
  return bounds.length === 0 ? null : Math.min(...bounds);
}
