/**
 * One request to a provider, with all that it owes the others: it waits for the limit that all
 * runners share, says that it is at it, asks the guard last, tells the limiter what the answer
 * says of it, and leaves a record without secrets. The outcome has no secrets either: a provider
 * may quote the key in its refusal, and what adapters make of that is stored, logged and shown.
 */
import { isNamed } from '@postrider/core/ports';
import type {
  CallContext,
  SendGuard,
  SendStoppedError,
  LimitNotice,
  Permit,
  RouteLimit,
} from '@postrider/core/ports';
import { answerText, requestText, storable } from './call-text.ts';
import { encodeBody, type HttpBody } from './http-body.ts';
import { retryAfterMs, sendRequest } from './http.ts';
import type { HttpAnswer, HttpOutcome, HttpRequest } from './http.ts';
import { redactor, valueRedactor } from './redact.ts';
import type { Redact } from './redact.ts';

export interface ProviderRequest extends Omit<HttpRequest, 'body' | 'signal' | 'lastCheck'> {
  /** Of a form the content type is set here; of all else it is the caller's. */
  readonly body?: HttpBody;
  /** What the provider counts together, and how many of them it takes. */
  readonly limit: RouteLimit;
  /** How many requests it counts as; 1 unless told. */
  readonly cost?: number;
  /** Of ours: the ids of the mailpieces, or of others, that the request is about. */
  readonly about: readonly string[];
  /** Values that must stand in no record, wherever they travel. */
  readonly secrets: readonly string[];
  /** What the headers of an answer say of the limit; null: nothing. */
  readonly readLimit?: (headers: Headers, now: Date) => LimitNotice | null;
  /** The header by which the provider finds the request in its own log. */
  readonly requestIdHeader?: string;
}

/**
 * @param guard of what the request creates. It is asked when every wait is over and the connection
 * stands: just before the first byte.
 */
export async function callProvider(
  request: ProviderRequest,
  context: CallContext,
  guard?: SendGuard,
): Promise<HttpOutcome> {
  // Before the slot: nothing that takes its time comes between it and the first byte.
  const body = request.body === undefined ? {} : { body: encodeBody(request.body) };
  let permit: Permit;
  try {
    permit = await context.limiter.take(request.limit, request.cost ?? 1, context.signal);
  } catch (error) {
    // Nobody was asked: there is nothing to keep.
    const why = error instanceof Error ? error.message : String(error);
    const stopped = isNamed<SendStoppedError>(error, 'SendStoppedError') ? error.afterMs : null;
    const after = typeof stopped === 'number' ? { afterMs: stopped } : {};
    return { kind: 'not_sent', message: `Not sent: ${why}`, hungUp: true, ...after };
  }
  context.alive();
  const startedAt = context.now();
  const began = performance.now();
  const http: HttpRequest = {
    ...request,
    ...body,
    signal: context.signal,
    ...(guard === undefined ? {} : { lastCheck: () => guard.assertMaySend() }),
  };
  const outcome = withoutSecrets(await sendRequest(http), valueRedactor(request.secrets));
  permit.end(outcome.kind !== 'not_sent');
  const durationMs = Math.round(performance.now() - began);
  const answer = outcome.kind === 'answer' ? outcome : null;
  if (answer !== null) tellLimiter(request, answer, context);
  if (outcome.kind === 'not_sent' && outcome.hungUp) return outcome;
  const redact = redactor(request.secrets);
  const came = outcome.kind === 'unclear' ? outcome.begun : answer;
  context.calls.record({
    route: request.limit.route,
    about: request.about,
    startedAt,
    durationMs,
    status: came?.status ?? null,
    outcome: outcome.kind,
    hungUp: outcome.kind !== 'answer' && outcome.hungUp,
    providerRequestId: came === null ? null : requestIdOf(came, request.requestIdHeader, redact),
    request: requestText(request, redact),
    answer: came === null ? null : answerText(came, redact),
    error: outcome.kind === 'answer' ? null : storable(redact(outcome.message)),
  });
  return outcome;
}

function withoutSecrets(outcome: HttpOutcome, redact: Redact): HttpOutcome {
  const answered = ({ status, headers, body }: HttpAnswer): HttpAnswer => {
    const told = [...headers];
    const kept = told.map(([name, value]): [string, string] => [name, redact(value)]);
    // To make headers costs more than to look at them, and hardly any has a secret.
    const isSame = kept.every(([, value], index) => value === told[index]?.[1]);
    return { status, headers: isSame ? headers : new Headers(kept), body: redact(body) };
  };
  if (outcome.kind === 'answer') return { kind: 'answer', ...answered(outcome) };
  const told = { ...outcome, message: redact(outcome.message) };
  return told.kind === 'not_sent' || told.begun === null
    ? told
    : { ...told, begun: answered(told.begun) };
}

function tellLimiter(
  { limit, readLimit }: ProviderRequest,
  { status, headers }: HttpAnswer,
  context: CallContext,
): void {
  const now = context.now();
  const told = readLimit?.(headers, now) ?? null;
  if (status !== 429) {
    if (told !== null) context.limiter.told(limit, told);
    return;
  }
  context.limiter.told(limit, {
    kind: 'exceeded',
    retryAfterMs: retryAfterMs(headers, now) ?? pauseOf(told, now),
  });
}

/** How long to wait by what else the headers say. */
function pauseOf(told: LimitNotice | null, now: Date): number | null {
  if (told === null) return null;
  if (told.kind === 'exceeded') return told.retryAfterMs;
  return told.resetAt === null ? null : Math.max(told.resetAt.getTime() - now.getTime(), 0);
}

const usualIds = ['request-id', 'x-request-id', 'x-amzn-requestid', 'cf-ray'];

function requestIdOf(
  { headers }: HttpAnswer,
  name: string | undefined,
  redact: Redact,
): string | null {
  const names = name === undefined ? usualIds : [name];
  const id = names.map((one) => headers.get(one)).find((value) => value !== null) ?? null;
  return id === null ? null : storable(redact(id)).slice(0, 200);
}
