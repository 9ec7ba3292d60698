/** Files that import each other in a circle. */
import type { Import } from './imports.ts';

/** A line for each import that closes a circle, with the way around it. */
export function circles(imports: readonly Import[]): string[] {
  const next = Map.groupBy(imports, ({ file }) => file);
  return imports.flatMap(({ file, line, target }) => {
    const way = target === null ? null : wayBetween(target, file, next);
    return way === null ? [] : [`${file}:${line}: a circle: ${[file, ...way].join(' → ')}`];
  });
}

/** The shortest way from one file to another, both of them named. */
function wayBetween(
  from: string,
  to: string,
  next: ReadonlyMap<string, readonly Import[]>,
): string[] | null {
  const before = new Map<string, string | null>([[from, null]]);
  for (const file of before.keys()) {
    if (file === to) {
      const way: string[] = [];
      for (let at: string | null = to; at !== null; at = before.get(at) ?? null) way.unshift(at);
      return way;
    }
    for (const { target } of next.get(file) ?? [])
      if (target !== null && !before.has(target)) before.set(target, file);
  }
  return null;
}
