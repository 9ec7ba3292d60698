/**
 * By Lob's own file, as others read it, nothing that the adapter sends or the twin answers is
 * wrong.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { contractContext } from '@postrider/core/contract';
import type { PieceRequest } from '@postrider/core/ports';
import {
  lobTwinClient,
  startLob,
  type LobTwinClient,
  type ListeningTwin,
} from '@postrider/twins/lob';
import { temporaryFolder } from '../../../test/helpers.ts';
import { openGuard, piece } from '../../../test/pieces.ts';
import { lobAccount } from '../index.ts';
import { accountAt, liveKey, printerOf, testKey } from './accounts.ts';
import { judged, type Judged } from './prism.ts';

let running: ListeningTwin;
let twin: LobTwinClient;
let judge: Judged;
const context = contractContext();

before(async () => {
  running = await startLob({
    folder: await temporaryFolder(),
    keys: [testKey, liveKey],
    daysPerSecond: 0,
    log: () => undefined,
  });
  twin = lobTwinClient(running.url, liveKey);
  judge = await judged(running.url, await temporaryFolder());
});
after(async () => {
  await judge.stop();
  await running.stop();
});

function account(mode: 'test' | 'live' = 'live') {
  const key = mode === 'live' ? liveKey : testKey;
  return { ...accountAt(running.url, { mode, key }), options: { url: judge.url } };
}

/** Nothing that follows is proven by silence. */
void test('Prism finds a fault of the request and a fault of the answer', async () => {
  const headers = { authorization: `Basic ${Buffer.from(`${liveKey}:`).toString('base64')}` };
  const form = new FormData();
  form.set('size', '4x7');
  await fetch(`${judge.url}/postcards`, { method: 'POST', headers, body: form });
  assert.match(judge.violations.join(), /must have required property 'to'/);
  assert.match(judge.violations.join(), /size must be equal to one of the allowed values/);
  judge.violations.length = 0;
  judge.spoilNext((answer) => answer.replace('"data":', '"data":7,"was":'));
  await fetch(`${judge.url}/postcards?limit=1`, { headers });
  assert.match(judge.violations.join(), /VIOLATIONS.*response.*data/);
  judge.violations.length = 0;
  const printer = printerOf(account());
  judge.spoilNext((answer) => answer.replace('"object":"postcard"', '"object":"letter"'));
  await printer.submit([piece()], openGuard, context);
  assert.match(judge.violations.join(), /VIOLATIONS.*response.*object/);
  judge.violations.length = 0;
});

void test('orders, look-ups, lists, call-backs, refusals and what is told of the way are as Lob’s file has them', async () => {
  for (const mode of ['live', 'test'] as const) {
    const printer = printerOf(account(mode), { sender: 'Flour & Field' });
    const of = (changes: Partial<PieceRequest> = {}): PieceRequest => ({
      ...piece(),
      mode,
      ...changes,
    });
    const good = of();
    const results = await printer.submit(
      [
        good,
        of({ from: good.to.address, person: 'ab'.repeat(32) }),
        of({ to: { ...good.to, address: { ...good.to.address, line2: 'Apt 4' } } }),
        of({
          to: {
            ...good.to,
            address: { ...good.to.address, region: 'PR', postalCode: '00901-1234' },
          },
        }),
      ],
      openGuard,
      context,
    );
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      Array.from({ length: 4 }, () => 'accepted'),
      JSON.stringify([results, judge.violations]),
    );
    // The same again: the old piece.
    await printer.submit([good], openGuard, context);
    // Refused in the twin's words: the artwork is that of a 4x6.
    const [refused] = await printer.submit([of({ format: '6x9' })], openGuard, context);
    assert.equal(refused?.outcome, 'rejected');
    const found = await printer.find([good, of()], context);
    assert.deepEqual(
      found.map(({ outcome }) => outcome),
      ['found', 'absent'],
    );
    const ids = results.flatMap((result) =>
      result.outcome === 'accepted' ? [result.providerId] : [],
    );
    const cancelled = await printer.cancel([ids[0] ?? '', 'psc_0000000000000000'], context);
    assert.deepEqual(
      cancelled.map(({ outcome }) => outcome),
      ['cancelled', 'unknown'],
    );
    await twin.advance({ days: 9 });
    await printer.cancel([ids[1] ?? ''], context);
    const since = new Date(Date.now() - 3_600_000);
    const listed = (await printer.list?.(since, null, context))?.pieces ?? [];
    assert.equal(listed.filter(({ providerId }) => ids.includes(providerId)).length, 4);
    assert.ok(((await printer.poll?.(null, context))?.events.length ?? 0) >= 4);
    assert.equal((await lobAccount.check(account(mode), context)).outcome, 'usable');
  }
  const stranger = { ...account(), secrets: () => ['live_not_ours'] };
  await printerOf(stranger).submit([piece()], openGuard, context);
  await twin.fault({ kind: 'rate_limited', endpoint: 'create', count: 5 });
  await printerOf(account()).submit([piece()], openGuard, context);
  assert.deepEqual(judge.violations, []);
  assert.ok(judge.passed() >= 30, `${judge.passed()} answers`);
});
