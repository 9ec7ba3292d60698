/**
 * A request with its body read, and the answer to it, as twins of real providers handle them: as
 * bytes, because a provider's bad days (half an answer, a slow one) are bytes too.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface TwinRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What becomes of a request: an answer, or something worse. */
export type Outcome =
  | Answer
  /** The connection is cut. */
  | 'reset'
  /** The connection stays open, and nothing comes. */
  | 'silence'
  /** The answer's body takes so long. */
  | { readonly slowly: Answer; readonly ms: number }
  /** Half of the answer, then the connection is cut. */
  | { readonly half: Answer };

export function json(status: number, value: unknown, headers: Answer['headers'] = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(value),
  };
}

/** Null where it is larger than `most`; the rest is then not read. */
export async function readBody(incoming: IncomingMessage, most: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) return null;
    chunks.push(chunk);
  }
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, size);
}

export async function send(outgoing: ServerResponse, outcome: Outcome): Promise<void> {
  if (outcome === 'silence') return;
  if (outcome === 'reset') {
    outgoing.socket?.destroy();
    return;
  }
  if ('status' in outcome) {
    const length = String(Buffer.byteLength(outcome.body));
    outgoing.writeHead(outcome.status, { ...outcome.headers, 'content-length': length });
    outgoing.end(outcome.body);
    return;
  }
  const { status, headers, body } = 'half' in outcome ? outcome.half : outcome.slowly;
  const bytes = Buffer.from(body);
  const middle = Math.floor(bytes.length / 2);
  outgoing.writeHead(status, { ...headers, 'content-length': String(bytes.length) });
  await new Promise((written) => outgoing.write(bytes.subarray(0, middle), written));
  if ('half' in outcome) {
    outgoing.socket?.destroy();
    return;
  }
  await sleep(outcome.ms, undefined, { ref: false });
  outgoing.end(bytes.subarray(middle));
}
