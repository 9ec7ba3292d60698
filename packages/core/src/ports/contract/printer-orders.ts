/** Orders: one answer for each, and what is proven of it. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { inspect } from 'node:util';
import { abortedContext, contractContext } from './context.ts';
import { openGuard, stoppedAfter, type PrinterBench } from './printer-bench.ts';

export function ordersOf(bench: PrinterBench): void {
  capabilities(bench);
  answers(bench);
  stops(bench);
  repeats(bench);
  lostAnswers(bench);
  notServed(bench);
  badPieces(bench);
}

/** What it can do, which core plans by. */
function capabilities({ harness }: PrinterBench): void {
  it('says what it can do in numbers that make sense', () => {
    const { keyLifetimeMs, maxBatch, readLagMs, takes, timeoutMs } = harness().printer;
    assert.ok(keyLifetimeMs === null || keyLifetimeMs > 0);
    assert.ok(maxBatch >= 1 && readLagMs >= 0 && timeoutMs > 0);
    assert.ok(takes.length > 0, 'what artwork may be');
  });

  it('takes the formats and mail classes that it is given here, where it lists what it takes', () => {
    const { formats, mailClasses } = harness().printer;
    const { format, mailClass } = harness().piece();
    assert.ok(formats?.includes(format) ?? true, format);
    assert.ok(mailClasses?.includes(mailClass) ?? true, mailClass);
  });
}

/** One result a piece, in the order asked. */
function answers({ harness, submit, accepted, foundOut }: PrinterBench): void {
  it('answers each piece, in the order asked, also when there are more than one request takes', async () => {
    const pieces = Array.from({ length: harness().printer.maxBatch + 3 }, () => harness().piece());
    const results = await submit(pieces);
    assert.equal(results.length, pieces.length);
    const found = await harness().printer.find(pieces, contractContext());
    assert.equal(found.length, pieces.length);
    for (const [index, piece] of pieces.entries()) {
      const { providerId } = accepted(results[index]);
      assert.ok(providerId !== '' && providerId.length <= 500, 'an id that can be kept');
      foundOut(piece, found[index], { outcome: 'found', providerId });
    }
    const live = pieces.flatMap(({ mode }, index) =>
      mode === 'live' ? [accepted(results[index]).providerId] : [],
    );
    // Test pieces may share one.
    assert.equal(new Set(live).size, live.length, 'each live piece has an id of its own');
  });

  it('takes empty arrays', async () => {
    assert.deepEqual(await submit([]), []);
    assert.deepEqual(await harness().printer.find([], contractContext()), []);
    assert.deepEqual(await harness().printer.cancel([], contractContext()), []);
  });
}

/** Nothing is sent without a lease, or after a stop. */
function stops({ harness, submit, made, accepted }: PrinterBench): void {
  it('asks the guard before every request', async () => {
    const pieces = Array.from({ length: harness().printer.maxBatch + 1 }, () => harness().piece());
    const guard = stoppedAfter(Infinity);
    await submit(pieces, guard);
    assert.ok(guard.asked >= 2, `asked ${guard.asked} times for two requests`);
  });

  it('makes nothing when sending is stopped, and says retry', async () => {
    const piece = harness().piece();
    const [result] = await submit([piece], stoppedAfter(0));
    assert.equal(result?.outcome, 'retry');
    assert.equal(await made(piece), 0);
  });

  it('keeps what was sent and gives back the rest when sending is stopped in between', async () => {
    const pieces = Array.from({ length: harness().printer.maxBatch + 1 }, () => harness().piece());
    const results = await submit(pieces, stoppedAfter(1));
    accepted(results[0]);
    assert.equal(results.at(-1)?.outcome, 'retry');
    const last = pieces.at(-1);
    assert.ok(last !== undefined);
    assert.equal(await made(last), 0);
  });

  it('makes nothing when the signal has aborted', async () => {
    const piece = harness().piece();
    const results = await harness()
      .printer.submit([piece], openGuard, abortedContext())
      .catch(() => [null]);
    assert.ok(results.every((result) => result === null || result.outcome === 'retry'));
    assert.equal(await made(piece), 0);
  });
}

