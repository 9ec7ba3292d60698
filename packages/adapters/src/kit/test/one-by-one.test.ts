/** Effects of which each is a request of its own. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { contractContext, exampleEffect } from '@postrider/core/contract';
import { server } from '../../../test/answering.ts';
import { oneByOne } from '../one-by-one.ts';

void test('what breaks at one effect costs no other its answer, and ends nothing before all requests have ended', async () => {
  const items = ['k1', 'k2', 'k3'].map((key) => exampleEffect({ key }));
  const waiting: ServerResponse[] = [];
  let isOver = false;
  const { url, seen } = await server((_, response) => {
    waiting.push(response);
    if (isOver || waiting.length === 2) for (const one of waiting) one.end();
  });
  const results = await oneByOne(items, {
    atOnce: 2,
    who: 'The endpoint',
    context: contractContext(),
    started: performance.now(),
    send: async ({ key }) => {
      if (key === 'k2') throw new TypeError('no such field');
      await fetch(`${url}/${key}`);
      return { result: { outcome: 'done' }, answered: true };
    },
  }).finally(() => (isOver = true));
  assert.deepEqual(seen.map((request) => request.url).toSorted(), ['/k1', '/k3']);
  assert.deepEqual(results, [
    { outcome: 'done' },
    { outcome: 'retry', afterMs: 60_000, message: 'no such field' },
    { outcome: 'done' },
  ]);
});
