/**
 * One HTTP request whose outcome is never guessed.
 *
 * A caller that posts something must know which of three things happened: an answer came, nothing
 * was sent, or it cannot be told. The first byte is written here, once the connection stands (over
 * TLS: once the other side has proven who it is). So everything before that is proven `not_sent`,
 * whatever the error is called; and everything after it that is no whole answer is `unclear`: a
 * time-out, a reset or half an answer prove nothing.
 *
 * A redirect is an answer and is not followed: an order would go to somebody whom nobody chose.
 */
import type { LookupAddress } from 'node:dns';
import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import type { EncodedBody } from './form.ts';
import { encodeBody, plainText } from './http-body.ts';
import type { HttpBody } from './http-body.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

export type HttpOutcome =
  | ({ readonly kind: 'answer' } & HttpAnswer)
  /** Proven: no byte of the request left. */
  | {
      readonly kind: 'not_sent';
      readonly message: string;
      readonly hungUp: boolean;
      /** After how many milliseconds it may be sent; absent: nobody knows. */
      readonly afterMs?: number;
    }
  | {
      readonly kind: 'unclear';
      readonly message: string;
      /** Whether it was us who did not wait: that says nothing of the other side. */
      readonly hungUp: boolean;
      /** What came of an answer that did not arrive whole. It proves nothing. */
      readonly begun: HttpAnswer | null;
    };

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of a form the content type is set here; of all else it is the caller's. */
  readonly body?: HttpBody | EncodedBody;
  /** Until the first byte can be written: look-up of the name, connection, TLS. */
  readonly connectTimeoutMs?: number;
  /** Over the whole request, the reading of the answer included. */
  readonly timeoutMs: number;
  /** In bytes. An answer that is larger is `unclear`. */
  readonly largestAnswer?: number;
  readonly signal: AbortSignal;
  /**
   * Where the name was looked up already, and these addresses were judged: it is connected to one
   * of them, without a proxy, and the name is not asked for again.
   */
  readonly addresses?: readonly LookupAddress[];
  /** Called just before the first byte is written. Where it throws, nothing is sent. */
  readonly lastCheck?: () => void;
}

const defaultConnectTimeoutMs = 10_000;
const defaultLargestAnswer = 16 * 1024 * 1024;

// Idle connections are closed before servers do: one that closes while the next request is on its
// way makes that request unclear.
const kept = { keepAlive: true, timeout: 4_000 };
/** Requests go through the proxy of the environment, as Node's own do. */
export const isBehindProxy = process.env['NODE_USE_ENV_PROXY'] === '1';
// What is not sent is proven through a proxy, too: over TLS the first byte is written once the
// tunnel stands.
const proxied = isBehindProxy ? { ...kept, proxyEnv: process.env } : kept;
const agents = { 'http:': new PlainAgent(proxied), 'https:': new TlsAgent(proxied) };
// These are apart: a connection that the others keep was made to an address that nobody judged.
// They use no proxy: it would look the name up by itself, and go where it likes.
const judgedAgents = { 'http:': new PlainAgent(kept), 'https:': new TlsAgent(kept) };

export async function sendRequest(given: HttpRequest): Promise<HttpOutcome> {
  const url = URL.canParse(given.url) ? new URL(given.url) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    return notSent('The address of the request is no http: or https: URL; nothing was sent.');
  if (url.username !== '' || url.password !== '')
    return notSent('The address of the request holds a user name or password; nothing was sent.');
  const body = given.body === undefined ? null : encodeBody(given.body);
  if (given.signal.aborted)
    return notSent('The runner is stopping; the request was not sent.', { hungUp: true });
  let request: ClientRequest;
  try {
    request = (url.protocol === 'https:' ? tlsRequest : plainRequest)(url, {
      method: given.method,
      headers: headersOf(given.headers, body),
      ...(given.addresses === undefined
        ? { agent: agents[url.protocol] }
        : { agent: judgedAgents[url.protocol], lookup: lookupOf(given.addresses) }),
    });
  } catch (error) {
    return notSent(`The request cannot be written (${codeOf(error)}); nothing was sent.`);
  }
  return await exchange(request, url.host, { ...given, body });
}

interface Exchange extends Omit<HttpRequest, 'body'> {
  readonly body: EncodedBody | null;
}