/** One piece for one key, and the proof that there is none. */
function repeats({ harness, submit, made, accepted, find, foundOut, can }: PrinterBench): void {
  it('proves that a piece is absent which was never submitted', async () => {
    const piece = harness().piece();
    foundOut(piece, await find(piece), { outcome: 'absent' });
  });

  it('makes one piece for one key, and does not claim so where it has no keys', async () => {
    const piece = harness().piece();
    const first = accepted((await submit([piece]))[0]);
    const second = accepted((await submit([piece]))[0]);
    assert.equal(first.replayed, false);
    const keyed = harness().printer.keyLifetimeMs !== null;
    if (!keyed) assert.equal(second.replayed, false);
    if (keyed || piece.mode === 'live') assert.equal(second.providerId === first.providerId, keyed);
    assert.equal(await made(piece), keyed ? 1 : 2);
  });

  can('tells-replays', 'says of a key that it knew that it was seen before', async () => {
    const piece = harness().piece();
    await submit([piece]);
    assert.equal(accepted((await submit([piece]))[0]).replayed, true);
  });
}

/** An answer that is lost says nothing: the printer is asked what it has. */
function lostAnswers({ harness, submit, made, accepted, find, foundOut, can }: PrinterBench): void {
  can(
    'answer-lost',
    'calls the outcome unknown when the answer is lost, and then finds the piece',
    async () => {
      const piece = harness().piece();
      await harness().loseNextAnswer?.();
      const [result] = await submit([piece]);
      assert.equal(result?.outcome, 'unknown', inspect(result));
      assert.equal(await made(piece), 1);
      const found = await find(piece);
      const providerId = found?.outcome === 'found' ? found.providerId : 'its id';
      foundOut(piece, found, { outcome: 'found', providerId });
    },
  );

  can(
    'breaks-before',
    'calls the outcome unknown when the request breaks, and then proves that nothing was made',
    async () => {
      const piece = harness().piece();
      await harness().breakNext?.();
      const [result] = await submit([piece]);
      assert.equal(result?.outcome, 'unknown', inspect(result));
      foundOut(piece, await find(piece), { outcome: 'absent' });
      accepted((await submit([piece]))[0]);
      assert.equal(await made(piece), 1);
    },
  );
}

/** A printer that is too busy, away, or does not serve the account proves nothing of a piece. */
function notServed({ harness, submit, made, find, can }: PrinterBench): void {
  can('rate-limit', 'says retry when it is too fast for the printer', async () => {
    const piece = harness().piece();
    await harness().limitNext?.();
    const [result] = await submit([piece]);
    assert.equal(result?.outcome, 'retry', inspect(result));
    if (result?.outcome === 'retry') assert.ok(result.afterMs > 0);
    assert.equal(await made(piece), 0);
  });

  can('unreachable', 'says retry, and cannot tell, when nobody listens', async () => {
    const printer = await harness().unreachable?.();
    assert.ok(printer !== undefined);
    const piece = harness().piece();
    const [result] = await printer.submit([piece], openGuard, contractContext());
    assert.equal(result?.outcome, 'retry', inspect(result));
    const [found] = await printer.find([piece], contractContext());
    assert.equal(found?.outcome, 'cannot_tell');
  });

  can(
    'refused',
    'says refused of every piece, and cannot tell, where its account is not served',
    async () => {
      const printer = await harness().refused?.();
      assert.ok(printer !== undefined);
      const pieces = Array.from({ length: printer.maxBatch + 1 }, () => harness().piece());
      const results = await printer.submit(pieces, openGuard, contractContext());
      assert.deepEqual(new Set(results.map(({ outcome }) => outcome)), new Set(['refused']));
      for (const piece of pieces) assert.equal(await made(piece), 0);
      const [found] = await printer.find(pieces.slice(0, 1), contractContext());
      assert.equal(found?.outcome, 'cannot_tell');
    },
  );

  can('look-up-breaks', 'never calls a piece absent when the look-up failed', async () => {
    const piece = harness().piece();
    await submit([piece]);
    await harness().breakNextFind?.();
    assert.equal((await find(piece))?.outcome, 'cannot_tell');
  });
}

/** A piece that cannot be printed costs no other. */
function badPieces({ harness, submit, made, accepted, can }: PrinterBench): void {
  can('bad-address', 'rejects a bad address alone, and says that it is the address', async () => {
    const bad = harness().badAddress?.();
    assert.ok(bad !== undefined);
    const [good, result, also] = await submit([harness().piece(), bad, harness().piece()]);
    accepted(good);
    accepted(also);
    assert.equal(result?.outcome, 'rejected');
    if (result?.outcome === 'rejected') assert.equal(result.badAddress, true);
    assert.equal(await made(bad), 0);
  });

  can('bad-request', 'accepts the good pieces of a request that is refused for one', async () => {
    const bad = harness().badRequest?.();
    assert.ok(bad !== undefined);
    const [good, result, also] = await submit([harness().piece(), bad, harness().piece()]);
    accepted(good);
    accepted(also);
    assert.equal(result?.outcome, 'rejected');
    assert.equal(await made(bad), 0);
  });
}
