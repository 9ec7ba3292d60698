/** Prices as printers tell them, never by way of a float. */
import type { Price } from '@postrider/core/ports';

/** @param text in major units, for example `0.88`; null where it is no such amount. */
export function priceIn(text: string, currency: string): Price | null {
  const [, whole, part = ''] = /^(\d{1,15})(?:\.(\d{1,8}))?$/.exec(text.trim()) ?? [];
  if (whole === undefined || !/^[A-Z]{3}$/.test(currency)) return null;
  return { amount: BigInt(whole + part), scale: part.length, currency, tax: null };
}
