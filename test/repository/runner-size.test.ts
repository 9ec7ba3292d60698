/**
 * The runner is thin: configuration, wiring, HTTP, run, and only what a long-running process needs.
 * What commands alone use lies in cli, what stages use in core.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const MOST_LINES = 2_000;

void test('the runner has fewer than 2,000 lines', () => {
  const files = globSync('packages/runner/src/**/*.ts', { cwd: root });
  assert.ok(files.includes('packages/runner/src/run/run.ts'));
  const lines = files
    .map((file) => readFileSync(join(root, file), 'utf8').split('\n').length - 1)
    .reduce((sum, one) => sum + one, 0);
  assert.ok(lines < MOST_LINES, `packages/runner/src has ${lines} lines`);
});
