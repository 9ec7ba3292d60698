import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { contractContext } from '@postrider/core/contract';
import { openGuard, piece } from '../../../test/pieces.ts';
import { printerAt } from './pieces.ts';
import { server } from '../../../test/answering.ts';

describe('Print shop client', () => {
  it('says of a printed piece that it is too late to cancel', async () => {
    const { url } = await server((_, response) =>
      response.writeHead(409).end('{"code":"too_late","message":"It is printed."}'),
    );
    const [result] = await printerAt(url).cancel(['fp_1'], contractContext());
    assert.equal(result?.outcome, 'too_late');
  });

  it('proves nothing absent by an answer that is not a plain yes', async () => {
    for (const [status, body] of [
      [500, '{"pieces":[]}'],
      [206, '{"pieces":[]}'],
      [200, '{"pieces":[{"id":"fp_1"}]}'],
      [200, '{}'],
    ] as const) {
      const { url } = await server((_, response) => response.writeHead(status).end(body));
      const [found] = await printerAt(url).find([piece()], contractContext());
      assert.equal(found?.outcome, 'cannot_tell', `${status} ${body}`);
    }
  });

  it('takes nothing for proven by a shop with another ledger, and sends it nothing', async () => {
    let answering = 'ledger-1';
    const { url, seen } = await server((request, response) => {
      response.setHeader('print-shop-ledger', answering);
      const meant = request.headers['print-shop-ledger'] ?? answering;
      if (meant === answering) response.end('{"pieces":[],"events":[],"cursor":"0"}');
      else
        response
          .writeHead(412)
          .end('{"code":"another_ledger","message":"This shop keeps another ledger."}');
    });
    const printer = printerAt(url);
    assert.deepEqual(await printer.find([piece()], contractContext()), [{ outcome: 'absent' }]);
    answering = 'ledger-2';
    for (const client of [printer, printerAt(url, { ledger: 'ledger-1' })]) {
      await assert.rejects(client.find([piece()], contractContext()), /Another print shop answers/);
      const [sent] = await client.submit([piece()], openGuard, contractContext());
      assert.equal(sent?.outcome, 'retry');
      assert.match(sent.message, /in its old folder/);
      assert.ok(client.poll !== undefined);
      await assert.rejects(client.poll(null, contractContext()), /Another print shop answers/);
    }
    assert.ok(
      seen.slice(1).every(({ headers }) => headers['print-shop-ledger'] === 'ledger-1'),
      'learned, or told',
    );
  });

  it('is told of several pieces for one mailpiece, and takes the one that is not cancelled', async () => {
    const one = piece();
    const pieces = ['cancelled', 'in_transit'].map((status, index) => ({
      id: `fp_${index}`,
      mailpiece: one.reference.mailpieceId,
      status,
    }));
    const { url } = await server((_, response) => response.end(JSON.stringify({ pieces })));
    const errors: string[] = [];
    const logger = {
      ...contractContext().logger,
      error: (_: object, message: string) => errors.push(message),
    };
    const found = await printerAt(url).find([one], contractContext({ logger }));
    assert.deepEqual(found, [{ outcome: 'found', providerId: 'fp_1' }]);
    assert.equal(errors.length, 1);
  });

  it('gives a sign of life before each request of a look-up that needs several', async () => {
    const { url } = await server((_, response) => response.end('{"pieces":[]}'));
    let alive = 0;
    const context = contractContext({ alive: () => (alive += 1) });
    const results = await printerAt(url, { maxBatch: 2 }).find(
      [piece(), piece(), piece()],
      context,
    );
    assert.deepEqual([results.length, alive], [3, 2]);
  });
});
