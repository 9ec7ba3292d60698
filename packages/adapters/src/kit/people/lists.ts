/**
 * For other lists of people than audiences, read by the same rules: a key that no audience
 * can have suppresses nobody.
 */
export { emailKey, readEmails } from '@postrider/core/ports';
export { csvRecords, detectDelimiter } from './csv-records.ts';
export { countryOf, postalCodeOf } from '@postrider/core/ports/countries';
export { quote } from './quote.ts';
export { hasLetters } from './address.ts';
export { isPlain, wrongNumberOfFields } from './row.ts';
export { openSource } from './source-file.ts';
