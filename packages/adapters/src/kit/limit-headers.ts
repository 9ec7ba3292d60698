/** What the headers of an answer tell of a limit. */
import type { LimitNotice } from '@postrider/core/ports';

/**
 * @param told the number in a header of this name, as the provider spells it; null: there is none.
 * @param timeOf the moment that a reset names.
 */
export function limitIn(
  told: (name: 'limit' | 'remaining' | 'reset') => number | null,
  timeOf: (reset: number) => Date,
): LimitNotice | null {
  const [limit, remaining, reset] = [told('limit'), told('remaining'), told('reset')];
  if (limit === null && remaining === null && reset === null) return null;
  return { kind: 'headers', limit, remaining, resetAt: reset === null ? null : timeOf(reset) };
}
