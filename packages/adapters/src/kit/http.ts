/**
 * One HTTP request whose outcome is never guessed.
 *
 * A caller that posts something must know which of three things happened: an answer came, nothing
 * was sent, or it cannot be told. Only where the connection was never made is it proven that the
 * other side did nothing; a time-out, a reset or half an answer prove nothing.
 */

export type HttpOutcome =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Headers;
      readonly body: string;
    }
  /** Proven: the request never left. */
  | { readonly kind: 'not_sent'; readonly message: string }
  | { readonly kind: 'unclear'; readonly message: string };

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Over the whole request, the reading of the answer included. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const largestAnswer = 16 * 1024 * 1024;
const neverConnected = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH']);

export async function sendRequest({
  method,
  url,
  headers,
  body,
  timeoutMs,
  signal,
}: HttpRequest): Promise<HttpOutcome> {
  if (signal.aborted)
    return { kind: 'not_sent', message: 'The runner is stopping; the request was not sent.' };
  const timeout = AbortSignal.timeout(timeoutMs);
  const where = new URL(url).host;
  try {
    const response = await fetch(url, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      // Followed, a redirect would post the order a second time to somebody we did not choose.
      redirect: 'manual',
      signal: AbortSignal.any([signal, timeout]),
    });
    return {
      kind: 'answer',
      status: response.status,
      headers: response.headers,
      body: await readCapped(response),
    };
  } catch (error) {
    const code = errorCodeOf(error);
    if (neverConnected.has(code))
      return {
        kind: 'not_sent',
        message: `${where} cannot be reached (${code}); nothing was sent.`,
      };
    if (timeout.aborted)
      return { kind: 'unclear', message: `${where} did not answer within ${timeoutMs} ms.` };
    if (signal.aborted)
      return { kind: 'unclear', message: `The runner stopped while ${where} was being asked.` };
    return {
      kind: 'unclear',
      message: `The connection to ${where} broke (${code || (error instanceof Error ? error.message : String(error))}).`,
    };
  }
}

/**
 * Milliseconds that a `Retry-After` header asks for, in seconds or as a date; null where there is
 * none. At most an hour.
 */
export function retryAfterMs(headers: Headers, now: Date): number | null {
  const value = headers.get('retry-after')?.trim();
  if (value === undefined || value === '') return null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now.getTime();
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), 3_600_000);
}

async function readCapped(response: Response): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of response.body) {
    total += chunk.length;
    if (total > largestAnswer) throw new Error(`the answer is larger than ${largestAnswer} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * fetch hides the reason in the cause, and where a name has several addresses in a list: all of
 * them must have refused.
 */
function errorCodeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (cause instanceof AggregateError) {
    const codes = new Set(cause.errors.map(codeOf));
    return codes.size === 1
      ? ([...codes][0] ?? '')
      : [...codes].every((code) => neverConnected.has(code))
        ? 'ECONNREFUSED'
        : '';
  }
  return codeOf(cause);
}

function codeOf(error: unknown): string {
  return typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    typeof error.code === 'string'
    ? error.code
    : '';
}
