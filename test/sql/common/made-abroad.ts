/**
 * Addresses of countries that write in other languages than English, made of parts, and their
 * spellings.
 */
import type { WrittenAddress } from '../../audit/household-key.ts';
import type { Pick } from './made-address.ts';

/** How a country writes. Each inner list is one thing, in all its certain spellings. */
interface Country {
  readonly streets: readonly (readonly string[])[];
  /** What stands between the street and its number; for `first`, in front of it. */
  readonly numbers: readonly string[];
  readonly first?: boolean;
  /** Flats, floors and parts of a house; %d is their value. */
  readonly units: readonly (readonly string[])[];
}

const german: Country = {
  streets: [
    ['Hauptstr.', 'Hauptstraße', 'HAUPTSTRASSE', 'Haupt-Straße'],
    ['Bauerstr.', 'Bauerstraße'],
    ['Baurstr.', 'Baurstraße'],
    ['Müllerstr.', 'Muellerstraße', 'MÜLLERSTRASSE'],
    ['Neue Str.', 'Neue Straße'],
    ['Neustr.', 'Neustraße'],
    ['Schillerpl.', 'Schillerplatz'],
    ['Karl-Marx-Allee', 'Karl Marx Allee'],
  ],
  numbers: [' ', ', ', ' Nr. '],
  units: [
    ['%d. OG', '%d. Stock', '%d. Etage'],
    ['Whg %d', 'Wohnung %d', 'Whg. %d'],
    ['Haus %d', 'HAUS %d'],
    ['Hinterhaus', 'HH'],
    ['c/o Meier', 'C/O Meier'],
  ],
};

const countries: Readonly<Record<string, Country>> = {
  DE: german,
  AT: { ...german, units: [...german.units.slice(2), ['/%d', ' Top %d', ', Top %d']] },
  FR: {
    streets: [
      ['rue Foch', 'r. Foch', 'RUE FOCH'],
      ['avenue Foch', 'av. Foch', 'Ave Foch'],
      ['boulevard Saint-Michel', 'bd St-Michel', 'Bd. Saint Michel'],
      ['chemin des Dames', 'ch. des Dames', 'Che. des Dames'],
      ['rue de la Porte Dorée', 'R. de la Porte Doree'],
    ],
    numbers: ['', 'n° ', 'No. '],
    first: true,
    units: [
      ['Bâtiment %d', 'Bât. %d', 'BAT %d'],
      ['Appartement %d', 'Appt %d', 'apt %d'],
      ['%de étage', 'Étage %d', '%dème étage'],
      ['Les Lilas', 'LES LILAS'],
      ['Chez Durand', 'CHEZ DURAND'],
    ],
  },
  ES: {
    streets: [
      ['Calle Mayor', 'C/ Mayor', 'Cl. Mayor'],
      ['Avenida Mayor', 'Avda. Mayor', 'Av. Mayor'],
      ['Paseo Castellana', 'Pº Castellana', 'P.º Castellana'],
      ['Calle del 2 de Mayo', 'C/ del 2 de Mayo'],
    ],
    numbers: [' ', ', ', ' nº ', ', núm. '],
    units: [
      ['esc. %d', 'Escalera %d'],
      [', piso %d', ', %dº', ', planta %d'],
      ['Edificio Sol', 'Edif. Sol'],
    ],
  },
  IT: {
    streets: [
      ['Via Roma', 'V. Roma', 'VIA ROMA'],
      ['Viale Roma', 'V.le Roma'],
      ['Vicolo Roma', 'V.lo Roma'],
      ['Piazza Dante', 'P.za Dante', 'P.zza Dante'],
    ],
    numbers: [' ', ', ', ' n. ', ', n° '],
    units: [
      ['int. %d', 'interno %d'],
      ['scala %d', 'Scala %d'],
      ['Presso Rossi', 'presso Rossi'],
    ],
  },
  PL: {
    streets: [
      ['ul. Długa', 'ulica Długa'],
      ['al. Długa', 'Aleje Długa'],
      ['ul. 3 Maja', 'ulica 3 Maja'],
    ],
    numbers: [' ', ', ', ' nr '],
    units: [['/%d', ' m. %d', ' lok. %d']],
  },
  RU: {
    streets: [
      ['ул. Ленина', 'улица Ленина', 'УЛ. ЛЕНИНА'],
      ['проспект Мира', 'пр-т Мира', 'пр-кт Мира'],
      ['ул. 8 Марта', 'улица 8 Марта'],
    ],
    numbers: [' ', ', ', ', д. ', ', дом '],
    units: [
      [', кв. %d', ', квартира %d', '-%d'],
      ['корп. %d', 'корпус %d'],
      ['Москва', 'МОСКВА'],
    ],
  },
  BR: {
    streets: [
      ['Rua das Flores', 'R. das Flores'],
      ['Alameda Santos', 'Al. Santos'],
      ['Rodovia Santos', 'Rod. Santos'],
    ],
    numbers: [' ', ', ', ', nº ', ' n. '],
    units: [
      ['apto %d', 'ap. %d', 'apartamento %d'],
      ['bloco %d', 'bl. %d'],
    ],
  },
  TR: {
    streets: [
      ['Moda Cad.', 'Moda Caddesi'],
      ['Moda Sok.', 'Moda Sokak'],
    ],
    numbers: [' ', ' No: ', ' No:'],
    units: [['/%d', ' D:%d', ' Daire %d']],
  },
  KR: {
    streets: [['세종대로'], ['세종대로12길']],
    numbers: ['', ' '],
    units: [],
  },
  ZA: {
    streets: [
      ['Elm Street', 'Elm St', 'ELM STR.'],
      ['Elm Road', 'Elm Rd'],
      ['Long Street', 'Long St.'],
    ],
    numbers: [''],
    first: true,
    units: [['Flat %d', 'Unit %d', 'Apt. %d']],
  },
};