async function exchange(
  request: ClientRequest,
  where: string,
  {
    body,
    timeoutMs,
    connectTimeoutMs = defaultConnectTimeoutMs,
    largestAnswer = defaultLargestAnswer,
    signal,
    lastCheck,
  }: Exchange,
): Promise<HttpOutcome> {
  const { promise, resolve } = Promise.withResolvers<HttpOutcome>();
  let sent = false;
  let over = false;
  let begun: (() => HttpAnswer) | null = null;

  const fail = (message: string, { hungUp = false } = {}): void => {
    // A request that is over has given its connection back, perhaps to the next one.
    if (over) return;
    over = true;
    resolve(
      sent
        ? { kind: 'unclear', message, hungUp, begun: begun?.() ?? null }
        : notSent(message, { hungUp }),
    );
    request.destroy();
  };
  const late = (ms: number): void =>
    fail(
      sent
        ? `${where} did not answer within ${ms} ms.`
        : `${where} took no connection within ${ms} ms; nothing was sent.`,
    );
  const aborted = (): void =>
    fail(
      sent
        ? `The runner stopped while ${where} was being asked.`
        : 'The runner is stopping; the request was not sent.',
      { hungUp: true },
    );
  const broken = (error: unknown): void =>
    fail(
      sent
        ? `The connection to ${where} broke (${codeOf(error)}).`
        : `${where} cannot be reached (${codeOf(error)}); nothing was sent.`,
    );

  const connecting = setTimeout(late, connectTimeoutMs, connectTimeoutMs);
  const waiting = setTimeout(late, timeoutMs, timeoutMs);
  signal.addEventListener('abort', aborted);

  request.once('socket', (socket) => {
    whenReady(socket, request.reusedSocket, () => {
      clearTimeout(connecting);
      if (over) return;
      try {
        lastCheck?.();
      } catch (error) {
        fail(`Not sent: ${error instanceof Error ? error.message : String(error)}`, {
          hungUp: true,
        });
        return;
      }
      sent = true;
      request.end(body?.bytes);
    });
  });
  request.on('error', broken);
  request.on('close', () => broken(new Error('it was closed without an answer')));
  request.once('response', (response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    begun = (): HttpAnswer => answerOf(response, Buffer.concat(chunks).toString('utf8'));
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > largestAnswer) fail(`${where} answered more than ${largestAnswer} bytes.`);
      else chunks.push(chunk);
    });
    response.on('error', broken);
    response.once('end', () => {
      if (!response.complete) {
        broken(new Error('its answer ended early'));
        return;
      }
      const bytes = Buffer.concat(chunks);
      const text = plainText(bytes, response.headers['content-encoding'], largestAnswer);
      if (text === null) fail(`${where} answered in an encoding that cannot be read.`);
      else if (!over) {
        over = true;
        resolve({ kind: 'answer', ...answerOf(response, text) });
      }
    });
  });

  try {
    return await promise;
  } finally {
    clearTimeout(connecting);
    clearTimeout(waiting);
    signal.removeEventListener('abort', aborted);
  }
}

/** Answers with what was looked up before. */
function lookupOf(addresses: readonly LookupAddress[]): LookupFunction {
  return (_name, { all }, callback) => {
    const [first] = addresses;
    if (first === undefined) callback(new Error('the name has no address'), '');
    else if (all === true) callback(null, [...addresses]);
    else callback(null, first.address, first.family);
  };
}

/** Calls back once a byte that is written would leave: at once on a connection that was used. */
function whenReady(socket: Socket, reused: boolean, ready: () => void): void {
  if (reused) ready();
  // Before the certificate is checked, what is written might be for anybody. Through a proxy it has
  // been checked by now.
  else if ('secureConnecting' in socket && socket.secureConnecting === true)
    socket.once('secureConnect', ready);
  else if (socket.connecting) socket.once('connect', ready);
  // Where there is no way to the address, the socket is over before anybody was told of it.
  else if (!socket.destroyed) ready();
}

function notSent(message: string, { hungUp = false } = {}): HttpOutcome {
  return { kind: 'not_sent', message, hungUp };
}

function headersOf(
  given: Readonly<Record<string, string>>,
  body: EncodedBody | null,
): OutgoingHttpHeaders {
  const lowered = Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]);
  const contentType = body?.contentType ?? null;
  return {
    accept: '*/*',
    'user-agent': 'postrider',
    ...Object.fromEntries(lowered),
    // What is not packed cannot unpack to more than the limit.
    'accept-encoding': 'identity',
    ...(body === null ? {} : { 'content-length': body.bytes.length }),
    ...(contentType === null ? {} : { 'content-type': contentType }),
  };
}

function answerOf(response: IncomingMessage, body: string): HttpAnswer {
  const headers = new Headers();
  for (const [name, values] of Object.entries(response.headersDistinct))
    for (const value of values ?? []) headers.append(name, value);
  return { status: response.statusCode ?? 0, headers, body };
}

/**
 * Milliseconds that a `Retry-After` header asks for, in seconds or as a date; null where there is
 * none. At most an hour, unless told.
 */
export function retryAfterMs(headers: Headers, now: Date, atMostMs = 3_600_000): number | null {
  const value = headers.get('retry-after')?.trim();
  if (value === undefined || value === '') return null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now.getTime();
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), atMostMs);
}

/** What an error is called; where it has no code, its words. */
function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.message : 'unknown error';
}
