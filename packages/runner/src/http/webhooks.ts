/**
 * Webhooks over HTTP: read as raw bytes and answered by hand, past the framework: what it makes of
 * a request and an answer costs more than to check and to store the webhook.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger, Pipeline, Reception } from '@postrider/core';
import { BodyReader, LARGEST_WEBHOOK } from './read-body.ts';

export interface WebhookOptions {
  readonly pipeline: Pipeline;
  readonly logger: Logger;
  readonly explain: (error: unknown) => string;
  /** Told of each answer. */
  readonly count: (status: number) => void;
  /** Bytes that webhooks which are not small may hold together. */
  readonly heldBytes: number;
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
  heldBytes,
}: WebhookOptions): (request: IncomingMessage, response: ServerResponse) => boolean {
  const bodies = new BodyReader(heldBytes);
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
      return await bodies.read(request, async (read) => {
        if (read.outcome !== 'whole') return refusals[read.outcome];
        const url = `http://${request.headers.host ?? ''}${request.url ?? ''}`;
        const webhook = { url, headers: flat(request.headers), body: read.body };
        return answerOf(await pipeline.receiveWebhook(whose, which, webhook));
      });
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
const busy = answer(503, { error: 'too many webhooks come at once; send it again' });
const refusals = {
  too_large: answer(413, {
    error: `a webhook may hold ${LARGEST_WEBHOOK} bytes; nothing was stored`,
  }),
  no_room: { ...busy, headers: [...busy.headers, 'retry-after', '10'] },
};

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
