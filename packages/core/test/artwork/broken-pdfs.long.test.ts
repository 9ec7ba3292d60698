import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutBroken } from './broken-pdfs.ts';

void test('100,000 documents that are broken are cut or told, and memory stays flat', async (t) => {
  await cutBroken(5_000);
  const before = process.memoryUsage().rss;
  const { cut, told } = await cutBroken(95_000);
  const grown = (process.memoryUsage().rss - before) / 1024 / 1024;
  t.diagnostic(`${cut} were cut, ${told} told; memory has grown by ${grown.toFixed(0)} MB`);
  assert.ok(cut > 5_000 && told > 5_000, `${cut} cut, ${told} told`);
  assert.ok(grown < 200, `${grown} MB`);
});
