import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { cutBroken } from './broken-pdfs.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function memoryInMb(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1024 / 1024;
}

void test('100,000 documents that are broken are cut or told, and memory stays flat', async (t) => {
  await cutBroken(5_000);
  const before = memoryInMb();
  const { cut, told } = await cutBroken(95_000);
  const grown = memoryInMb() - before;
  t.diagnostic(`${cut} were cut, ${told} told; memory has grown by ${grown.toFixed(0)} MB`);
  assert.ok(cut > 5_000 && told > 5_000, `${cut} cut, ${told} told`);
  assert.ok(grown < 20, `${grown} MB`);
});
