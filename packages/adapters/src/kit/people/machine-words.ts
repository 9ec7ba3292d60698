/**
 * What machines write where they have nothing, or where something went wrong: `NULL`, `#REF!`,
 * `{{ first_name }}`. On a card it is a blunder, and a sentence that a person would not write.
 *
 * Some of these words are names, too: Null, Nan and Na are families and given names, None and Nan
 * are towns. So it is the spelling of the machine that counts, and for some of them the column.
 */
import type { CellRole } from './column-plan.ts';
import { headingOf } from './headings.ts';
import { mergeTag } from './merge-tags.ts';
import { isDate, spreadsheetFault } from './spreadsheet-words.ts';

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
  '#NV',
  '#N/D',
  '#N/D!',
  '#N/B',
  '#I/T',
  '#Н/Д',
  'DBNull',
  'System.DBNull',
  'nullnull',
  'undefinedundefined',
  'n.v.t.',
  'k.A.',
]);
const nothingWritten = /^(?:\\+N|[(<[{][Nn](?:ull|ULL)[)>\]}]|[-–—._]+|\*\*?|#)$/;
const none = /^none$/i;
/** What people and pivot tables write, in brackets. */
const saysNothing = new RegExp(
  '^(?:not applicable|none given|none provided|not given|keine angabe)$|' +
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
const noName = /^\(?no (?:(?:first|last|full|given) )?name\)?$/i;
/** `Apt ` with nothing behind it, and the false and the nought of a database. */
const unitWord =
  /^(?:apt|apartment|unit|suite|ste|floor|fl|room|rm|bldg|building|flat|lot|#)\.? ?#? ?(?=\S)/i;
const noUnit = /^(?:undefined|null|NULL|nan|NaN|None|#?N\/A)$/;
const noLine = /^(?:0(?:\.0+)?|false|FALSE|N\.A\.)$/;
/** Two of them, as programs put names and lines together: `null null`. */
const word = String.raw`(?:\\+N|#?N\/A|NULL|null|undefined|NaN)`;
const nothingTwice = new RegExp(`^${word}(?:[ ,]+${word})+$`);
const anyWord = /undefined|null|NULL|NaN|nan|N\/A|\\N/;
const atTheEdge = new RegExp(
  String.raw`^(?:(?:undefined|null|NaN|\\+N)[ ,]+)+|^nan[ ,]+(?=\d)|^NULL (?=\p{Lu}\p{Ll})|` +
    String.raw`(?:[ ,]+(?:apt|unit|suite|ste|#)\.?)?(?:[ ,]+(?:undefined|null|NaN|#?N\/A|\\+N))+$`,
  'gu',
);
/** What is left of them, somewhere in the middle. */
const within = /(?:^|[^\p{L}])undefined(?=$|[^\p{L}])|[,;] ?(?:null|NULL|NaN|#?N\/A) ?[,;]/u;
/** What forms and spreadsheets have where a given name was left out. */
const noGivenName = /^(?:false|FALSE|true|TRUE|0)$/;

/** Names of people, and what is printed with them. */
export function isNothing(role: CellRole, value: string): boolean {
  if (nothing.has(value) || nothingWritten.test(value) || nothingTwice.test(value)) return true;
  if (role === 'firstName' && noGivenName.test(value)) return true;
  if (saysNothing.test(value)) return true;
  if (noName.test(value)) return /name$/i.test(role);
  if (/^line[2-4]$/.test(role)) {
    const unit = value.replace(unitWord, '');
    if (noLine.test(value) || (unit !== value && noUnit.test(unit))) return true;
  }
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
  [/^(?:\[object \w+\]|\[["{].*[\]}"]\]|\{".*\})$/s, 'is an object and no text'],
  [/^[^\s@]+@[^\s@]+\.[A-Za-z]{2,}$/, 'is an e-mail address'],
  [/^(?:https?:\/\/|www\.)\S+$/i, 'is an address in the web'],
  [
    /^(?:(?:\+?1[ .-]?)?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])\d{3}[ .-]\d{4}|\+\d[\d ().-]{7,})$/,
    'is a phone number',
  ],
  [/\*{3}/, 'has letters that were blotted out'],
  [within, 'has a word of a machine in it'],
];
const noteOfOffice = /(?<!\p{L})do ?n(?:o|['’]?)t (?:call|phone|ring|e-?mail|text|sms)(?!\p{L})/iu;
const fieldName = /^(?:(?:first|last|full|given|family)[_ -]?name|[fl]name)$/i;
/** Of a street and a town; a street may be called Via or Rue. */
const placeName =
  /^(?:(?:street|mailing)?address(?:line)?[1-4]?|(?:address|street)line[1-4]|city|cityname|state|zip|zipcode|postalcode)$/;

/** Why a value cannot be what is printed of a person; null where it can. */
export function machineFault(role: CellRole, value: string, column = ''): string | null {
  const isName = role === 'name' || /^(?:first|last)Name/.test(role);
  // Cheaper than to fold it, since it is done for each cell.
  const letters = value.length > 60 ? '' : value.toLowerCase().replace(/[\W_]/g, '');
  if (isName ? fieldName.test(value) : placeName.test(letters))
    return 'is the name of a field, and nobody’s';
  // The header once more.
  const isHeader =
    value.toLowerCase() === column.toLowerCase() ||
    (letters !== '' && letters === column.toLowerCase().replace(/[\W_]/g, ''));
  if (isHeader && headingOf(column) !== null) return 'is the name of its column';
  const sheet = spreadsheetFault(value);
  if (sheet !== null) return sheet;
  const tag = mergeTag(value);
  if (tag !== null) return `${tag} a merge tag that was not filled in`;
  if ((isName || /^line\d$/.test(role)) && isDate(value))
    return 'is a date, which spreadsheets make of other things';
  if (isName && noteOfOffice.test(value)) return 'has a note in it that is nobody’s name';
  if (isName && /^[+\d][\d ().-]{4,}$/.test(value)) return 'is a number, and nobody’s name';
  // Nan is a given name, also where all is written small.
  if (/^line\d$/.test(role) && value.startsWith('nan ')) return 'has a word of a machine in it';
  if (/^line\d$/.test(role) && /^\d{10,}$/.test(value)) return 'is a phone number';
  return faults.find(([pattern]) => pattern.test(value))?.[1] ?? null;
}

// A letter that a system did not have became a question mark.
const lost = /\p{L}\?\p{L}/u;
const lostInName = /\p{L}\?|\?\p{L}|^\?+$/u;
// Letters of old code pages, read as those of Windows: `M³ller`, `Jos‚`.
const inAnotherCodePage = /\p{L}[³”“„¤¬](?=\p{L})|\p{L}[‚„](?=\p{L}|$)/u;

/** Whether letters were lost, which nobody can give back. */
export function hasLostLetters(role: CellRole, value: string): boolean {
  const isName = role === 'firstName' || role === 'lastName' || role === 'name' || role === 'city';
  return (isName ? lostInName : lost).test(value) || inAnotherCodePage.test(value);
}
