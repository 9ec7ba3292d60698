/**
 * Events, singly and in bulk. What is decided and what is written is one step: no other request
 * comes between.
 */
import type { Answer, TwinRequest } from '../kit/exchange.ts';
import type { ApiSpec } from '../kit/openapi.ts';
import { keyOf, type Books } from './books.ts';
import {
  checkByProse,
  checkBySpec,
  profileOf,
  type EventGiven,
  type ProfileGiven,
} from './checks.ts';
import type { Commit, CountedEvent } from './entries.ts';
import { Refused } from './refusals.ts';
import type { Settings } from './settings.ts';

const MOST_IN_BULK = 1_000;
const LARGEST_BODY = 5_000_000;

export interface EventParts {
  readonly books: Books;
  readonly spec: ApiSpec;
  readonly settings: Settings;
  readonly commit: Commit;
  /** Of the twin's calendar. */
  now(): number;
}

interface SingleBody {
  readonly data: {
    readonly attributes: EventGiven & { readonly profile: { readonly data: ProfileGiven } };
  };
}

interface BulkBody {
  readonly data: {
    readonly attributes: {
      readonly 'events-bulk-create': {
        readonly data: readonly {
          readonly attributes: {
            readonly backfill?: boolean | null;
            readonly profile: { readonly data: ProfileGiven };
            readonly events: { readonly data: readonly { readonly attributes: EventGiven }[] };
          };
        }[];
      };
    };
  };
}

const accepted: Answer = { status: 202, body: '' };

/** A repeat is taken, and not counted. Throws `Refused`. */
export async function createEvent(parts: EventParts, request: TwinRequest): Promise<Answer> {
  const body = checkBySpec(parts.spec, request, 'create_event') as SingleBody;
  const { profile, ...given } = body.data.attributes;
  const event = eventOf(parts, given, {
    profile: profile.data,
    via: 'single',
    pointer: '/data/attributes',
  });
  const { books, settings } = parts;
  if (!books.isKnown(event, parts.now(), settings.uniqueIdDays))
    await parts.commit({ kind: 'counted', events: [event] });
  return accepted;
}

/** Where one of them is a repeat, none is counted. Throws `Refused`. */
export async function createEvents(parts: EventParts, request: TwinRequest): Promise<Answer> {
  const { books, settings } = parts;
  const body = checkBySpec(parts.spec, request, 'bulk_create_events') as BulkBody;
  if (request.body.length > LARGEST_BODY) throw new Refused('payload_too_large');
  const list = '/data/attributes/events-bulk-create';
  const events = body.data.attributes['events-bulk-create'].data.flatMap(
    ({ attributes: { profile, events: own, backfill } }, index) =>
      own.data.map(({ attributes }, number) =>
        eventOf(
          parts,
          { ...attributes, backfill: attributes.backfill ?? backfill ?? false },
          {
            profile: profile.data,
            via: 'bulk',
            pointer: `${list}/data/${index}/attributes/events/data/${number}/attributes`,
          },
        ),
      ),
  );
  if (events.length > MOST_IN_BULK)
    throw new Refused('invalid', { detail: 'A request has at most 1000 events.', pointer: list });
  const seen = new Set<string>();
  const counts = events.filter((event) => {
    const key = keyOf(event);
    const isNew = !seen.has(key) && !books.isKnown(event, parts.now(), settings.uniqueIdDays);
    seen.add(key);
    return isNew;
  });
  if (counts.length < events.length) {
    const detail = 'A unique_id is repeated for the same profile and metric.';
    if (settings.bulkRepeat === 'invalid_400')
      throw new Refused('invalid', { detail, pointer: list });
    if (settings.bulkRepeat === 'conflict_409')
      throw new Refused('duplicate', { detail, pointer: list });
    if (settings.bulkRepeat === 'silent') return accepted;
  }
  if (counts.length > 0) await parts.commit({ kind: 'counted', events: counts });
  return accepted;
}

function eventOf(
  { books, settings, now }: EventParts,
  given: EventGiven,
  from: {
    readonly profile: ProfileGiven;
    readonly via: 'single' | 'bulk';
    readonly pointer: string;
  },
): CountedEvent {
  const { via, pointer } = from;
  checkByProse(given, now(), pointer);
  const { profile, changed } = profileOf(from.profile, `${pointer}/profile`);
  if (books.gone.has(profile) && settings.goneProfile !== 'accepted')
    throw new Refused(settings.goneProfile === 'invalid_400' ? 'invalid' : 'not_found', {
      detail: `A profile with id ${profile} does not exist.`,
      pointer: `${pointer}/profile`,
    });
  const time = `${new Date(given.time ?? now()).toISOString().slice(0, 19)}Z`;
  return {
    // Without an id an event counts once for its profile, metric and second.
    uniqueId: given.unique_id ?? time,
    profile,
    metric: given.metric.data.attributes.name,
    time,
    backfill: given.backfill ?? false,
    properties: given.properties,
    via,
    changed,
  };
}
