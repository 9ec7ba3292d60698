/** What a heading says: which part of a person's address or name it is, and of which address. */
import {
  addressRoles,
  foreignWords,
  gluedGroups,
  headingParts,
  knownGroups,
  neutralWords,
  spellings,
  type HeadingPart,
} from './spellings.ts';

export interface Heading {
  readonly part: HeadingPart;
  /** Which of several addresses, as `billing`; blank where nothing is said of it. */
  readonly group: string;
  /** Without blanks and case, as `address1`. */
  readonly key: string;
  /** The lower, the more it is trusted to be this part. */
  readonly rank: number;
  /** By its words alone: it is refused where nothing is said of it, and never taken. */
  readonly isLoose?: boolean;
}

const keys = new Map<string, { readonly part: HeadingPart; readonly rank: number }>();
for (const part of headingParts)
  for (const [rank, key] of spellings[part].split(' ').entries()) keys.set(key, { part, rank });

/** What is said of how a value is written, not of what it is. */
const manner =
  /\((?:text only|optional|required|if any|iso[^)]*|[23][- ]letters?[^)]*|abbr[^)]*)\)/gi;

/** `Adresse de facturation`. */
const romanceGroup = new RegExp(
  "^(.+?) (?:de|di|d['’]) ?(facturation|livraison|facturaci[oó]n|env[ií]o|fatturazione|" +
    'spedizione|consegna|fatura[cç][aã]o|faturamento|entrega|cobran[cç]a)$',
  'i',
);

/** `City (Billing)`, `Rue (domicile)`. */
const kindInBrackets =
  /^(.*)\((?:the )?(billing|shipping|mailing|delivery|home|work|domicile|bureau|privat|thuis|werk)\)/i;

/** Of address books: `Ort privat`, `Straße geschäftlich 2`. */
const kindBehind = /^(.*\S) (privat|gesch[aä]ftlich|domicile|bureau|thuis|werk)( [2-9])?$/i;

/** `Mailing_City__c` is `mailing city`, `City (Billing)` is `billing city`. */
export function wordsOf(name: string): string[] {
  return (
    name
      .replace(/__c$/i, '')
      .replace(manner, ' ')
      .replace(kindInBrackets, '$2 $1')
      .replace(romanceGroup, '$2 $1')
      // One of several addresses of a row, as `City - 2`.
      .replace(/^(.*\S) - ([1-9]|home|work|other|billing|shipping|mailing)$/i, '$2 $1')
      .replace(kindBehind, '$2 $1$3')
      .replace(/^(.*\S) of (?:the )?(\S.*address)$/i, '$2 $1')
      .normalize('NFD')
      .replace(/\p{M}/gu, '')
      .replace(/ß/g, 'ss')
      .replace(/ł/g, 'l')
      .replace(/º/g, 'o')
      .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2')
      .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .flatMap(unglued)
      .filter((word) => word !== '')
      .map((word) => (word === 'cd' ? 'code' : word))
  );
}

/** The words of a heading, digits apart: `Addr5`. */
export function numbersAndWords(name: string): string[] {
  return wordsOf(name).flatMap((word) => word.match(/\p{N}+|[^\p{N}]+/gu) ?? []);
}

function unglued(word: string): string[] {
  const group = gluedGroups.find((one) => word.startsWith(one) && keys.has(word.slice(one.length)));
  return group === undefined ? [word] : [group, word.slice(group.length)];
}

/** Without case, blanks, accents and punctuation. */
export function fold(name: string): string {
  return wordsOf(name).join('');
}

/** Null where it is no part that is known. */
export function headingOf(name: string): Heading | null {
  if (/^c\/o\b/i.test(name)) return { part: 'other', group: '', key: 'careof', rank: 0 };
  const words = wordsOf(name);
  for (let from = 0; from < words.length; from++) {
    const key = words.slice(from).join('');
    const found = keys.get(key);
    if (found === undefined) continue;
    const before = words.slice(0, from);
    // The label of an address is nobody's name.
    if (key === 'name' && before.join(' ') === 'address') return null;
    if (before.some((word) => foreignWords.has(word))) return null;
    const isPlace =
      found.part === 'other' || (addressRoles as readonly string[]).includes(found.part);
    const says = (word: string): boolean =>
      isPlace ? !neutralWords.has(word) && !isIdOf(word, found.part) : !neutralOfPeople.has(word);
    const group = before.filter((word) => word !== 'to' && says(word)).join(' ');
    return { ...found, key, group };
  }
  return null;
}

/** The country's number in a program, as `id_country`: of a country that nobody else names. */
function isIdOf(word: string, part: HeadingPart): boolean {
  return word === 'id' && (part === 'country' || part === 'region');
}

/** Odoo calls each contact a partner; of a person's name or e-mail it is somebody else. */
const neutralOfPeople = new Set([...neutralWords].filter((word) => word !== 'partner'));

/** Whether it names one of a person's addresses, and not something that nobody knows. */
export function isKnownGroup(group: string): boolean {
  return group === '' || group.split(' ').every((word) => knownGroups.has(word));
}
