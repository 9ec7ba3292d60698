/** How Klaviyo says no: a list of errors after JSON:API. */
import { randomUUID } from 'node:crypto';
import type { Answer } from '../kit/exchange.ts';
import type { Manners } from '../kit/misfortunes.ts';

export const MEDIA_TYPE = 'application/vnd.api+json';

const refusals = {
  authentication_failed: [401, 'Incorrect authentication credentials.'],
  not_authenticated: [401, 'Authentication credentials were not provided.'],
  permission_denied: [403, 'You do not have permission to perform this action.'],
  not_found: [404, 'A resource was not found.'],
  method_not_allowed: [405, 'The method is not allowed.'],
  invalid: [400, 'Invalid input.'],
  duplicate: [409, 'A resource with this id was there already.'],
  payload_too_large: [413, 'The payload is too large.'],
  unsupported_media_type: [415, 'The media type is not supported.'],
  throttled: [429, 'Request was throttled.'],
  error: [500, 'A server error occurred.'],
  unavailable: [503, 'The service is temporarily unavailable.'],
} as const satisfies Record<string, readonly [number, string]>;

export type RefusalCode = keyof typeof refusals;

export interface Where {
  readonly detail?: string | undefined;
  /** Into the body, for example `/data/attributes/time`. */
  readonly pointer?: string | undefined;
  readonly status?: number | undefined;
}

/** Nothing was done, in Klaviyo's words. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: RefusalCode;
  readonly where: Where;
  constructor(code: RefusalCode, where: Where = {}) {
    super(where.detail ?? refusals[code][1]);
    this.code = code;
    this.where = where;
  }
}

export function refusal(code: RefusalCode, { detail, pointer, status }: Where = {}): Answer {
  const [ownStatus, title] = refusals[code];
  return errorAnswer(status ?? ownStatus, { code, title, detail: detail ?? title, pointer });
}

function errorAnswer(
  status: number,
  {
    code,
    title,
    detail,
    pointer = '/data/',
  }: { code: string; title: string; detail: string; pointer?: string | undefined },
): Answer {
  const source = { pointer };
  const error = { id: randomUUID(), status, code, title, detail, source, links: {}, meta: {} };
  return {
    status,
    headers: { 'content-type': MEDIA_TYPE },
    body: JSON.stringify({ errors: [error] }),
  };
}

function isCode(code: string): code is RefusalCode {
  return Object.hasOwn(refusals, code);
}

/** @param seconds until another request is taken; null: it is not told. */
export function throttled(seconds: number | null): Answer {
  const time = `${seconds ?? 1} second${(seconds ?? 1) === 1 ? '' : 's'}`;
  const answer = refusal('throttled', {
    detail: `Request was throttled. Expected available in ${time}.`,
  });
  return seconds === null
    ? answer
    : { ...answer, headers: { ...answer.headers, 'retry-after': String(seconds) } };
}

/** @param retryAfter of a 429 that a script ordered, in seconds. */
export function klaviyoManners(wrongKey: () => Answer, retryAfter: number | null): Manners {
  return {
    rateLimited: () => throttled(retryAfter),
    broken: (status) => refusal(status === 503 ? 'unavailable' : 'error', { status }),
    expiredKey: wrongKey,
    refusal({ code, status, message }) {
      const [ownStatus, title] = isCode(code) ? refusals[code] : refusals.invalid;
      const detail = message ?? title;
      return errorAnswer(status ?? ownStatus, { code, title, detail });
    },
  };
}
