/** What spreadsheets write where a formula failed, and what they make of a text of their own. */

const errors =
  'REF VALUE NAME DIV/0 NUM SPILL CALC FIELD BLOCKED CONNECT BUSY ERROR UNKNOWN PYTHON EXTERNAL ' +
  'WERT BEZUG ZAHL VALEUR NOM NOMBRE NOMBRE VALOR NUMERO RIF VALORE NOME WAARDE VERW NAAM GETAL ' +
  'ARG ADR NAZWA LICZBA ССЫЛКА ЗНАЧ ИМЯ ЧИСЛО';
const known = errors.split(' ').join('|');
const error = String.raw`#¡?(?:(?:${known})[!?]?|[\p{Lu}/][\p{Lu}\p{N}/_ ]+[!?])`;
const isError = new RegExp(
  String.raw`^(?:${error}|#GETTING_DATA|Err:\d{3}|Loading(?:\.{3}|…))$`,
  'iu',
);
const hasError = new RegExp(String.raw`(?:^|[\s,;])${error}(?=$|[\s,;])`, 'u');
const formula = /^=(?:[A-Za-z.]+\(|\$?[A-Z]{1,3}\$?\d+(?:$|[-+*/&: ]))|^[+-]\$?[A-Z]{1,3}\$?\d+$/;

// In full or in short: Marble and Augusta are streets.
const month =
  '(?:jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|mär(?:z)?|mrz|apr(?:il)?|may|mai|june?|juni|' +
  'july?|juli|aug(?:ust)?|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)';
const date = new RegExp(
  String.raw`^(?:\d{1,2}-${month}(?:$| (?=\p{L}))|(?:\d{1,2}\. ?${month}\.?|${month}-\d{1,2}|` +
    String.raw`\d{4}-\d\d-\d\d(?:[ T]0?0:00(?::00)?)?|` +
    String.raw`\d{1,2}([/.])\d{1,2}\1(?:\d\d){1,2}(?: 0?0:00(?::00)?)?)$)`,
  'iu',
);

/** Why a text is a spreadsheet's and nobody's; null where it may be somebody's. */
export function spreadsheetFault(value: string): string | null {
  if (isError.test(value)) return 'is an error of a spreadsheet';
  if (/^#{3,}$/.test(value)) return 'is a number that a spreadsheet had no room for';
  if (hasError.test(value)) return 'has an error of a spreadsheet in it';
  if (formula.test(value)) return 'is a formula of a spreadsheet';
  return null;
}

/** `4-Jan` was the unit 4-1, and nobody knows whether it was 1-4. */
export function isDate(value: string): boolean {
  return date.test(value);
}
