/** Postcards are called back several at a time: Lob prints them meanwhile. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { contractContext } from '@postrider/core/contract';
import { server } from '../../../test/answering.ts';
import { lobTwinClient, startLob } from '@postrider/twins/lob';
import { temporaryFolder } from '../../../test/helpers.ts';
import { openGuard, piece } from '../../../test/pieces.ts';
import { accountAt, liveKey, printerOf } from './accounts.ts';

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

for (const cancelAgain of ['deleted', 'not_found', 'not_deletable'] as const)
  void test(`a card that was called back is known as that where the answer was lost, and Lob says ${cancelAgain} the next time`, async (t) => {
    const lob = await startLob({
      folder: await temporaryFolder(),
      keys: [liveKey],
      daysPerSecond: 0,
      cancelAgain,
      log: () => undefined,
    });
    t.after(() => lob.stop());
    const twin = lobTwinClient(lob.url, liveKey);
    const printer = printerOf(accountAt(lob.url));
    const context = contractContext();
    const made = await printer.submit([piece(), piece()], openGuard, context);
    const [first = '', late = ''] = made.map((one) =>
      one.outcome === 'accepted' ? one.providerId : assert.fail(one.outcome),
    );
    const cancelled = async (id: string) => (await printer.cancel([id], context))[0]?.outcome;
    await twin.fault({ kind: 'reset_after_effect', endpoint: 'cancel' });
    assert.equal(await cancelled(first), 'unknown');
    assert.equal(await cancelled(first), 'cancelled');
    // What is printed already is too late, and what nobody made is not known.
    await twin.advance({ days: 1 });
    assert.equal(await cancelled(late), 'too_late');
    assert.equal(await cancelled('psc_0000000000000000'), 'unknown');
    // Where Lob cannot be asked whether it was called back, nobody knows.
    await twin.fault({ kind: 'silence', endpoint: 'get' });
    const impatient = printerOf(accountAt(lob.url), { timeoutMs: 1000 });
    const [lost] = await impatient.cancel([late], context);
    assert.equal(lost?.outcome, 'unknown');
  });
