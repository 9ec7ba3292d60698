import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LossyProxy {
  readonly url: string;
  close(): Promise<void>;
}

/** Hands orders on to `url`, and hangs up before the answer. */
export async function loseAnswersOf(url: string): Promise<LossyProxy> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const {
        host: _host,
        connection: _connection,
        'content-length': _length,
        ...headers
      } = request.headers;
      void fetch(url + String(request.url), {
        method: String(request.method),
        headers: headers as Record<string, string>,
        ...(request.method === 'POST' ? { body: Buffer.concat(chunks) } : {}),
      }).then(
        () => response.destroy(),
        () => response.destroy(),
      );
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
