/** What stands in the fenced blocks of a page. */
import { readFileSync } from 'node:fs';

/** @param path from the root of the repository. */
export function blocksOf(path: string, language: string): readonly string[] {
  const text = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  const fenced = new RegExp(`^[\`]{3}${language}\\n([^]*?)\\n[\`]{3}$`, 'gm');
  return [...text.matchAll(fenced)].map(([, block = '']) => block);
}
