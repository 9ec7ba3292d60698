/** Documents point at other documents, and at code by its path: both must be there. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const documents = [
  ...globSync('docs/**/*.md', { cwd: root }).toSorted(),
  'CONTRIBUTING.md',
  'README.md',
  'examples/library/README.md',
  'packages/adapters/README.md',
  'packages/twins/README.md',
];

function slug(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

function anchorsOf(file: string): Set<string> {
  return new Set(
    [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => slug(title)),
  );
}

for (const document of documents) {
  void test(document, () => {
    const path = join(root, document);
    const text = readFileSync(path, 'utf8');
    const missing: string[] = [];
    for (const [, file = '', anchor = ''] of text.matchAll(/\]\(([^)#:\s]*)(?:#([^)]+))?\)/g)) {
      const target = file === '' ? path : resolve(dirname(path), file);
      if (!existsSync(target)) missing.push(file);
      else if (anchor !== '' && !anchorsOf(target).has(anchor)) missing.push(`${file}#${anchor}`);
    }
    // `packages/…`, `sql/…`, after such a path a bare `beats.ts`, and `40_proof/….sql` of
    // sql/functions.
    let folder = '';
    for (const [, code = ''] of text.matchAll(/`([^`\n]+)`/g)) {
      if (/^(packages|sql|test|examples|docs)\/[\w./-]+$/.test(code)) {
        folder = code.endsWith('/') ? code : dirname(code);
        if (!existsSync(join(root, code))) missing.push(code);
      } else if (/^\d\d_\w+\/\w+\.sql$/.test(code)) {
        if (!existsSync(join(root, 'sql/functions', code))) missing.push(code);
      } else if (
        /^[\w-]+\.(sql|ts)$/.test(code) &&
        folder !== '' &&
        !existsSync(join(root, folder, code))
      )
        missing.push(`${folder}/${code}`);
    }
    assert.deepEqual(missing, []);
  });
}
