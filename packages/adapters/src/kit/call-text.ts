/**
 * A request and its answer as they are kept: to be read by people, without secrets, and without
 * what is large. A body of over 8 kB is kept by its length and its SHA-256. Of a form each part is
 * listed; of a file, which may be artwork, never the bytes.
 */
import { createHash } from 'node:crypto';
import type { HttpBody } from './http-body.ts';
import type { HttpAnswer, HttpRequest } from './http.ts';
import { isSecretHeader, REDACTED } from './redact.ts';
import type { Redact } from './redact.ts';

const largestBody = 8192;
const largestLine = 2048;

export function requestText(
  {
    method,
    url,
    headers,
    body,
  }: Pick<HttpRequest, 'method' | 'url' | 'headers'> & {
    readonly body?: HttpBody;
  },
  redact: Redact,
): string {
  const lines = [`${method} ${cut(redact(url))}`, ...headerLines(Object.entries(headers), redact)];
  return storable(
    body === undefined ? lines.join('\n') : `${lines.join('\n')}\n\n${requestBody(body, redact)}`,
  );
}

export function answerText({ status, headers, body }: HttpAnswer, redact: Redact): string {
  const lines = [String(status), ...headerLines([...headers], redact)];
  if (body === '') return storable(lines.join('\n'));
  const readable = !body.includes('\0') && !body.includes('\uFFFD');
  return storable(`${lines.join('\n')}\n\n${readable ? textBody(body, redact) : byHash(body)}`);
}

/** What Postgres takes as text: no NUL and no half of a letter. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}

function headerLines(
  headers: readonly (readonly [name: string, value: string])[],
  redact: Redact,
): string[] {
  return headers.map(
    ([name, value]) => `${name}: ${isSecretHeader(name) ? REDACTED : cut(redact(value))}`,
  );
}

function requestBody(body: HttpBody, redact: Redact): string {
  if (typeof body === 'string') return textBody(body, redact);
  if (body instanceof Uint8Array) return byHash(body);
  const parts = body.fields.map(([name, value]): string => {
    const field = cut(redact(name));
    if (typeof value === 'string')
      return `${field}: ${isSecretHeader(name) ? REDACTED : fieldText(value, redact)}`;
    const file = `${redact(value.name)}, ${value.type}`;
    return `${field}: file ${cut(file)}, ${byHash(value.bytes, value.hash)}`;
  });
  return textBody(parts.join('\n'), (text) => text);
}

function fieldText(value: string, redact: Redact): string {
  return value.length > largestLine ? byHash(value) : JSON.stringify(redact(value));
}

function textBody(body: string, redact: Redact): string {
  return Buffer.byteLength(body) > largestBody ? byHash(body) : redact(body);
}

function byHash(bytes: string | Uint8Array, known?: string): string {
  const hash = known ?? createHash('sha256').update(bytes).digest('hex');
  return `[${Buffer.byteLength(bytes)} bytes, SHA-256 ${hash}]`;
}

function cut(line: string): string {
  return line.length > largestLine ? `${line.slice(0, largestLine)}…` : line;
}
