/** What Klaviyo refuses: by its own OpenAPI file first, and then by the prose in it. */
import type { TwinRequest } from '../kit/exchange.ts';
import type { ApiSpec } from '../kit/openapi.ts';
import { Refused } from './refusals.ts';

type Fields = Readonly<Record<string, unknown>>;

const MOST_PROPERTIES = 400;
const LARGEST_TEXT = 100_000;
const LONGEST_METRIC = 127;
const YEAR = 366 * 86_400_000;
const FIRST_TIME = Date.UTC(1990, 0, 1);

export interface ProfileGiven {
  readonly id?: string | null;
  readonly attributes?: Fields | null;
}

export interface EventGiven {
  readonly properties: Fields;
  readonly time?: string | null;
  readonly unique_id?: string | null;
  readonly backfill?: boolean | null;
  readonly metric: { readonly data: { readonly attributes: { readonly name: string } } };
}

/** Klaviyo's own client calls its bodies plain JSON. */
function alsoTaken(types: readonly string[]): readonly string[] {
  return types.length === 0 ? [] : ['application/json'];
}

/** The body. Throws `Refused`. */
export function checkBySpec(spec: ApiSpec, request: TwinRequest, operation: string): unknown {
  const types = [...spec.mediaTypes(operation), ...alsoTaken(spec.mediaTypes(operation))];
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (types.length > 0 && !types.includes(type))
    throw new Refused('unsupported_media_type', {
      detail: `The media type ${JSON.stringify(type)} is not supported: ${types.join(', ')}.`,
    });
  const body = types.length === 0 ? undefined : readJson(request.body);
  const query = Object.fromEntries(
    Array.from(new URLSearchParams(request.query), ([name, value]) => [name, value.split(',')]),
  );
  const [wrong] = spec.violations(request, query, { operation, body, form: false });
  if (wrong !== undefined) {
    const { at, keyword, message, params } = wrong;
    const missing = keyword === 'required' ? `/${String(params['missingProperty'])}` : '';
    const pointer = at.startsWith('/requestBody')
      ? `${at.slice('/requestBody'.length)}${missing}`
      : `${at}${missing}`;
    throw new Refused('invalid', { detail: `${pointer || 'the body'} ${message}`, pointer });
  }
  if (!/^\d{4}-\d\d-\d\d(\.\w+)?$/.test(String(request.headers['revision'])))
    throw new Refused('invalid', { detail: 'The revision must be a day.', pointer: '/header' });
  return body;
}

function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new Refused('invalid', { detail: 'The body is not valid JSON.' });
  }
}

const identifiers = ['email', 'phone_number', 'external_id', 'anonymous_id', '_kx'] as const;

/** The identifier that counts, and the attributes that would change the profile. */
export function profileOf(
  { id, attributes }: ProfileGiven,
  pointer: string,
): { readonly profile: string; readonly changed: readonly string[] } {
  const given = attributes ?? {};
  const named = identifiers.find((name) => typeof given[name] === 'string');
  const other = named === undefined ? null : given[named];
  const found = [id, other].find((one) => typeof one === 'string' && one !== '');
  const profile = typeof found === 'string' ? found : '';
  if (profile === '')
    throw new Refused('invalid', {
      detail: 'At least one identifier of the profile is required.',
      pointer,
    });
  const byId = profile === id;
  const changed = Object.keys(given).filter((name) => byId || name !== named);
  return { profile, changed };
}

/** @param now of the twin's calendar. Throws `Refused`. */
export function checkByProse(event: EventGiven, now: number, pointer: string): void {
  const { properties, time, metric } = event;
  const refuse = (field: string, detail: string): never => {
    throw new Refused('invalid', { detail, pointer: `${pointer}/${field}` });
  };
  if (Object.keys(properties).length > MOST_PROPERTIES)
    refuse('properties', 'An event has at most 400 properties.');
  if (Object.values(properties).some((one) => typeof one === 'string' && one.length > LARGEST_TEXT))
    refuse('properties', 'A text has at most 100 KB.');
  const { name } = metric.data.attributes;
  if (name === '' || name.length > LONGEST_METRIC)
    refuse('metric', 'The name of a metric has less than 128 characters.');
  const at = Date.parse(time ?? new Date(now).toISOString());
  if (!(at >= FIRST_TIME && at <= now + YEAR))
    refuse('time', 'The time must be after 1990, and at most a year ahead.');
}
