/**
 * For other lists of people than audiences, read by the same rules: a key that no audience
 * can have suppresses nobody.
 */
export { csvRecords, detectDelimiter } from './csv-records.ts';
export { normaliseCountry, normalisePostalCode } from './postal-code.ts';
export { quote } from './quote.ts';
export { isEmail, isPlain, wrongNumberOfFields } from './row.ts';
export { openSource } from './source-file.ts';
