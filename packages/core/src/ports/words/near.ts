/** What somebody meant who mistyped a name. */

/** The known names that `typed` may have been meant for, best first; at most three. */
export function nearWords(typed: string, known: readonly string[]): string[] {
  const wanted = typed.toLowerCase();
  return known
    .map((name) => {
      const candidate = name.toLowerCase();
      const near =
        candidate.includes(wanted) || wanted.includes(candidate) ? 1 : distance(wanted, candidate);
      return { name, near };
    })
    .filter(
      ({ name, near }) => near <= Math.max(1, Math.floor(Math.min(name.length, typed.length) / 3)),
    )
    .toSorted((a, b) => a.near - b.near || a.name.localeCompare(b.name))
    .slice(0, 3)
    .map(({ name }) => name);
}

/** `did you mean a or b?`, or null. */
export function didYouMean(typed: string, known: readonly string[]): string | null {
  const names = nearWords(typed, known);
  return names.length === 0 ? null : `did you mean ${names.join(' or ')}?`;
}

/** Edits between two words; two letters that changed places count once. */
function distance(a: string, b: string): number {
  const rows: number[][] = Array.from({ length: a.length + 1 }, (_, i) => [
    i,
    ...Array<number>(b.length).fill(0),
  ]);
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Infinity;
  rows[0] = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    for (let j = 1; j <= b.length; j += 1) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, at(i - 2, j - 2) + 1);
      const row = rows[i];
      if (row !== undefined) row[j] = best;
    }
  }
  return at(a.length, b.length);
}
