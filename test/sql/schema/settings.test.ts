/**
 * How functions run is said in one place, sql/functions/99_settings.sql; that each function stands
 * there once is a test of function-lists.test.ts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sqlFiles } from '../../../packages/core/src/machine/sql-files.ts';

const settings = 'functions/99_settings.sql';

void test('no other file says how a function runs', () => {
  const others = sqlFiles().repeatables.filter((file) => file.name !== settings);
  const header = /create function [\s\S]*?(?=\bas \$|\breturn\s|\bbegin atomic)/g;
  const saying = others.filter((file) =>
    [...file.text.matchAll(header)].some(([text]) => /\sset\s+\w+\s*(=|to)\s/.test(text)),
  );
  assert.deepEqual(
    saying.map((file) => file.name),
    [],
  );
});
