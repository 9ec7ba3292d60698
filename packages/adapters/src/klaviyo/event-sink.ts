/**
 * Events of cards in Klaviyo. Each has an id, mailpiece and status, by which Klaviyo counts it once
 * for a profile and a metric, however often it is sent by itself.
 *
 * Not so in bulk: one id that Klaviyo knows makes the whole request fail, with all that is new in
 * it. So a bulk request has only what was never sent, and is sent once: where anything but 202
 * comes of it, its events go on singly, and from then on for ever.
 */
import { AdapterConfigError } from '@postrider/core/ports';
import type {
  AdapterWiring,
  CallContext,
  Connection,
  EffectItem,
  EffectResult,
  EventSink,
} from '@postrider/core/ports';
import { BEGIN_WITHIN, oneByOne, untried, type Tried } from '../kit/one-by-one.ts';
import { parseOptions } from '../kit/options.ts';
import { askKlaviyo, routes, withoutKey } from './client.ts';
import { bulkBody, eventBody } from './event.ts';
import { klaviyoSinkOptions, type KlaviyoSinkOptions } from './options.ts';
import { meaningOf, type Meaning } from './refusals.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** After which time an event is sent again, by how often it was tried; then once an hour. */
const ladder = [5 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR];
const MOST_IN_BULK = 1000;
/** The limit of bulk requests is the low one: where it has no room, events go singly. */
const BULK_WAITS = SECOND;

export function createKlaviyoSink(options: unknown, { connection }: AdapterWiring): EventSink {
  if (connection === undefined)
    throw new AdapterConfigError(
      'eventSink.kind',
      'Klaviyo needs an account: name a connection in its place, as in event_sink: { connection: klaviyo } (see postrider connect klaviyo)',
    );
  const read = parseOptions('eventSink', klaviyoSinkOptions, options);
  return {
    // No account is given up: what waits for it is told when it works again.
    async emit(items, context) {
      // A key counts once, also in one call: a bulk request with it twice would fail.
      const byKey = new Map(items.map((item) => [item.key, item]));
      const results = await tellAll(connection, read, { items: [...byKey.values()], context });
      return items.map(({ key }) => results.get(key) ?? untried(SECOND, 'It had no turn.'));
    },
  };
}

interface Round {
  readonly items: readonly EffectItem[];
  readonly context: CallContext;
}

async function tellAll(
  connection: Connection,
  options: KlaviyoSinkOptions,
  { items, context }: Round,
): Promise<ReadonlyMap<string, EffectResult>> {
  const started = performance.now();
  const results = new Map<string, EffectResult>();
  for (const item of items) {
    const wrong = unsuitable(connection, options, item);
    if (wrong !== null) results.set(item.key, { outcome: 'failed', message: wrong });
  }
  const suitable = items.filter(({ key }) => !results.has(key));
  if (connection.secrets('api_key').length === 0) {
    for (const { key, attempt } of suitable)
      results.set(key, again(attempt, withoutKey(connection)));
    return results;
  }
  // What was claimed before may have been sent, and so may what is told anew.
  const fresh = suitable.filter(({ attempt, isBackfill }) => attempt === 1 && !isBackfill);
  /**
   * What Klaviyo may have of a bulk request whose end nobody knows: it never goes in bulk again.
   */
  const perhapsTold = new Set<string>();
  if (options.bulkFrom > 0 && fresh.length >= options.bulkFrom)
    for (let first = 0; first < fresh.length; first += MOST_IN_BULK) {
      const part = fresh.slice(first, first + MOST_IN_BULK);
      const told = await tellInBulk(connection, options, { items: part, context });
      for (const { key } of part) {
        if (told.result !== null) results.set(key, told.result);
        if (told.perhaps) perhapsTold.add(key);
      }
    }
  const singly = suitable.filter(({ key }) => !results.has(key));
  const singles = await oneByOne(singly, {
    atOnce: options.atOnce,
    who: 'Klaviyo',
    context,
    started,
    send: async (item) => await tell(connection, options, { item, context, started }),
  });
  for (const [index, { key }] of singly.entries()) {
    const result = singles[index];
    if (result !== undefined) results.set(key, perhapsTold.has(key) ? counted(result) : result);
  }
  return results;
}

