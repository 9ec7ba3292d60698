/** A server that answers what a test wants. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An address at which nobody listens. */
export async function nobodyThere(): Promise<string> {
  const http = createServer();
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  await new Promise((resolve) => http.close(resolve));
  return `http://127.0.0.1:${port}`;
}

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly bytes: Buffer;
}

/** A server that answers as a test wants, and the requests it saw. */
export async function server(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
  onConnection: () => void = () => undefined,
): Promise<{ url: string; seen: SeenRequest[] }> {
  const seen: SeenRequest[] = [];
  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const { method = '', url = '', headers } = request;
      const body = bytes.toString('utf8');
      seen.push({ method, url, headers, body, bytes });
      answer(request, response, body);
    });
  });
  // It keeps no process: a hook of this module would belong to the file that loads it first.
  http.on('connection', (socket) => {
    socket.unref();
    onConnection();
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  http.unref();
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, seen };
}
