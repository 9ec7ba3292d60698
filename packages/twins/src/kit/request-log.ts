/**
 * Every request that a twin was sent, for those who assert on them. Kept in memory, the oldest go
 * first. A key that authenticated it is never kept, and of a long body only its size.
 */
import type { TwinRequest } from './exchange.ts';

/** Of a longer body the size is kept: at a thousand requests a second memory has an end. */
const KEPT_BODY = 4_096;
const SECRET_HEADERS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'x-api-key']);

export interface LoggedRequest {
  /** Counts from 1, over all requests of this process. */
  readonly number: number;
  /** When it had come whole: ISO 8601, by the real clock and not by the twin's. */
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Which of the twin's endpoints it was for; empty where none, or where the key was wrong. */
  endpoint: string;
  /** `test` or `live`, where the key was right. */
  mode: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly text: string } | { readonly bytes: number };
  /** What the twin read from the body: files by size and hash. Null: it was not read. */
  fields: unknown;
  /** The kind of the fault that hit it. */
  fault: string | null;
  /** Null: none was sent, or not yet. */
  status: number | null;
  /** Until the answer was sent. */
  ms: number | null;
}

export class RequestLog {
  readonly #most: number;
  #kept: LoggedRequest[] = [];
  #number = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** How many there were, the forgotten ones included. */
  get count(): number {
    return this.#number;
  }

  add({ method, path, query, headers, body }: TwinRequest): LoggedRequest {
    const text = body.length <= KEPT_BODY && !isMultipart(headers['content-type']);
    const kept: LoggedRequest = {
      number: (this.#number += 1),
      at: new Date().toISOString(),
      method,
      path,
      query,
      endpoint: '',
      mode: '',
      headers: withoutSecrets(headers),
      body: text ? { text: body.toString() } : { bytes: body.length },
      fields: null,
      fault: null,
      status: null,
      ms: null,
    };
    this.#kept.push(kept);
    // Trimmed by halves, so that it costs nothing a request.
    if (this.#kept.length > 2 * this.#most) this.#kept = this.#kept.slice(-this.#most);
    return kept;
  }

  list(wanted: (request: LoggedRequest) => boolean): {
    readonly requests: readonly LoggedRequest[];
    /** So many are forgotten. */
    readonly forgotten: number;
  } {
    return {
      requests: this.#kept.filter(wanted),
      forgotten: this.#number - this.#kept.length,
    };
  }

  clear(): void {
    this.#kept = [];
  }
}

function isMultipart(type = ''): boolean {
  return type.startsWith('multipart/');
}

function withoutSecrets(headers: TwinRequest['headers']): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    kept[name] = SECRET_HEADERS.has(name) ? '(not kept)' : String(value);
  return kept;
}
