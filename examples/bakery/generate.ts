/**
 * Writes the example's data: customers.csv, suppressions.csv, addresses.csv and expected.json.
 *
 * The addresses are real (package `rrad`, public domain), the people are not. Same bytes every
 * time; the files are committed, and a test checks that they are what this program writes.
 *
 *   tsx examples/bakery/generate.ts
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { assemble } from './generator/assemble.ts';
import { filesOf } from './generator/files.ts';

/** File name to content. */
export function generate(): Record<string, string> {
  return filesOf(assemble());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, content] of Object.entries(generate()))
    writeFileSync(new URL(name, import.meta.url), content);
}