/** Why an event is not sent at all, or null. */
function unsuitable(
  { name, mode }: Connection,
  { profileIds }: KlaviyoSinkOptions,
  item: EffectItem,
): string | null {
  const { externalId } = item;
  if (item.mode !== mode)
    return `Not sent: the event is of a ${item.mode} card, and connection ${name} is ${mode}.`;
  if (externalId === null)
    return 'Not sent: the person was erased, and with them the id of the profile.';
  if (profileIds === 'klaviyo' && !/^[0-9A-Z]{26}$/.test(externalId))
    return (
      'Not sent: the id of the person at the source is none of a profile of Klaviyo’s (26 ' +
      'capital letters and digits; the option profileIds: any sends it all the same).'
    );
  return null;
}

/**
 * What holds for all of them; null: they go on singly.
 *
 * `perhaps`: Klaviyo may have them all the same.
 */
async function tellInBulk(
  connection: Connection,
  { metric, timeoutMs }: KlaviyoSinkOptions,
  { items, context }: Round,
): Promise<{ readonly result: EffectResult | null; readonly perhaps: boolean }> {
  const outcome = await askKlaviyo(
    connection,
    {
      limit: routes.bulk,
      body: bulkBody(items, metric),
      about: items.map(({ reference }) => reference.mailpieceId),
      timeoutMs,
      waitMs: BULK_WAITS,
    },
    context,
  );
  if (outcome.kind === 'unclear') return { result: null, perhaps: true };
  if (outcome.kind === 'not_sent')
    // Where nothing can be sent, nothing goes singly; where it was us, it may.
    return {
      result: outcome.hungUp ? null : again(1, outcome.message),
      perhaps: false,
    };
  const meaning = meaningOf(outcome, context.now());
  if (meaning.kind === 'taken') return { result: { outcome: 'done' }, perhaps: false };
  if (meaning.kind === 'account')
    return { result: { outcome: 'refused', message: meaning.message }, perhaps: false };
  return { result: null, perhaps: meaning.kind === 'later' };
}

async function tell(
  connection: Connection,
  { metric, timeoutMs }: KlaviyoSinkOptions,
  {
    item,
    context,
    started,
  }: { readonly item: EffectItem; readonly context: CallContext; readonly started: number },
): Promise<Tried> {
  const outcome = await askKlaviyo(
    connection,
    {
      limit: routes.event,
      body: eventBody(item, metric),
      about: [item.reference.mailpieceId],
      timeoutMs,
      waitMs: Math.max(SECOND, BEGIN_WITHIN - (performance.now() - started)),
    },
    context,
  );
  if (outcome.kind === 'answer') return toldBy(item, meaningOf(outcome, context.now()));
  // By us: the limit has no room, the runner stops, or there is no key.
  if (outcome.kind === 'not_sent' && outcome.hungUp)
    return { result: untried(SECOND, outcome.message), answered: true };
  return { result: again(item.attempt, outcome.message), answered: false };
}

function toldBy({ attempt }: EffectItem, meaning: Meaning): Tried {
  switch (meaning.kind) {
    case 'taken':
      return { result: { outcome: 'done' }, answered: true };
    case 'account':
      return { result: { outcome: 'refused', message: meaning.message }, answered: true };
    case 'event':
      return { result: { outcome: 'failed', message: meaning.message }, answered: true };
    case 'limited': {
      const pauseMs = meaning.pauseMs ?? MINUTE;
      return { result: untried(pauseMs, meaning.message), answered: true, pauseMs };
    }
    case 'later': {
      const { message, pauseMs, isDown } = meaning;
      return pauseMs === null
        ? { result: again(attempt, message), answered: !isDown }
        : { result: again(attempt, message, pauseMs), answered: true, pauseMs };
    }
  }
}

/** By the ladder, and not before Klaviyo asks for it. */
function again(attempt: number, message: string, notBeforeMs = 0): EffectResult {
  return {
    outcome: 'retry',
    afterMs: Math.max(ladder[attempt - 1] ?? HOUR, notBeforeMs),
    message,
  };
}

/** The attempt counts whatever came of it: what was perhaps told is no new event next time. */
function counted(result: EffectResult): EffectResult {
  if (result.outcome === 'refused' || result.outcome === 'retry')
    return {
      outcome: 'retry',
      afterMs: result.outcome === 'retry' ? result.afterMs : MINUTE,
      message: result.message,
    };
  return result;
}
