/**
 * Events of cards as webhooks to a system of one's own, by the Standard Webhooks specification:
 * signed, each with an id that stays the same when it is sent again, and sent again over days.
 *
 * What is tried again, and when, is core's to remember: this says after which time. An endpoint
 * that does not answer is not asked for each event that waits: a few tries say it for all of them.
 */
import { AdapterConfigError } from '@postrider/core/ports';
import type {
  AdapterWiring,
  CallContext,
  EffectItem,
  EffectResult,
  EventSink,
} from '@postrider/core/ports';
import { callProvider } from '../kit/call.ts';
import { isBehindProxy, retryAfterMs, type HttpAnswer } from '../kit/http.ts';
import { oneByOne, type Tried } from '../kit/one-by-one.ts';
import { parseOptions } from '../kit/options.ts';
import { parseWebhookSecrets, signStandardWebhook } from '../kit/webhooks.ts';
import { bodyOf, LARGEST_BODY } from './event.ts';
import { webhookOptions } from './options.ts';
import { judge, parseNetworks, type Judged } from './public-address.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** After which time an event is sent again, by how often it was tried; then once a day. */
const ladder = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  DAY,
];

/** The secret with the private networks that webhooks may go to. */
export const NETWORKS = 'WEBHOOK_PRIVATE_NETWORKS';

export function createWebhookSink(options: unknown, wiring: AdapterWiring): EventSink {
  const {
    url: given,
    secret,
    timeoutMs,
    concurrency,
    offAfterDays,
  } = parseOptions('eventSink', webhookOptions, options);
  const url = new URL(given);
  // Read anew each time: a secret that is replaced counts without a restart.
  const keysNow = (): readonly Buffer[] | null => parseWebhookSecrets(wiring.secret(secret) ?? '');
  if (keysNow() === null)
    throw new AdapterConfigError(
      'eventSink.secret',
      `the secret ${secret} is not set, or is no list of whsec_ and base64 of 24 to 64 bytes`,
    );
  const allowed = parseNetworks(wiring.secret(NETWORKS, 'optional') ?? '');
  if (allowed === null)
    throw new AdapterConfigError(
      'eventSink.url',
      `cannot be judged: ${NETWORKS} is no list of networks, as 10.1.0.0/16, 192.168.0.7`,
    );

  const send = async (
    item: EffectItem,
    target: () => Promise<Judged>,
    context: CallContext,
  ): Promise<Tried> => {
    const body = bodyOf(item);
    if (Buffer.byteLength(body) >= LARGEST_BODY)
      return {
        result: { outcome: 'failed', message: `The event is larger than ${LARGEST_BODY} bytes.` },
        answered: true,
      };
    const keys = keysNow();
    if (keys === null) return unanswered(item, `Not sent: the secret ${secret} is not set.`);
    const judged = await target();
    if (judged.outcome === 'not_found') return unanswered(item, withoutProxy(judged.message));
    if (judged.outcome !== 'reachable') return unanswered(item, judged.message);
    const outcome = await callProvider(
      {
        method: 'POST',
        url: url.href,
        headers: {
          'content-type': 'application/json',
          ...signStandardWebhook(keys, { id: item.key, body, now: context.now() }),
        },
        body,
        addresses: judged.addresses,
        timeoutMs,
        largestAnswer: 64 * 1024,
        // A system of one's own counts nobody's requests.
        limit: { route: 'POST webhook', windows: [] },
        about: [item.reference.mailpieceId],
        // What lies in the query of an address may be a key; a short value is a word.
        secrets: [...url.searchParams.values()].filter(({ length }) => length >= 8),
      },
      context,
    );
    if (outcome.kind === 'answer') return toldBy(item, outcome, context.now());
    const unreached = outcome.kind === 'not_sent' && !outcome.hungUp;
    return unanswered(item, unreached ? withoutProxy(outcome.message) : outcome.message);
  };

  return {
    offAfterMs: offAfterDays * DAY,
    async remarks() {
      // A name that is found here alone, or by the runner alone, is no fault.
      const judged = await judge(url, allowed);
      return judged.outcome === 'closed' ? [judged.message] : [];
    },
    async emit(items, context) {
      let judging: Promise<Judged> | null = null;
      // Once for all of them: they go to the addresses that were judged, and to no others.
      const target = async (): Promise<Judged> => await (judging ??= judge(url, allowed));
      return await oneByOne(items, {
        atOnce: concurrency,
        who: 'The endpoint',
        context,
        started: performance.now(),
        send: async (item) => await send(item, target, context),
      });
    },
  };
}

/** By the ladder, and not before the endpoint asks for it. */
function again({ attempt }: EffectItem, message: string, notBeforeMs = 0): EffectResult {
  return {
    outcome: 'retry',
    afterMs: Math.max(ladder[attempt - 1] ?? DAY, notBeforeMs),
    message,
  };
}

/** A machine with a proxy may have no other way out. */
function withoutProxy(message: string): string {
  if (!isBehindProxy) return message;
  return (
    `${message} Webhooks go past the proxy of the environment, ` +
    'since it would look the name up by itself.'
  );
}

function unanswered(item: EffectItem, message: string): Tried {
  return { result: again(item, message), answered: false };
}

function toldBy(item: EffectItem, { status, headers }: HttpAnswer, now: Date): Tried {
  if (status >= 200 && status < 300) return { result: { outcome: 'done' }, answered: true };
  if (status === 410) {
    const message = 'The endpoint answers 410: it is gone, and wants no more events.';
    return { result: { outcome: 'refused', message }, answered: true };
  }
  const what = status >= 300 && status < 400 ? ', a redirect, which is not followed' : '';
  const message = `The endpoint answers ${status}${what}.`;
  const pauseMs = retryAfterMs(headers, now, DAY);
  return pauseMs === null
    ? { result: again(item, message), answered: true }
    : { result: again(item, message, pauseMs), answered: true, pauseMs };
}
