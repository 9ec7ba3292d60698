/**
 * What is printed. A NUL or half a surrogate pair, which no database takes, is a reason to turn a
 * row away and not stripped: an id or an address with a letter less is another one, and nobody
 * would notice. Only in sentences for people (a reject, the reason of a loss) such letters are
 * replaced.
 */
import { z } from 'zod';

/** The reasons of a reject, and what is said of the field. */
export const rejectReasons = {
  not_a_member: 'is not a member of a segment',
  not_text: 'is not text',
  nul_byte: 'has a NUL byte, which no database or printer takes',
  bad_encoding: 'is not valid Unicode',
  too_long: 'is too long',
  control_character: 'has a line break or another character that cannot be printed',
  missing_external_id: 'is blank or no text: without an id the person cannot be told from others',
  incomplete_address: 'is blank or no text, but there is an address',
  bad_postal_code: 'is not a postal code of the country',
  bad_country: 'is not a country (two letters, ISO 3166)',
  bad_email: 'is not an e-mail address, and there is no postal address',
  no_email_no_address: 'has neither an e-mail nor an address: nothing could be sent or looked up',
} as const;
export type RejectReason = keyof typeof rejectReasons;
export function isRejectReason(code: string): code is RejectReason {
  return Object.hasOwn(rejectReasons, code);
}

const MAX_LENGTH = 200;
const MAX_POSTAL_CODE_LENGTH = 12;
// A control character, a line separator or a bidirectional override changes what is printed without
// being seen.
const unprintable = /[\u0000-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069]/;

// The messages of these schemas are the reasons.
export function asReason(reason: RejectReason): RejectReason {
  return reason;
}
export function textWithoutFaults(notText: RejectReason) {
  return z
    .string(asReason(notText))
    .refine((text) => !text.includes('\0'), asReason('nul_byte'))
    .refine((text) => text.isWellFormed(), asReason('bad_encoding'))
    .trim();
}
function printable(notText: RejectReason, length = MAX_LENGTH) {
  return textWithoutFaults(notText)
    .max(length, asReason('too_long'))
    .refine((text) => !unprintable.test(text), asReason('control_character'));
}
export function requiredText(missing: RejectReason, length?: number) {
  return printable(missing, length).min(1, missing);
}
export const optional = printable('not_text')
  .nullish()
  .transform((text) => (text === undefined || text === '' ? null : text));

export const addressSchema = z
  .object(
    {
      line1: requiredText('incomplete_address'),
      line2: optional,
      city: requiredText('incomplete_address'),
      region: optional,
      postalCode: requiredText('bad_postal_code', MAX_POSTAL_CODE_LENGTH),
      country: z
        .string(asReason('bad_country'))
        .trim()
        .regex(/^[A-Za-z]{2}$/, asReason('bad_country'))
        .toUpperCase(),
    },
    asReason('incomplete_address'),
  )
  .refine(
    ({ country, postalCode }) => country !== 'US' || /^[0-9]{5}(?:-[0-9]{4})?$/.test(postalCode),
    {
      path: ['postalCode'],
      error: asReason('bad_postal_code'),
    },
  );
