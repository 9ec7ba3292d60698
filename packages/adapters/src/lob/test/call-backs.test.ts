/** Postcards are called back several at a time: Lob prints them meanwhile. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { contractContext } from '@postrider/core/contract';
import { server } from '../../../test/answering.ts';
import { accountAt, printerOf } from './accounts.ts';

const ids = Array.from({ length: 6 }, (_, index) => `psc_${index}`);

/** Answers only once so many ask at the same time. */
async function patient(atOnce: number) {
  const waiting: { id: string; response: ServerResponse }[] = [];
  return await server((request, response) => {
    waiting.push({ id: request.url?.split('/').at(-1) ?? '', response });
    if (waiting.length < atOnce) return;
    for (const { id, response: to } of waiting.splice(0).toReversed())
      to.writeHead(200, { 'content-type': 'application/json' }).end(
        JSON.stringify({ id, deleted: true }),
      );
  });
}

void test('they are asked for at the same time, and each answer is that of its own card', async () => {
  const { url, seen } = await patient(3);
  const printer = printerOf(accountAt(url), { atOnce: 3, timeoutMs: 2000 });
  const results = await printer.cancel(ids, contractContext());
  assert.deepEqual(
    results,
    ids.map(() => ({ outcome: 'cancelled' })),
  );
  assert.equal(seen.length, ids.length);
});

void test('of a stop on, no further one is asked for, and of none is anything decided', async () => {
  const stop = new AbortController();
  const { url, seen } = await server(() => stop.abort());
  const context = { ...contractContext(), signal: stop.signal };
  const printer = printerOf(accountAt(url), { atOnce: 2, timeoutMs: 2000 });
  const results = await printer.cancel(ids, context);
  assert.deepEqual(
    results.map(({ outcome }) => outcome),
    ids.map(() => 'unknown'),
  );
  assert.ok(seen.length <= 2, String(seen.length));
});
