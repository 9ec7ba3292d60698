/** The office of the test's provider: an HTTP server that knows keys and takes cards. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface AcmeOffice extends AsyncDisposable {
  readonly url: string;
  /** The keys that it takes, with the mode of each. */
  readonly keys: Map<string, 'test' | 'live'>;
  /** What came in: the key, and for a card its mode. */
  readonly requests: {
    readonly path: string;
    readonly key: string;
    readonly mode: string | null;
  }[];
  /** Answers everything so; null: as it should. */
  broken: number | null;
}

export async function acmeOffice(): Promise<AcmeOffice> {
  const keys: AcmeOffice['keys'] = new Map();
  const requests: AcmeOffice['requests'] = [];
  const office = { keys, requests, broken: null as number | null };
  let cards = 0;
  const server = createServer((request, response) => {
    void (async () => {
      const key = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
      const body = await text(request);
      const mode = body === '' ? null : (JSON.parse(body) as { mode: string }).mode;
      requests.push({ path: request.url ?? '', key, mode });
      const answer = (status: number, told: object): void =>
        void response
          .writeHead(status, { 'content-type': 'application/json' })
          .end(JSON.stringify(told));
      const known = keys.get(key);
      if (office.broken !== null) answer(office.broken, { error: `out of order, ${key}` });
      // As some do: it quotes the key.
      else if (known === undefined) answer(401, { error: `no such key: ${key}` });
      else if (request.url === '/account')
        answer(200, { owner: 'Flour & Field', mode: known, balance: '12.50 USD' });
      else answer(200, { id: `acme_card_${(cards += 1)}` });
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(office, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
