/**
 * What Lob's refusals mean for a piece. The codes are those of its table of errors; what follows
 * from each is ours. In short: the account's fault holds the connection, the artwork's the
 * campaign, an address skips its person, and what is unclear is unknown.
 */
import type { SubmitResult } from '@postrider/core/ports';
import { readJson } from '../kit/json.ts';
import { lobError } from './wire.ts';

/** Nothing was made, and whatever is sent next fares alike. */
const ofTheAccount = new Set([
  'unauthorized',
  'unauthorized_token',
  'invalid_api_key',
  'email_required',
  'payment_method_unverified',
  'billing_address_required',
  'feature_limit_reached',
  'publishable_key_not_allowed',
  'mail_use_type_can_not_be_null',
  'unsupported_lob_version',
  'unrecognized_endpoint',
]);

const ofTheAddress = new Set([
  'failed_deliverability_strictness',
  'address_length_exceeds_limit',
  'invalid_international_feature',
  'invalid_country_covid',
]);

/** The same for every card of the campaign, mostly. */
const ofTheCampaign = [
  /^file_/,
  /^invalid_file/,
  /^invalid_image_dpi$/,
  /^inconsistent_page_dimensions$/,
  /^pdf_encrypted$/,
  /^unembedded_fonts$/,
  /^invalid_template_html$/,
  /^merge_variable/,
  /^special_characters_restricted$/,
  /^foreign_return_address$/,
];

const refusals = new Set([400, 401, 403, 404, 405, 410, 413, 414, 415, 422]);

export interface Refused {
  readonly code: string | null;
  /** In a sentence, as far as Lob gives one. */
  readonly message: string;
}

/** What an answer that is not 2xx says. */
export function refusedBy({
  status,
  body,
}: {
  readonly status: number;
  readonly body: string;
}): Refused {
  const told = readJson(lobError, body)?.error;
  const code = told?.code?.toLowerCase() ?? null;
  const words = told === undefined ? '' : ` ${code ?? ''}: ${(told.message ?? '').slice(0, 300)}`;
  return { code, message: `Lob answered ${status}${words}` };
}

/** @param answer neither 2xx nor 429. */
export function refusalOf(answer: {
  readonly status: number;
  readonly body: string;
}): SubmitResult {
  const { status } = answer;
  const { code, message } = refusedBy(answer);
  // 408, 409, 5xx, redirects, and what nobody documents: it may have made the piece.
  if (!refusals.has(status)) return { outcome: 'unknown', message };
  if (status === 401 || status === 403 || (code !== null && ofTheAccount.has(code)))
    return { outcome: 'refused', reason: code ?? `http_${status}`, message };
  // Not in Lob's words: something before Lob has answered, and Lob never had the request whole. It
  // made nothing, and the next piece would fare alike. A 413 too: that a proxy takes only so many
  // bytes is no word of Lob's about the artwork, and must cost nobody their card.
  if (code === null) return { outcome: 'refused', reason: `http_${status}`, message };
  return {
    outcome: 'rejected',
    reason: code,
    message,
    badAddress: ofTheAddress.has(code) || isAboutTheAddress(code, message),
    badArtwork: status === 413 || ofTheCampaign.some((form) => form.test(code)),
  };
}

/** A general code whose words name a field of the recipient's address. */
function isAboutTheAddress(code: string, message: string): boolean {
  return (
    ['invalid', 'bad_request'].includes(code) &&
    /\bto[.[ ]\W?(address_(line[12]|city|state|zip|country)|name|company)|\bto\b.*\baddress_(line|city|state|zip)/.test(
      message,
    )
  );
}