export interface PartsAbroad {
  readonly country: string;
  readonly street: number;
  readonly number: number;
  readonly letter: string;
  /** The unit of that place has this value; 0 where there is none. */
  readonly units: readonly number[];
}

function of(country: string): Country {
  const found = countries[country];
  if (found === undefined) throw new Error(`nothing is known of ${country}`);
  return found;
}

export function madeAbroad(pick: Pick): PartsAbroad {
  const country = pick(Object.keys(countries));
  const { streets, units } = of(country);
  return {
    country,
    street: pick([...streets.keys()]),
    number: pick([1, 5, 12, 107]),
    letter: pick(['', '', '', 'a', 'C']),
    units: units.map(() => pick([0, 0, 3, 14])),
  };
}

/** The same address with one part changed. */
export function anotherAbroad(parts: PartsAbroad, pick: Pick): PartsAbroad {
  const { streets, units } = of(parts.country);
  const at = pick([...units.keys(), 0]);
  return pick([
    { ...parts, street: (parts.street + 1) % streets.length },
    { ...parts, number: parts.number + 1 },
    { ...parts, letter: parts.letter === 'b' ? '' : 'b' },
    ...(units.length === 0
      ? []
      : [
          {
            ...parts,
            units: parts.units.map((value, i) => (i === at ? (value === 0 ? 8 : 0) : value)),
          },
        ]),
  ]);
}

/** The same address without its units. */
export function withoutUnits(parts: PartsAbroad): PartsAbroad {
  return { ...parts, letter: '', units: parts.units.map(() => 0) };
}

/** One spelling of it: units on either line, in front or behind, in any order. */
export function spelledAbroad(parts: PartsAbroad, pick: Pick): WrittenAddress {
  const { streets, numbers, first, units } = of(parts.country);
  const street = pick(streets[parts.street] ?? []);
  const letter = pick([parts.letter, parts.letter.toUpperCase()]);
  const number = `${parts.number}${letter === '' ? '' : pick(['', ' '])}${letter}`;
  let line1 = first
    ? `${pick(numbers)}${number}${parts.letter === '' ? pick([' ', ', ']) : ' '}${street}`
    : `${street}${pick(numbers)}${number}`;
  const lines: string[] = [];
  for (const [i, spellings] of units.entries()) {
    const value = parts.units[i] ?? 0;
    if (value === 0) continue;
    const unit = pick(spellings).replace('%d', String(value));
    // What begins with a sign stands right behind the number.
    if (/^[ ,/-]/.test(unit)) line1 += unit;
    else lines.push(unit);
  }
  if (pick([0, 1]) === 1) lines.reverse();
  const rest = lines.join(', ');
  const [line2, line] = pick([
    [rest, line1],
    [line1, rest],
  ] as const);
  return {
    line1: line === '' ? line2 : line,
    line2: line === '' ? '' : line2,
    city: '',
    region: '',
    postalCode: '12345',
    country: parts.country,
  };
}
