/**
 * What a template gets as `card`, and the hash that approval binds to.
 *
 * Strict by default: a blank field is left out, so that using it is an error that names the field.
 * A card that greets nobody is worse than one that is not printed; a template that can do without
 * says so: `card.at("firstName", default: "neighbor")`.
 */
import { createHash } from 'node:crypto';
import type { Address, CardRequest } from '@postrider/core/ports';
import { addressLines } from '@postrider/core/ports/countries';

export type CardData = Readonly<Record<string, unknown>>;

/**
 * Merge fields stand beside our own; where a name is taken it is ours, and `card.merge` has both.
 * Own texts are NFC: an é is one glyph.
 */
export function cardData(card: CardRequest): CardData {
  const merge: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(card.merge)) {
    const text = value.normalize('NFC').trim();
    if (text !== '') merge[name] = text;
  }
  const [firstName, lastName] = [clean(card.firstName), clean(card.lastName)];
  const name = [firstName, lastName].filter((part) => part !== '').join(' ');
  const home = card.returnAddress?.country ?? 'US';
  const own: Record<string, unknown> = {
    ...(firstName === '' ? {} : { firstName }),
    ...(lastName === '' ? {} : { lastName }),
    ...(name === '' ? {} : { name }),
    reference: clean(card.reference),
    address: addressData(card.address, home),
    ...(card.returnAddress === null
      ? {}
      : { returnAddress: addressData(card.returnAddress, home) }),
    merge,
  };
  return { ...merge, ...own };
}

/**
 * Equal content, equal hash, for any recipient: the recipient's id is not printed and does not
 * count.
 */
export function contentHash(parts: readonly string[], data: CardData): string {
  return createHash('sha256')
    .update(JSON.stringify([...parts, sorted(data)]))
    .digest('hex');
}

function addressData(address: Address, home: string): Record<string, unknown> {
  const [line1, line2, city, region] = [
    clean(address.line1),
    clean(address.line2),
    clean(address.city),
    clean(address.region),
  ];
  const [postalCode, country] = [clean(address.postalCode), clean(address.country)];
  const lines = addressLines({ line1, line2, city, region, postalCode, country }, home);
  return { line1, line2, city, region, postalCode, country, lines };
}

function clean(text: string | null): string {
  return (text ?? '').normalize('NFC').trim();
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value as Record<string, unknown>)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => [key, sorted(item)]);
}
