import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { resolve } from 'node:path';
import { openProject } from '../src/config/project.ts';

void test('where no postrider.yaml is found the project is the checkout', async () => {
  const root = resolve(fileURLToPath(new URL('../../..', import.meta.url)));
  assert.equal((await openProject({})).directory, root);
});
