/** What Lob refuses of a postcard: by its own OpenAPI file first, and then by its prose. */
import type { ApiSpec, Violation } from '../kit/openapi.ts';
import type { TwinRequest } from '../kit/exchange.ts';
import type { ReadBody } from './bodies.ts';
import type { Settings } from './settings.ts';
import { Refused } from './refusals.ts';
import { deliverabilityOf } from './verify-address.ts';

const PRINTED_LINE = 50;
const MOST_PAIRS = 20;
const LONGEST_VARIABLES = 25_000;

/** An address of a file that the spec takes: stands for one that it does not. */
const ANY_URL = 'https://lob.example/artwork.pdf';

/** Throws `Refused`. */
export function checkBySpec(
  { spec, settings }: { readonly spec: ApiSpec; readonly settings: Settings },
  request: TwinRequest,
  { operation, read }: { readonly operation: string; readonly read: ReadBody },
): Record<string, unknown> {
  const body = { ...read.fields };
  if (body['use_type'] === undefined && settings.defaultUseType !== 'none')
    body['use_type'] = settings.defaultUseType;
  const asked = { ...body };
  for (const side of settings.urlPattern ? [] : ['front', 'back']) {
    if (String(body[side]).startsWith('https://')) body[side] = ANY_URL;
  }
  const query = Object.fromEntries(new URLSearchParams(request.query));
  const path = request.path.replace(/^\/v1/, '');
  const checked = { operation, body, form: read.form };
  const violations = spec.violations({ ...request, path }, query, checked);
  if (violations.length > 0) throw refusedBy(violations, asked);
  // Of a form, numbers and truth values were read in place.
  return settings.urlPattern ? body : { ...body, front: asked['front'], back: asked['back'] };
}

/** Of what a violated alternative complains about, what a person would. */
function refusedBy(violations: readonly Violation[], asked: Record<string, unknown>): Refused {
  const real =
    violations.find(
      ({ at, keyword, params }) =>
        !['oneOf', 'anyOf'].includes(keyword) &&
        !(/^\/requestBody\/(to|from)$/.test(at) && keyword === 'type') &&
        params['missingProperty'] !== 'address_country' &&
        params['missingProperty'] !== 'company',
    ) ?? violations[0];
  if (real === undefined) return new Refused('invalid');
  const { at, keyword, message, params } = real;
  const missing = params['missingProperty'];
  if (missing === 'use_type' || at === '/requestBody/use_type')
    return new Refused('mail_use_type_can_not_be_null');
  if (at === '/requestBody/from/address_country') return new Refused('foreign_return_address');
  const side = /^\/requestBody\/(front|back)$/.exec(at)?.[1];
  if (side !== undefined && /^https?:/.test(String(asked[side])))
    return new Refused('invalid_file_url', `${side} is not a URL of a file that can be fetched.`);
  const field = at.split('/').slice(2).join('.');
  const name = [field, keyword === 'required' ? String(missing) : ''].filter(Boolean).join('.');
  return new Refused(
    'invalid',
    keyword === 'required' ? `${name} is required` : `${name} ${message}`,
  );
}

type Fields = Record<string, unknown>;

/** Throws `Refused`. */
export function checkByProse(body: Fields, settings: Settings, now: number): void {
  const { to, from } = body;
  if (typeof to === 'string') throw new Refused('not_found', 'to address not found');
  const address = to as Fields;
  const country = (address['address_country'] ?? 'US') as string;
  const { address_line1: line1, address_line2: line2 } = address as Record<string, string | null>;
  if ((line1 ?? '').length + (line2 ?? '').length > PRINTED_LINE)
    throw new Refused('address_length_exceeds_limit');
  if (country !== 'US') {
    if (from === undefined) throw new Refused('invalid', 'from is required');
    if ((body['size'] ?? '4x6') !== '4x6' || body['mail_type'] === 'usps_standard')
      throw new Refused('invalid_international_feature');
  }
  if (body['mail_type'] === 'usps_standard' && (body['size'] ?? '4x6') === '4x6')
    throw new Refused('invalid', 'mail_type usps_standard cannot be used with 4x6 postcards');
  checkDeliverability(line1 ?? '', settings.strictness);
  checkMetadata((body['metadata'] ?? {}) as Record<string, string>);
  checkVariables(body['merge_variables']);
  if (body['send_date'] !== undefined) {
    const sendAt = sendDate(body['send_date'] as string);
    if (sendAt <= now || sendAt > now + 180 * 86_400_000)
      throw new Refused('invalid', 'send_date must be up to 180 days in the future');
  }
}

/** A date is its midnight, and a time without a zone is UTC. */
export function sendDate(text: string): number {
  return Date.parse(/^\d{4}-\d\d-\d\d$|Z$|[+-]\d\d:?\d\d$/i.test(text) ? text : `${text}Z`);
}

const tolerated: Readonly<Record<Settings['strictness'], readonly string[]>> = {
  strict: ['deliverable', 'deliverable_unnecessary_unit'],
  normal: [
    'deliverable',
    'deliverable_unnecessary_unit',
    'deliverable_incorrect_unit',
    'deliverable_missing_unit',
  ],
  relaxed: [
    'deliverable',
    'deliverable_unnecessary_unit',
    'deliverable_incorrect_unit',
    'deliverable_missing_unit',
    'undeliverable',
  ],
};

function checkDeliverability(line: string, strictness: Settings['strictness']): void {
  if (!tolerated[strictness].includes(deliverabilityOf(line)))
    throw new Refused('failed_deliverability_strictness');
}

function checkMetadata(metadata: Record<string, string>): void {
  const pairs = Object.entries(metadata);
  if (pairs.length > MOST_PAIRS)
    throw new Refused('invalid', `metadata may have at most ${MOST_PAIRS} pairs`);
  for (const [name, value] of pairs) {
    if (name.length > 40 || value.length > 500)
      throw new Refused('invalid', 'a metadata key has at most 40 characters, a value 500');
    if (/["\\]/.test(name + value))
      throw new Refused('invalid', String.raw`metadata may not contain " or \ `.trim());
  }
}

function checkVariables(variables: unknown): void {
  if (typeof variables !== 'object' || variables === null) return;
  if (JSON.stringify(variables).length > LONGEST_VARIABLES)
    throw new Refused(
      'invalid',
      `merge_variables may have at most ${LONGEST_VARIABLES} characters`,
    );
  for (const name of Object.keys(variables)) {
    if (/\s/.test(name)) throw new Refused('merge_variable_whitespace');
    if (/[!"#%&'()*+,/;<=>@[\\\]^`{|}~]/.test(name))
      throw new Refused('special_characters_restricted');
  }
}
