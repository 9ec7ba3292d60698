/** Orders of printers that are not like those of this checkout: what the kit has for them. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { contractContext } from '@postrider/core/contract';
import { ArtworkError, type PieceRequest, type SubmitResult } from '@postrider/core/ports';
import { z } from 'zod';
import { server } from '../../../test/answering.ts';
import { openGuard, piece } from '../../../test/pieces.ts';
import { accountAt, type AccountKind } from '../account.ts';
import { readJson } from '../json.ts';
import { submitEach, type OrderDesk } from '../orders.ts';

const kind: AccountKind = {
  title: 'The mill',
  options: z.object({ url: z.url() }),
  headers: (key) => ({ authorization: `Bearer ${key}` }),
  limitOf: () => ({ route: 'POST /cards', windows: [] }),
  refusalIn: (body) => readJson(z.object({ code: z.string(), message: z.string() }), body),
};
const card = z.object({ id: z.string(), mailpiece: z.string() });

type Changes = Partial<OrderDesk> & { readonly mode?: 'test' | 'live' };

async function answered(
  { status, body }: { readonly status: number; readonly body: object },
  one: PieceRequest,
  changes: Changes = {},
): Promise<{ readonly result: SubmitResult | undefined; readonly requests: number }> {
  const { url, seen } = await server((_, response) =>
    response.writeHead(status).end(JSON.stringify(body)),
  );
  const order = { pieces: [one], guard: openGuard, context: contractContext() };
  const [result] = await submitEach(deskAt(url, changes), order);
  return { result, requests: seen.length };
}

function deskAt(url: string, { mode = 'live', ...more }: Changes): OrderDesk {
  const connection = {
    organizationId: randomUUID(),
    name: 'mill',
    provider: 'mill',
    mode,
    options: { url },
    secrets: () => ['a key that tells nothing'],
  };
  return {
    account: accountAt(kind, connection, 5000),
    faults: {
      ofTheAccount: (code) => code === 'plan_limit',
      ofTheAddress: (code) => code === 'no_such_street',
      ofTheArtwork: (code) => code === 'no_pdf',
    },
    atOnce: 1,
    order: async ({ reference }) =>
      await Promise.resolve({
        method: 'POST',
        path: '/cards',
        json: { piece: reference.mailpieceId },
        about: [reference.mailpieceId],
      }),
    made(text) {
      const made = readJson(card, text);
      if (made === null) return null;
      const { id: providerId, mailpiece: mailpieceId } = made;
      return { providerId, mailpieceId, replayed: false, expectedDelivery: null };
    },
    ...more,
  };
}

/** Makes a card of each order, and answers the first one only after all others came. */
async function slowForTheFirst(
  pieces: readonly PieceRequest[],
  { orders, ...changes }: Changes & { readonly orders: number },
): Promise<{ readonly results: readonly SubmitResult[]; readonly requests: number }> {
  let answerFirst = (): void => undefined;
  const { url, seen } = await server((_, response, body) => {
    const { piece: mailpiece } = JSON.parse(body) as { readonly piece: string };
    const answer = (): void =>
      void response.writeHead(201).end(JSON.stringify({ id: `of ${mailpiece}`, mailpiece }));
    if (seen.length === 1) answerFirst = answer;
    else answer();
    if (seen.length === orders) answerFirst();
  });
  const order = { pieces, guard: openGuard, context: contractContext() };
  const results = await submitEach(deskAt(url, { atOnce: 2, ...changes }), order);
  return { results, requests: seen.length };
}

void test('an order that cannot be written costs no other: it is proven not sent, and the batch ends when all its requests have ended', async () => {
  const pieces = Array.from({ length: 5 }, piece);
  const { results, requests } = await slowForTheFirst(pieces, {
    orders: 4,
    order: async ({ reference }) => {
      if (reference.mailpieceId === pieces[1]?.reference.mailpieceId)
        throw new TypeError('no such field');
      const request = { method: 'POST', path: '/cards', about: [] } as const;
      return await Promise.resolve({ ...request, json: { piece: reference.mailpieceId } });
    },
  });
  assert.equal(requests, 4);
  assert.deepEqual(
    results.map(({ outcome }) => outcome),
    ['accepted', 'retry', 'accepted', 'accepted', 'accepted'],
  );
  assert.match(JSON.stringify(results[1]), /Not sent: no such field/);
});

void test('a document that is gone is told apart from one that cannot be had now', async () => {
  for (const kind of ['gone', 'unreachable'] as const) {
    const { result, requests } = await answered({ status: 201, body: {} }, piece(), {
      order: async () => await Promise.reject(new ArtworkError(kind, 'it does not exist')),
    });
    assert.equal(requests, 0);
    assert.deepEqual(result, {
      outcome: 'retry',
      afterMs: 60_000,
      message: 'it does not exist',
      artworkGone: kind === 'gone',
    });
  }
});

void test('an answer that breaks the reading of it is unknown, and costs no other', async () => {
  const pieces = Array.from({ length: 5 }, piece);
  const { results, requests } = await slowForTheFirst(pieces, {
    orders: 5,
    made(text) {
      const { id: providerId, mailpiece: mailpieceId } = card.parse(JSON.parse(text));
      if (mailpieceId === pieces[1]?.reference.mailpieceId) throw new TypeError('no such field');
      return { providerId, mailpieceId, replayed: false, expectedDelivery: null };
    },
  });
  assert.equal(requests, 5);
  assert.deepEqual(
    results.map(({ outcome }) => outcome),
    ['accepted', 'unknown', 'accepted', 'accepted', 'accepted'],
  );
});

void test('where a key does not tell its mode, that of the connection counts', async () => {
  const one = piece();
  const body = { id: 'c1', mailpiece: one.reference.mailpieceId };
  const { result } = await answered({ status: 201, body }, one);
  assert.equal(result?.outcome, 'accepted');
  const wrong = await answered({ status: 201, body }, one, { mode: 'test' });
  assert.equal(wrong.result?.outcome, 'refused');
  assert.equal(wrong.requests, 0);
});

void test('a repeat that is answered 409 and the first card is accepted, and nothing else with 409 is', async () => {
  const one = piece();
  const repeatStatus = 409;
  const ours = { id: 'c1', mailpiece: one.reference.mailpieceId };
  const { result } = await answered({ status: 409, body: ours }, one, { repeatStatus });
  assert.deepEqual(result, {
    outcome: 'accepted',
    providerId: 'c1',
    replayed: true,
    expectedDelivery: null,
  });
  for (const [body, changes, outcome] of [
    [ours, {}, 'unknown'],
    [{ code: 'conflict', message: 'Known.' }, { repeatStatus }, 'unknown'],
    [{ id: 'c1', mailpiece: randomUUID() }, { repeatStatus }, 'mismatched'],
  ] as const)
    assert.equal((await answered({ status: 409, body }, one, changes)).result?.outcome, outcome);
});

void test('a refusal is whose fault its code says, and unknown where nobody documents it', async () => {
  for (const [status, code, outcome] of [
    [402, 'anything', 'refused'],
    [422, 'plan_limit', 'refused'],
    [422, 'no_such_street', 'rejected'],
    [413, 'too_large', 'rejected'],
    [418, 'teapot', 'unknown'],
    [503, 'plan_limit', 'unknown'],
  ] as const) {
    const { result } = await answered({ status, body: { code, message: 'No.' } }, piece());
    assert.equal(result?.outcome, outcome, `${status} ${code}`);
    if (result.outcome === 'rejected')
      assert.deepEqual(
        [result.badAddress, result.badArtwork],
        [code === 'no_such_street', status === 413],
      );
  }
});
