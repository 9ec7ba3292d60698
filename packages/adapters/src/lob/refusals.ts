/**
 * Whose fault Lob's refusals are. The codes are those of its table of errors; what follows from
 * each is ours.
 */
import type { Faults } from '../kit/refusals.ts';

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

/** The same for every card of the campaign, mostly. The return address is a part of it. */
const ofTheArtwork = [
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

export const lobFaults: Faults = {
  ofTheAccount: (code) => ofTheAccount.has(code),
  ofTheAddress: (code, message) => ofTheAddress.has(code) || addressIn(code, message) === 'to',
  ofTheArtwork: (code, message) =>
    ofTheArtwork.some((form) => form.test(code)) || addressIn(code, message) === 'from',
};

const named = {
  to: /\bto[.[]['"]?(?:address_|name\b|company\b)|\bto['"`]? address\b/i,
  from: /\bfrom[.[]['"]?(?:address_|name\b|company\b)|\bfrom['"`]? address|\breturn address/i,
};

/**
 * Whose address the words of a general code name. A bad return address is the same for every card
 * and nobody's fault: taken for the person's, it would skip everybody for good. Null: neither, or
 * both.
 */
function addressIn(code: string, message: string): 'to' | 'from' | null {
  if (!['invalid', 'bad_request'].includes(code)) return null;
  const [to, from] = [named.to.test(message), named.from.test(message)];
  if (to === from) return null;
  return to ? 'to' : 'from';
}
