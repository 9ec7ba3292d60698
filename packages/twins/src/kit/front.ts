/**
 * The HTTP face of a twin that answers in bytes: reads a request whole, keeps it in the log, and
 * hands it to the provider's part or to the control routes below `/twin/`.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { messageOf } from './errors.ts';
import { json, readBody, send, type Answer, type Outcome, type TwinRequest } from './exchange.ts';
import type { LoggedRequest, RequestLog } from './request-log.ts';
import type { TwinServer } from './server.ts';

const LARGEST_BODY = 32 * 1024 * 1024;

export interface FrontParts {
  readonly server: TwinServer;
  readonly requests: RequestLog;
  /** A request of the provider's own interface; it notes in the log what it was. */
  serve(request: TwinRequest, noted: LoggedRequest): Promise<Outcome>;
  /** Below `/twin/`. */
  control(request: TwinRequest): Promise<Answer>;
  /** In the provider's words. */
  tooLarge(): Answer;
  failed(error: unknown): Answer;
  log(line: string): void;
}

export function front(parts: FrontParts): RequestListener {
  return (incoming, outgoing) => {
    const done = exchange(parts, incoming, outgoing).catch((error: unknown) => {
      // The client has gone, in the middle of its request or of the answer.
      outgoing.destroy();
      if (!incoming.destroyed) parts.log(`a request failed: ${messageOf(error)}`);
    });
    void parts.server.attend(done, incoming);
  };
}

async function exchange(
  parts: FrontParts,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { server, requests } = parts;
  const began = performance.now();
  const [path, query] = split(incoming.url ?? '');
  const body = await readBody(incoming, LARGEST_BODY);
  if (body === null) {
    await send(outgoing, { ...parts.tooLarge(), headers: { connection: 'close' } });
    return;
  }
  const { method = 'GET', headers } = incoming;
  const request = { method, path, query, headers, body };
  if (path.startsWith('/twin/')) {
    await send(outgoing, await parts.control(request).catch(controlFailed));
    return;
  }
  // Nothing of it is done: a client that is refused here tries the next start.
  if (server.closing) {
    outgoing.destroy();
    return;
  }
  const noted = requests.add(request);
  const outcome = await parts.serve(request, noted).catch((error: unknown) => {
    parts.log(`a request failed: ${messageOf(error)}`);
    return parts.failed(error);
  });
  noted.status = statusOf(outcome);
  noted.ms = Math.round((performance.now() - began) * 10) / 10;
  if (outcome === 'silence') await server.pause(Infinity);
  await send(outgoing, outcome);
}

function controlFailed(error: unknown): Answer {
  return json(400, { error: { message: messageOf(error) } });
}

function statusOf(outcome: Outcome): number | null {
  if (typeof outcome === 'string') return null;
  if ('status' in outcome) return outcome.status;
  return 'half' in outcome ? null : outcome.slowly.status;
}

function split(url: string): readonly [string, string] {
  const mark = url.indexOf('?');
  return mark === -1 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
}
