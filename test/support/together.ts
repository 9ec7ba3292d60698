/**
 * Test files of one folder in one process. To start one and load the program into it costs more
 * than most files do, so a folder with `together-1.ts` in it is run by that file and its sisters,
 * each a share of what is in the folder and below it; `bin/test FILE` runs any of them alone. The
 * folder `test` of a package also runs the tests that stand beside its source, in `src`.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { describe } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const SISTER = /^together-(\d+)\.ts$/;

/**
 * @param url of the file that asks, `together-<n>.ts`: which share is its own tells its name, how
 * many there are tells the folder.
 */
export function together(url: string): void {
  const path = fileURLToPath(url);
  const folder = dirname(path);
  const shares = readdirSync(folder).filter((name) => SISTER.test(name)).length;
  const share = Number(SISTER.exec(basename(path))?.[1]) - 1;
  const files = [...filesBelow(folder), ...filesBelow(join(folder, '../src'))].filter(
    (file) => file.endsWith('.test.ts') && !file.endsWith('.long.test.ts'),
  );
  for (const [index, file] of files.entries()) {
    if (index % shares !== share) continue;
    // What a file does before and after its tests belongs to its own suite.
    void describe(relative(root, file), async () => void (await import(pathToFileURL(file).href)));
  }
}

function filesBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .toSorted();
}
