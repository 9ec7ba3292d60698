/** What a heading says: which part of a person's address or name it is, and of which address. */
import {
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

/** `Mailing_City__c` is `mailing city`, `City (Billing)` is `billing city`. */
export function wordsOf(name: string): string[] {
  return (
    name
      .replace(/__c$/i, '')
      .replace(manner, ' ')
      .replace(/^(.*)\((?:the )?(billing|shipping|mailing|delivery|home|work)\)/i, '$2 $1')
      .replace(romanceGroup, '$2 $1')
      // One of several addresses of a row, as `City - 2`.
      .replace(/^(.*\S) - ([1-9]|home|work|other|billing|shipping|mailing)$/i, '$2 $1')
      .replace(/^(.*\S) (privat)$/i, '$2 $1')
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
    const group = before.filter((word) => word !== 'to' && !neutralWords.has(word)).join(' ');
    return { ...found, key, group };
  }
  return null;
}

/** Whether it names one of a person's addresses, and not something that nobody knows. */
export function isKnownGroup(group: string): boolean {
  return group === '' || group.split(' ').every((word) => knownGroups.has(word));
}
