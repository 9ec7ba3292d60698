/**
 * What machines write where they have nothing, or where something went wrong: `NULL`, `#REF!`,
 * `{{ first_name }}`. On a card it is a blunder, and a sentence that a person would not write.
 *
 * Some of these words are names, too: Null, Nan and Na are families and given names, None and Nan
 * are towns. So it is the spelling of the machine that counts, and for some of them the column.
 */
import type { CellRole } from './columns.ts';

/** They mean that there is nothing. NULL and nan are so written by databases and by pandas. */
const nothing = new Set([
  'NULL',
  'null',
  '#NULL!',
  'undefined',
  'UNDEFINED',
  'NaN',
  'nan',
  'nil',
  'n.a.',
  'N/A',
  'n/a',
  'N\\A',
  '#N/A',
  '#n/a',
  '#N/A N/A',
  '#n/a n/a',
  '<NA>',
  '<none>',
]);
const nothingWritten = /^(?:\\+N|[(<[{]null[)>\]}]|[-–—._]+)$/;
const none = /^none$/i;
/** What people and pivot tables write, in brackets. */
const saysNothing = new RegExp(
  '^(?:not applicable|none given|none provided|not given)$|' +
    '^[([<](?:blank|empty|none|not set|not provided|no data|unknown)[)\\]>]$',
  'i',
);
/** Of a street and a town; Unknown may be somebody's name. */
const noPlace = new RegExp(
  '^(?:unknown|tb[cd]|to be (?:determined|confirmed)|not (?:provided|available|known)|' +
    'address unknown|unknown address|bad address|' +
    'no (?:street |mailing |fixed )?address(?: (?:given|provided|on file))?|' +
    'same as (?:above|billing|shipping|mailing|home)(?: address)?)$',
  'i',
);
/** Two of them, as programs put names and lines together: `null null`. */
const word = String.raw`(?:\\+N|#?N\/A|NULL|null|undefined|NaN)`;
const nothingTwice = new RegExp(`^${word}(?:[ ,]+${word})+$`);
const anyWord = /undefined|null|NaN|N\/A|\\N/;
const atTheEdge =
  /^(?:(?:undefined|null|NaN|\\+N)[ ,]+)+|(?:[ ,]+(?:undefined|null|NaN|N\/A|\\+N))+$/g;
/** What forms and spreadsheets have where a given name was left out. */
const noGivenName = /^(?:false|FALSE|true|TRUE|0)$/;

/** Names of people, and what is printed with them. */
export function isNothing(role: CellRole, value: string): boolean {
  if (nothing.has(value) || nothingWritten.test(value) || nothingTwice.test(value)) return true;
  if (role === 'firstName' && noGivenName.test(value)) return true;
  if (saysNothing.test(value)) return true;
  if (noPlace.test(value)) return /^line\d$|^city$|^postalCode/.test(role);
  if (none.test(value)) return role !== 'city';
  // R writes NA. It is a given name in China, the province of Naples and the code of Namibia.
  return (
    value === 'NA' &&
    (/^line\d$/.test(role) || role.startsWith('postalCode') || role === 'doNotMail')
  );
}

/** Without the words of machines at its ends: `undefined Lee`, `25 Oak St null`. */
export function withoutMachineWords(value: string): string {
  // What is longer is refused; a row of blanks would be tried from each of them.
  return value.length <= 200 && anyWord.test(value) ? value.replace(atTheEdge, '') : value;
}

/** The town of None, or nothing where the street is nothing as well. */
export function isNoTown(value: string): boolean {
  return none.test(value) || value === 'NA';
}

const faults: readonly (readonly [RegExp, string])[] = [
  [
    /^#(?:REF!|VALUE!|NAME\?|DIV\/0!|NUM!|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|BUSY!|GETTING_DATA)$/i,
    'is an error of a spreadsheet',
  ],
  [/^#{3,}$/, 'is a number that a spreadsheet had no room for'],
  [
    /\{\{[^{}]*\}\}|\{%[^%]*%\}|\*\|[^|]*\|\*|\$\{[^{}]*\}|<%[^%]*%>|%%[^%]+%%|\[\[[^[\]]+\]\]|#\{[^{}]*\}/,
    'has a merge tag that was not filled in',
  ],
  [
    /^(?:\{\$?[A-Za-z][\w. |:-]*\}|\[[A-Z][A-Z0-9_]+\]|%[A-Za-z]\w+%|\$[A-Za-z]\w*[_A-Z]\w*)$/,
    'is a merge tag that was not filled in',
  ],
  [
    /^(?:[[«<]+(?:(?:first|last|full|your|customer|contact|recipient)[ _-]?)?(?:name|address|company|city)[\]»>]+)$/i,
    'is a merge tag that was not filled in',
  ],
  [/^(?:\[object \w+\]|\[["{].*[\]}"]\]|\{".*\})$/s, 'is an object and no text'],
  [/^=[A-Za-z.]+\(/, 'is a formula of a spreadsheet'],
  [/^[^\s@]+@[^\s@]+\.[A-Za-z]{2,}$/, 'is an e-mail address'],
  [/^(?:https?:\/\/|www\.)\S+$/i, 'is an address in the web'],
  [/^(?:\+?1[ .-]?)?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])\d{3}[ .-]\d{4}$/, 'is a phone number'],
];
const fieldName = /^(?:(?:first|last|full|given|family)[_ -]?name|[fl]name)$/i;

/** Why a value cannot be what is printed of a person; null where it can. */
export function machineFault(role: CellRole, value: string): string | null {
  if (/^(?:first|last|full)?name$/i.test(role) && fieldName.test(value))
    return 'is the name of a field, and nobody’s';
  return faults.find(([pattern]) => pattern.test(value))?.[1] ?? null;
}

// A letter that a system did not have became a question mark.
const lost = /\p{L}\?\p{L}/u;
const lostInName = /\p{L}\?|\?\p{L}|^\?+$/u;

/** Whether letters were lost, which nobody can give back. */
export function hasLostLetters(role: CellRole, value: string): boolean {
  const isName = role === 'firstName' || role === 'lastName' || role === 'name' || role === 'city';
  return (isName ? lostInName : lost).test(value);
}
