import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PieceView } from '../index.ts';
import { anOrder, shopHere } from './helpers.ts';

type Pieces = { pieces: readonly PieceView[] };
function accepted(results: readonly { status: string }[]): string[] {
  return results.map((result) => ('id' in result ? String(result.id) : result.status));
}

test('a piece is found by its mailpiece and by its id', async (t) => {
  const { order, get } = await shopHere(t);
  const [one, two] = [anOrder(), anOrder({ mode: 'test' })];
  const ids = accepted(await order([one, two]));
  const query = [two, one, anOrder()]
    .map(({ reference }) => `mailpiece=${reference.mailpieceId}`)
    .join('&');
  const { body } = await get<Pieces>(`/v1/pieces?${query}`);
  assert.deepEqual(
    body.pieces.map(({ id, mailpiece, status, mode, reference }) => [
      id,
      mailpiece,
      status,
      mode,
      reference,
    ]),
    [
      [ids[1], two.reference.mailpieceId, 'accepted', 'test', two.reference],
      [ids[0], one.reference.mailpieceId, 'accepted', 'live', one.reference],
    ],
  );
  assert.equal((await get<PieceView>(`/v1/pieces/${ids[0]}`)).body.id, ids[0]);
  assert.equal((await get('/v1/pieces/fp_none')).status, 404);
  assert.equal((await get('/v1/pieces')).status, 400);
  assert.equal(
    (await get(`/v1/pieces?${Array.from({ length: 101 }, () => 'mailpiece=x').join('&')}`)).status,
    400,
  );
});

test('with a read lag a new piece is missing from look-ups for a while, and only there', async (t) => {
  const lag = 700;
  const { order, get } = await shopHere(t, { readLagMs: lag });
  const one = anOrder();
  const before = performance.now();
  const [id] = accepted(await order([one]));
  const look = async (): Promise<number> =>
    (await get<Pieces>(`/v1/pieces?mailpiece=${one.reference.mailpieceId}`)).body.pieces.length;
  const found = await look();
  // On a machine so slow that the lag has passed already, nothing is learnt.
  if (performance.now() - before < lag) assert.equal(found, 0);
  assert.equal((await get(`/v1/pieces/${id}`)).status, 200);
  await new Promise((resolve) => setTimeout(resolve, lag));
  assert.equal(await look(), 1);
});

test('a waiting piece is cancelled, a printed one is not', async (t) => {
  const { order, post, get, ledger } = await shopHere(t);
  const [first, second] = accepted(await order([anOrder(), anOrder()]));
  for (let time = 0; time < 2; time += 1) {
    assert.deepEqual((await post(`/v1/pieces/${first}/cancel`, {})).body, {
      id: first,
      status: 'cancelled',
    });
  }
  await post('/v1/print', {});
  const late = await post(`/v1/pieces/${second}/cancel`, {});
  assert.equal(late.status, 409);
  assert.equal(late.body['code'], 'too_late');
  assert.equal((await post('/v1/pieces/fp_none/cancel', {})).status, 404);
  assert.equal((await get<PieceView>(`/v1/pieces/${first}`)).body.status, 'cancelled');
  assert.deepEqual(
    (await ledger()).map(({ status, printedAt }) => [status, printedAt !== null]),
    [
      ['cancelled', false],
      ['in_production', true],
    ],
  );
});
