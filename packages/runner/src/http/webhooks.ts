/**
 * Webhooks over HTTP: read as raw bytes and answered by hand, past the framework: what it makes of
 * a request and an answer costs more than to check and to store the webhook.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger, Pipeline, Reception } from '@postrider/core';

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

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: readonly string[];
}

/** Takes webhooks. Returns false, and does nothing, with a request that is none. */
export function createWebhookListener({
  pipeline,
  logger,
  explain,
  count,
}: WebhookOptions): (request: IncomingMessage, response: ServerResponse) => boolean {
  const answerOf = (reception: Reception): Answer => {
    switch (reception.outcome) {
      case 'stored':
      case 'repeated':
        return taken[reception.outcome];
      case 'unknown_printer':
        return answer(404, { error: reception.message });
      case 'forged':
        logger.warn(
          { printer: reception.printer, reason: reception.message },
          'a webhook was refused',
        );
        return answer(401, { error: reception.message });
    }
  };
  const answered = async (
    request: IncomingMessage,
    [whose, which]: readonly [string, string],
  ): Promise<Answer> => {
    try {
      const body = await readBody(request);
      if (body === null) return tooLarge;
      const url = `http://${request.headers.host ?? ''}${request.url ?? ''}`;
      const headers = flat(request.headers);
      return answerOf(await pipeline.receiveWebhook(whose, which, { url, headers, body }));
    } catch (error) {
      logger.error({ path: request.url, error: explain(error) }, 'a request failed');
      // The sender of a webhook keeps it and sends it again.
      return answer(503, { error: 'the request could not be handled; send it again' });
    }
  };
  const handle = async (
    request: IncomingMessage,
    response: ServerResponse,
    address: readonly [string, string],
  ): Promise<void> => {
    const { status, headers, text } = await answered(request, address);
    count(status);
    response.writeHead(status, [...headers]);
    response.end(text);
  };
  return (request, response) => {
    const [, whose, which] = request.method === 'POST' ? (path.exec(request.url ?? '') ?? []) : [];
    if (whose === undefined || which === undefined) return false;
    void handle(request, response, [decoded(whose), decoded(which)]);
    return true;
  };
}

function answer(status: number, body: object): Answer {
  const text = JSON.stringify(body);
  const headers = [
    'content-type',
    'application/json',
    'content-length',
    String(Buffer.byteLength(text)),
  ];
  // The rest of the body is not worth reading, so the connection cannot be used again.
  return { status, text, headers: status === 413 ? [...headers, 'connection', 'close'] : headers };
}

const taken = {
  stored: answer(200, { status: 'stored' }),
  repeated: answer(200, { status: 'repeated' }),
};
const tooLarge = answer(413, {
  error: `a webhook may hold ${LARGEST_WEBHOOK} bytes; nothing was stored`,
});

/** As it is where it cannot be decoded: there is no such printer then. */
function decoded(part: string): string {
  if (!part.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Each header as one text; `host` is there in any case. */
function flat(headers: IncomingMessage['headers']): Record<string, string> {
  const all: Record<string, string> = { host: '' };
  for (const name in headers) {
    const value = headers[name];
    all[name] = Array.isArray(value) ? value.join(', ') : (value ?? '');
  }
  return all;
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
    request.once('close', () => {
      // Of each request, also of one that was read to its end: an error costs more than to read it.
      if (!request.complete) reject(new Error('the sender broke off'));
    });
    request.once('error', reject);
  });
}
