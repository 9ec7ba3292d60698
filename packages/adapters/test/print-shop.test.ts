import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, it } from 'node:test';
import { contractContext } from '@postrider/core/contract';
import { AdapterConfigError } from '@postrider/core/ports';
import type { SubmitResult } from '@postrider/core/ports';
import { held, piece, printerAt, secret, secrets, token, webhookOf } from './pieces.ts';

describe('Print shop client', () => {
  const closing: (() => Promise<unknown>)[] = [];
  after(() => Promise.all(closing.map((close) => close())));

  /** A server that answers as a test wants, and the requests it saw. */
  async function server(
    answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
  ): Promise<{ url: string; seen: { headers: IncomingMessage['headers']; body: string }[] }> {
    const seen: { headers: IncomingMessage['headers']; body: string }[] = [];
    const http = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        seen.push({ headers: request.headers, body });
        answer(request, response, body);
      });
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    closing.push(() => {
      http.closeAllConnections();
      return new Promise((resolve) => http.close(resolve));
    });
    return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, seen };
  }

  async function outcomeOf(
    status: number,
    body: string,
    headers: Record<string, string> = {},
    pieces = 1,
  ): Promise<readonly SubmitResult[]> {
    const { url } = await server((_, response) => response.writeHead(status, headers).end(body));
    return printerAt(url).submit(Array.from({ length: pieces }, piece), held, contractContext());
  }

  it('maps every answer to what it proves', async () => {
    const refusal = JSON.stringify({ code: 'some_code', message: 'Some words.' });
    const accepted = JSON.stringify({
      status: 'accepted',
      id: 'fp_1',
      replayed: false,
      expectedDelivery: '2026-11-30',
    });
    const results = (...each: string[]): string => `{"results":[${each.join()}]}`;
    for (const [status, body, expected] of [
      [200, results(accepted), 'accepted'],
      [200, results('{"status":"rejected","code":"bad_artwork","message":"No."}'), 'rejected'],
      // A piece exists under this key: to call that rejected would print it a second time.
      [
        200,
        results('{"status":"rejected","code":"idempotency_conflict","message":"Known."}'),
        'unknown',
      ],
      [409, refusal, 'unknown'],
      [200, results(), 'unknown'],
      [200, results(accepted, accepted), 'unknown'],
      [200, results('{"status":"perhaps"}'), 'unknown'],
      [200, '{"results":', 'unknown'],
      [200, '<html>', 'unknown'],
      [204, '', 'unknown'],
      [302, '', 'unknown'],
      [400, refusal, 'rejected'],
      [422, refusal, 'rejected'],
      [401, refusal, 'retry'],
      [403, refusal, 'retry'],
      [404, 'not here', 'retry'],
      [408, '', 'unknown'],
      [412, refusal, 'unknown'],
      [412, JSON.stringify({ code: 'another_ledger', message: 'Not ours.' }), 'retry'],
      [429, refusal, 'retry'],
      [500, refusal, 'unknown'],
      [503, refusal, 'unknown'],
    ] as const) {
      const [result] = await outcomeOf(status, body, { location: 'http://127.0.0.1:1/' });
      assert.equal(result?.outcome, expected, `${status} ${body}`);
    }
  });

  it('takes the good results of a batch in which one cannot be read', async () => {
    const good = '{"status":"accepted","id":"fp_1"}';
    const results = await outcomeOf(200, `{"results":[${good},{"status":7},${good}]}`, {}, 3);
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      ['accepted', 'unknown', 'accepted'],
    );
  });

  it('waits as long as it is told', async () => {
    for (const [value, expected] of [
      ['7', 7_000],
      ['100000000', 3_600_000],
      ['soon', 5_000],
      [new Date(Date.now() + 60_000).toUTCString(), 60_000],
    ] as const) {
      const [result] = await outcomeOf(429, '{}', { 'retry-after': value });
      assert.ok(
        result?.outcome === 'retry' && Math.abs(result.afterMs - expected) <= 2_000,
        `${value}: ${JSON.stringify(result)}`,
      );
    }
  });

  it('calls it unknown when the answer takes too long, stops in the middle, or the runner stops', async () => {
    const silent = await server(() => undefined);
    const [late] = await printerAt(silent.url, { timeoutMs: 100 }).submit(
      [piece()],
      held,
      contractContext(),
    );
    assert.equal(late?.outcome, 'unknown');
    if (late?.outcome === 'unknown') assert.match(late.message, /within 100 ms/);

    const half = await server((_, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"results":[');
      setTimeout(() => response.destroy(), 20);
    });
    assert.equal(
      (await printerAt(half.url).submit([piece()], held, contractContext()))[0]?.outcome,
      'unknown',
    );

    const controller = new AbortController();
    const stopping = await server(() => controller.abort());
    const [stopped] = await printerAt(stopping.url).submit(
      [piece()],
      held,
      contractContext({ signal: controller.signal }),
    );
    assert.equal(stopped?.outcome, 'unknown');
  });

  it('asks for the lease after it has waited for the rate limit', async () => {
    const { url, seen } = await server((_, response) => response.end('{}'));
    const order: string[] = [];
    const limiter = {
      async take() {
        order.push('limiter');
        return 0;
      },
    };
    await printerAt(url).submit(
      [piece()],
      { assertHeld: () => order.push('lease') },
      contractContext({ limiter }),
    );
    assert.deepEqual(order, ['limiter', 'lease']);
    assert.equal(seen.length, 1);
  });

  it('sends the token as a header and nowhere else, and the order without anything added', async () => {
    const { url, seen } = await server((_, response) => response.writeHead(500).end());
    const one = piece();
    const [result] = await printerAt(`${url}/`).submit([one], held, contractContext());
    assert.equal(seen[0]?.headers.authorization, `Bearer ${token}`);
    assert.deepEqual(JSON.parse(seen[0]?.body ?? ''), { pieces: [one] });
    assert.doesNotMatch(JSON.stringify(result), new RegExp(token));
  });

  it('does not send without a token, and says which secret is missing', async () => {
    assert.throws(
      () => printerAt('http://127.0.0.1:1', {}, {}),
      (error) =>
        error instanceof AdapterConfigError &&
        error.option === 'printer.tokenSecret' &&
        /PRINT_SHOP_TOKEN/.test(error.message),
    );
    for (const url of ['ftp://example.com', 'http://user:word@127.0.0.1:1', 'print shop']) {
      assert.throws(
        () => printerAt(url),
        (error) => error instanceof AdapterConfigError && error.option === 'printer.url',
        url,
      );
    }
  });

  it('takes a webhook signed with any of its secrets while one is being replaced', () => {
    const next = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
    const both = printerAt(
      'http://127.0.0.1:1',
      {},
      { ...secrets, PRINT_SHOP_WEBHOOK_SECRET: `${next} ${secret}` },
    );
    for (const key of [secret, next]) {
      const { headers, body } = webhookOf(piece(), 0, key);
      assert.equal(both.verifyWebhook(headers, body, new Date()).valid, true);
    }
    const { headers, body } = webhookOf(
      piece(),
      0,
      `whsec_${Buffer.alloc(32, 8).toString('base64')}`,
    );
    assert.equal(both.verifyWebhook(headers, body, new Date()).valid, false);
    const several = webhookOf(piece(), 0);
    const signatures = {
      ...several.headers,
      'webhook-signature': `v1,AAAA v2,xx ${several.headers['webhook-signature']}`,
    };
    assert.equal(both.verifyWebhook(signatures, several.body, new Date()).valid, true);
    for (const bad of ['', 'whsec_', 'whsec_c2hvcnQ=', 'plain words']) {
      const printer = printerAt(
        'http://127.0.0.1:1',
        {},
        { ...secrets, PRINT_SHOP_WEBHOOK_SECRET: bad },
      );
      assert.equal(
        printer.verifyWebhook(several.headers, several.body, new Date()).valid,
        false,
        bad,
      );
    }
  });

  it('keeps a status and a confidence that it does not know', () => {
    const printer = printerAt('http://127.0.0.1:1');
    const event = {
      eventId: 'e1',
      status: 'abducted',
      confidence: 'rumour',
      occurredAt: '2026-11-24T12:00:00+01:00',
      extra: 1,
    };
    const [read] = printer.parseWebhook(
      Buffer.from(JSON.stringify({ type: 'piece.events', data: { events: [event] } })),
    );
    assert.deepEqual(read, {
      eventId: 'e1',
      providerId: null,
      mailpieceId: null,
      organizationId: null,
      status: null,
      providerStatus: 'abducted',
      occurredAt: '2026-11-24T11:00:00.000Z',
      confidence: 'estimated',
    });
  });

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
      const [sent] = await client.submit([piece()], held, contractContext());
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
});
