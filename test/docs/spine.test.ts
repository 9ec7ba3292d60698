/** The docs have the words of the stages, in the order in which a recipient meets them. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const stages = globSync('sql/functions/*_*/', { cwd: root })
  .map((path) => basename(path))
  .toSorted()
  .map((folder) => folder.replace(/^\d\d_/, ''))
  .filter((stage) => stage !== 'common');

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

void test('how a recipient moves is told stage by stage', () => {
  const [, steps = ''] =
    /^## Step by step\n([\s\S]*?)^## /m.exec(read('docs/explanation/how-a-recipient-moves.md')) ??
    [];
  const headings = [...steps.matchAll(/^### (.+)$/gm)].map(([, title = '']) => title.toLowerCase());
  assert.deepEqual(headings, stages);
});

void test('the index of debugging names the pages of the stages in their order', () => {
  const linked = [
    ...read('docs/how-to/debug-with-psql/README.md').matchAll(/^\|.*\]\((\w+)\.md[#)]/gm),
  ].map(([, page = '']) => page);
  const byStage = [...new Set(linked)].filter((page) => stages.includes(page));
  assert.deepEqual(
    byStage,
    stages.filter((stage) => byStage.includes(stage)),
  );
});
