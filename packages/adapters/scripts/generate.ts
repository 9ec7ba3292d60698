/**
 * Generates what follows from the registry of providers: the tables of adapters and their options
 * in docs/reference/campaign-file.md, and the kinds by port that `--help` shows (loading the
 * registry itself would make it slow). `--check` writes nothing and exits 1 where a file is not in
 * step.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { providers } from '../src/registry.ts';
import { kindsFile, withTables } from './tables.ts';

const root = join(import.meta.dirname, '../../..');
const PAGE = 'docs/reference/campaign-file.md';
const KINDS = 'packages/adapters/src/kinds.generated.ts';

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

const outputs: Readonly<Record<string, string>> = {
  [PAGE]: withTables(read(PAGE), providers),
  [KINDS]: kindsFile(providers),
};

const check = process.argv.includes('--check');
for (const [path, text] of Object.entries(outputs)) {
  if (read(path) === text) continue;
  if (check) {
    console.error(`${path} is not in step with the registry: run \`npm run generate\``);
    process.exitCode = 1;
  } else {
    writeFileSync(join(root, path), text);
    console.error(`wrote ${path}`);
  }
}
