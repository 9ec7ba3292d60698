/**
 * For other lists of people than audiences, read by the same rules: a key that no audience
 * can have suppresses nobody.
 */
export { emailKey, readEmails } from '@postrider/core/ports';
export { readCell, wrongNumberOfFields } from './cells.ts';
export { recogniseKeys } from './key-columns.ts';
export { furtherEmails } from './further-emails.ts';
export { addressParts } from './address-lines.ts';
export type { ColumnPlan } from './column-plan.ts';
export { csvRecords, detectDelimiter, type CsvRecord } from './csv-records.ts';
export { countryOf, mendedPostalCode } from '@postrider/core/ports/countries';
export { hasLetters } from './address.ts';
export { isRounded } from './long-numbers.ts';
export { quote } from './quote.ts';
export { isPlain } from './plain-text.ts';
export { saysConsent, saysNo, saysYes } from './yes-or-no.ts';
export { encodings, openSource, type Encoding } from './source-file.ts';
