/** What a server saw of a limit: how much of it was used, and the worst window. */

/** The most arrivals in any window of so many milliseconds: a sliding one, open at its end. */
export function worstWindow(arrivals: readonly number[], windowMs: number): number {
  const sorted = Float64Array.from(arrivals).toSorted();
  let worst = 0;
  let first = 0;
  for (const [index, at] of sorted.entries()) {
    while (at - (sorted[first] ?? at) >= windowMs) first += 1;
    worst = Math.max(worst, index - first + 1);
  }
  return worst;
}

/**
 * The share of a limit that was used between two moments: 1 is as many as the windows between them
 * allow.
 */
export function usedShare(
  arrivals: readonly number[],
  { requests, ms }: { readonly requests: number; readonly ms: number },
  { from, to }: { readonly from: number; readonly to: number },
): number {
  const seen = arrivals.filter((at) => at >= from && at < to).length;
  return seen / (((to - from) / ms) * requests);
}
