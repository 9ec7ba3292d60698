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

/** The same for every card of the campaign, mostly. */
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
  ofTheAddress: (code, message) => ofTheAddress.has(code) || isAboutTheAddress(code, message),
  ofTheArtwork: (code) => ofTheArtwork.some((form) => form.test(code)),
};

/** A general code whose words name a field of the recipient's address. */
function isAboutTheAddress(code: string, message: string): boolean {
  return (
    ['invalid', 'bad_request'].includes(code) &&
    /\bto[.[ ]\W?(address_(line[12]|city|state|zip|country)|name|company)|\bto\b.*\baddress_(line|city|state|zip)/.test(
      message,
    )
  );
}
