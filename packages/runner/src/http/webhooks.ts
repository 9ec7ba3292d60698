/**
 * Webhooks over HTTP: read as raw bytes and answered by hand, past the framework: what it makes of
 * a request and an answer costs more than to check and to store the webhook.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger, Pipeline } from '@postrider/core';

/** No printer sends more in one webhook; a larger body is not read to its end. */
const LARGEST_WEBHOOK = 1024 * 1024;
// So much is read all the same, and thrown away: a sender that is cut off in the middle of sending
// never reads our answer.
const MOST_READ = 4 * LARGEST_WEBHOOK;

export interface WebhookOptions {
  readonly pipeline: Pipeline;
  readonly logger: Logger;
  readonly explain: (error: unknown) => string;
  /** Told of each answer. */
  readonly count: (status: number) => void;
}

/** The path of a webhook's address, `/webhooks/<whose>/<which>`. */
const path = /^\/webhooks\/([^/?#]+)\/([^/?#]+)\/?(?:\?|$)/;

type Answer = readonly [status: number, body: object];

/** Takes webhooks. Returns false, and does nothing, with a request that is none. */
export function createWebhookListener({
  pipeline,
  logger,
  explain,
  count,
}: WebhookOptions): (request: IncomingMessage, response: ServerResponse) => boolean {
  const answered = async (
    request: IncomingMessage,
    whose: string,
    which: string,
  ): Promise<Answer> => {
    const body = await readBody(request);
    if (body === null)
      return [413, { error: `a webhook may hold ${LARGEST_WEBHOOK} bytes; nothing was stored` }];
    const { host = '', ...rest } = request.headers;
    const url = `http://${host}${request.url ?? ''}`;
    const headers = { ...flat(rest), host };
    const reception = await pipeline.receiveWebhook(whose, which, { url, headers, body });
    switch (reception.outcome) {
      case 'stored':
      case 'repeated':
        return [200, { status: reception.outcome }];
      case 'unknown_printer':
        return [404, { error: reception.message }];
      case 'forged':
        logger.warn(
          { printer: reception.printer, reason: reception.message },
          'a webhook was refused',
        );
        return [401, { error: reception.message }];
    }
  };
  const handle = async (
    request: IncomingMessage,
    response: ServerResponse,
    [whose, which]: readonly [string, string],
  ): Promise<void> => {
    const [status, body] = await answered(request, whose, which).catch((error: unknown): Answer => {
      logger.error({ path: request.url, error: explain(error) }, 'a request failed');
      // The sender of a webhook keeps it and sends it again.
      return [503, { error: 'the request could not be handled; send it again' }];
    });
    count(status);
    const text = JSON.stringify(body);
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      // The rest of the body is not worth reading, so the connection cannot be used again.
      ...(status === 413 ? { connection: 'close' } : {}),
    });
    response.end(text);
  };
  return (request, response) => {
    const [, whose, which] = request.method === 'POST' ? (path.exec(request.url ?? '') ?? []) : [];
    if (whose === undefined || which === undefined) return false;
    void handle(request, response, [decoded(whose), decoded(which)]);
    return true;
  };
}

/** As it is where it cannot be decoded: there is no such printer then. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function flat(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}

/** Null where it is too large. Rejects where the sender breaks off. */
async function readBody(request: IncomingMessage): Promise<Uint8Array | null> {
  if (Number(request.headers['content-length'] ?? 0) > MOST_READ) return null;
  return await new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= LARGEST_WEBHOOK) chunks.push(chunk);
      // Of a hundred at once that are too large, a hundred megabytes.
      else chunks.length = 0;
      if (size > MOST_READ) {
        request.pause();
        resolve(null);
      }
    });
    request.once('end', () => {
      const [only] = chunks;
      if (size > LARGEST_WEBHOOK) resolve(null);
      else resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks));
    });
    request.once('close', () => reject(new Error('the sender broke off')));
    request.once('error', reject);
  });
}
