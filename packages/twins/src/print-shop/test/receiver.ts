/** A receiver of webhooks. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface ReceivedWebhook {
  readonly headers: IncomingHttpHeaders;
  readonly raw: string;
}

/** An HTTP server that keeps every POST; `answer` gives the status, or undefined for silence. */
export async function webhookReceiver(
  t: TestContext,
  answer: (webhook: ReceivedWebhook) => number | undefined = () => 204,
  delayMs = 0,
): Promise<{ url: string; received: ReceivedWebhook[]; close(): Promise<void> }> {
  const received: ReceivedWebhook[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const webhook = { headers: request.headers, raw: Buffer.concat(chunks).toString() };
      received.push(webhook);
      const status = answer(webhook);
      if (status !== undefined) setTimeout(() => response.writeHead(status).end(), delayMs);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    if (server.listening) await new Promise((closed) => server.close(closed));
  };
  t.after(close);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    close,
  };
}
