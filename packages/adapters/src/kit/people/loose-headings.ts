/**
 * A second look at headings that no spelling knows: one that is made of nothing but words of
 * addresses, in whatever order (`Apt/Ste`, `Building No`, `Street 5`), is part of one. It is not
 * trusted to be a certain part: such a column is refused, never taken. `Unit Price` has a word of
 * its own, and is merge data.
 */
import { headingOf, isKnownGroup, numbersAndWords, type Heading } from './headings.ts';
import { knownGroups, neutralWords, type HeadingPart } from './spellings.ts';

interface Kind {
  readonly part: HeadingPart;
  /** As what it is compared with the columns that are used; null: as it is written. */
  readonly key: string | null;
  /** One of these makes it such a part … */
  readonly words: ReadonlySet<string>;
  /** … beside one of these; empty: by itself. */
  readonly besides: ReadonlySet<string>;
  /** What else may stand there. */
  readonly fillers: ReadonlySet<string>;
}

const kinds: readonly Kind[] = [
  kind({
    part: 'country',
    key: 'country',
    words: 'country ctry nation land pays pais paese kraj',
    fillers: 'code iso iso2 iso3 alpha name region id or 2 3',
  }),
  kind({
    part: 'region',
    key: 'state',
    words: 'state province prov bundesland kanton canton provincia',
    fillers: 'st code name abbr region county territory other or',
  }),
  kind({ part: 'region', words: 'county', fillers: 'code name region no number' }),
  kind({
    part: 'city',
    words: 'city town locality stadt ciudad ville citta miasto',
    fillers: 'name or',
  }),
  kind({
    part: 'postalCode',
    words: 'zip postcode postal plz postleitzahl',
    fillers: 'code post or',
  }),
  kind({
    part: 'other',
    words: 'address addr adresse adres direccion indirizzo street strasse rue calle line',
    besides:
      '2 3 4 5 6 7 8 9 a b extra second secondary third fourth two three cont continued more ' +
      'additional addl addtl supplement zusatz apt',
    fillers: '1 nd rd th line info no number field text of name',
  }),
  kind({
    part: 'other',
    key: 'streetdirection',
    words: 'direction directional prefix ending suffix',
    besides: 'street st pre post',
  }),
  kind({
    part: 'other',
    words:
      'apt apts apartment apartments appt appartement ste suite unit flat building bldg ' +
      'floor flr room rm lot space spc box pobox dorm dormitory trailer door cabin complex ' +
      'mailbox psc township borough village hamlet thoroughfare house haus huis wohnung ' +
      'etage stockwerk hinterhaus stiege tur batiment bat escalier piso puerta escalera bloque ' +
      'mieszkanie mieszkania lokal lokalu toevoeging toev квартира подъезд этаж корпус 部屋番号 建物名',
    fillers:
      'num number no nr numero n letter designator suffix ext info or and y o et und e of the ' +
      'if any etc optional second secondary sec dependent street name residence hall campus ' +
      'hc rr esc int level huisnr huisnummer 2 3 4 5',
  }),
];

function kind({
  part,
  key,
  words,
  besides = '',
  fillers = '',
}: {
  readonly part: HeadingPart;
  readonly key?: string;
  readonly words: string;
  readonly besides?: string;
  readonly fillers?: string;
}): Kind {
  const setOf = (text: string): ReadonlySet<string> => new Set(text.split(' ').filter(Boolean));
  return {
    part,
    key: key ?? null,
    words: setOf(words),
    besides: setOf(besides),
    fillers: setOf(fillers),
  };
}

/**
 * What the headings say. One with a word before it that is no street's is looked at again: of `Apt
 * Num` the unit is not the number of something that is called Apt.
 */
export function headingsOf(names: readonly string[]): readonly (Heading | null)[] {
  const known = names.map((name) => headingOf(name));
  const streets = new Set(known.flatMap((one) => (one?.part === 'line1' ? [one.group] : [])));
  return known.map((heading, index) =>
    heading !== null && (isKnownGroup(heading.group) || streets.has(heading.group))
      ? heading
      : (looseHeadingOf(names[index] ?? '') ?? heading),
  );
}

/** Null where a word of it is none of an address. */
function looseHeadingOf(name: string): Heading | null {
  const all = numbersAndWords(name);
  for (const { part, key, words, besides, fillers } of kinds) {
    const isOwn = (word: string): boolean =>
      words.has(word) || besides.has(word) || fillers.has(word);
    const others = all.filter((word) => !isOwn(word));
    const isPart =
      all.some((word) => words.has(word)) &&
      (besides.size === 0 || all.some((word) => besides.has(word))) &&
      others.every((word) => neutralWords.has(word) || knownGroups.has(word));
    if (!isPart) continue;
    const group = others.filter((word) => !neutralWords.has(word)).join(' ');
    return { part, group, key: key ?? all.join(''), rank: Infinity, isLoose: true };
  }
  return null;
}
