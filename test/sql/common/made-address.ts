/**
 * Addresses made of parts, and their spellings: whatever Publication 28 lets people write for one
 * letterbox.
 */
import type { WrittenAddress } from '../../audit/household-key.ts';

export interface AddressParts {
  readonly kind: 'street' | 'road' | 'box' | 'rural' | 'contract' | 'military';
  readonly number: number;
  readonly half: boolean;
  readonly direction: string;
  readonly name: string;
  readonly road: string;
  readonly suffix: string;
  readonly unit: { readonly kind: string; readonly value: string } | null;
  readonly building: string;
  readonly zip: number;
}

/** Each in all its spellings. */
const directions: Readonly<Record<string, readonly string[]>> = {
  '': [''],
  N: ['N', 'N.', 'North', 'NORTH'],
  E: ['E', 'E.', 'East', 'east'],
  NW: ['NW', 'N.W.', 'Northwest', 'nw', 'North West'],
  SE: ['SE', 'S.E.', 'Southeast', 'se', 'South East'],
};
const suffixes: Readonly<Record<string, readonly string[]>> = {
  ST: ['St', 'St.', 'Street', 'STREET', 'Str', 'strt'],
  AVE: ['Ave', 'Ave.', 'Avenue', 'Av', 'AVENUE', 'Avenu'],
  BLVD: ['Blvd', 'Blvd.', 'Boulevard', 'Boul'],
  CIR: ['Cir', 'Circle', 'Circ', 'CRCLE'],
  PKWY: ['Pkwy', 'Parkway', 'Pky', 'parkwy'],
  TRL: ['Trl', 'Trail', 'TRAILS'],
  XING: ['Xing', 'Crossing'],
};
const names: Readonly<Record<string, readonly string[]>> = {
  ELM: ['Elm', 'ELM', 'elm', 'Élm'],
  ONEIL: ["O'Neil", 'ONeil', 'O\u2019Neil'],
  FIFTH: ['Fifth', '5th', 'FIFTH', '5TH'],
  'TWENTY-FIRST': ['Twenty-First', '21st', 'Twenty First'],
  'SAINT JOHN': ['Saint John', 'St. John', 'St John', 'ST JOHN'],
  'MOUNT HOPE': ['Mount Hope', 'Mt Hope', 'Mt. Hope'],
  FRONT: ['Front', 'FRONT'],
  "O'BRIEN": ["O'Brien", 'O Brien', 'OBRIEN'],
  EAST: ['East', 'EAST'],
  'MARTIN LUTHER KING JR': ['Martin Luther King Jr', 'Martin Luther King Jr.'],
};
/** Numbered roads, whose suffix is a part of their kind. */
const roads: Readonly<Record<string, readonly string[]>> = {
  FM: ['FM ', 'F.M. ', 'FM', 'Farm to Market ', 'Farm-to-Market Rd '],
  RM: ['RM ', 'Ranch to Market ', 'Ranch-to-Market Road '],
  RR: ['RR ', 'Ranch Road ', 'Ranch Rd '],
  IH: ['IH ', 'I-', 'Interstate ', 'IH-'],
  TWP: ['TWP RD ', 'Township Road ', 'Twp. Rd. '],
  US: ['US ', 'US Highway ', 'U.S. Route ', 'US', 'US-'],
  CR: ['CR ', 'County Road ', 'Co Rd '],
  HWY: ['Hwy ', 'Highway ', 'Highway #'],
  LOOP: ['Loop ', 'Lp '],
};
const unitKinds: Readonly<Record<string, readonly string[]>> = {
  '#': [
    'Apt ',
    'Apt. ',
    'Apartment ',
    '#',
    '# ',
    'Unit ',
    'Suite ',
    'Ste. ',
    'No. ',
    'Apt #',
    'Rm ',
  ],
  FL: ['Fl ', 'Floor ', 'Flr '],
  LOT: ['Lot ', 'LOT '],
  SPC: ['Spc ', 'Space '],
  TRLR: ['Trlr ', 'Trailer '],
};
const unitValues: Readonly<Record<string, readonly string[]>> = {
  '4': ['4', '04'],
  '12': ['12'],
  '4B': ['4B', '4-B', '4 B', '4b'],
  C: ['C', 'c'],
};

/** Chooses among things: the same seed chooses the same ones. */
export type Pick = <T>(from: readonly T[]) => T;

export function picker(seed: number): Pick {
  let state = seed >>> 0;
  return (from) => {
    // Mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    const one = from[((t ^ (t >>> 14)) >>> 0) % from.length];
    if (one === undefined) throw new Error('nothing to choose from');
    return one;
  };
}

function number(pick: Pick, least: number, most: number): number {
  const digits = Array.from({ length: 6 }, () => pick([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])).join('');
  return least + (Number(digits) % (most - least + 1));
}

export function madeOfParts(pick: Pick): AddressParts {
  return {
    kind: pick([
      'street',
      'street',
      'street',
      'street',
      'road',
      'box',
      'rural',
      'contract',
      'military',
    ]),
    number: number(pick, 1, 29_999),
    half: pick([true, ...Array.from({ length: 9 }, () => false)]),
    direction: pick(Object.keys(directions)),
    name: pick(Object.keys(names)),
    road: pick(Object.keys(roads)),
    suffix: pick(Object.keys(suffixes)),
    unit: pick([
      null,
      { kind: pick(Object.keys(unitKinds)), value: pick(Object.keys(unitValues)) },
    ]),
    building: pick(['', '', '', 'C', '7']),
    zip: number(pick, 501, 99_950),
  };
}

/** The same address with one part changed. */
export function anotherPart(parts: AddressParts, pick: Pick): AddressParts {
  const other = (of: object, is: string): string =>
    pick(Object.keys(of).filter((key) => key !== is && key !== ''));
  return pick<AddressParts>([
    { ...parts, number: parts.number + 1 },
    { ...parts, zip: parts.zip + 1 },
    ...(parts.kind === 'road' ? [{ ...parts, road: other(roads, parts.road) }] : []),
    ...(parts.kind === 'street'
      ? [
          { ...parts, half: !parts.half },
          { ...parts, direction: other(directions, parts.direction) },
          { ...parts, name: other(names, parts.name) },
          { ...parts, suffix: other(suffixes, parts.suffix) },
          { ...parts, building: parts.building === 'D' ? '' : 'D' },
          {
            ...parts,
            unit:
              parts.unit === null
                ? { kind: '#', value: '4' }
                : pick([null, { ...parts.unit, value: other(unitValues, parts.unit.value) }]),
          },
        ]
      : []),
  ]);
}

/** One spelling of it. */
export function spelled(parts: AddressParts, pick: Pick): WrittenAddress {
  const of = (table: Readonly<Record<string, readonly string[]>>, key: string): string =>
    pick(table[key] ?? [key]);
  const address = (line1: string, line2 = ''): WrittenAddress => ({
    line1,
    line2,
    city: '',
    region: '',
    postalCode: String(parts.zip).padStart(5, '0') + pick(['', '', '-1234']),
    country: 'US',
  });
  const n = pick(['', '#', 'No. ']) + String(parts.number);
  if (parts.kind === 'box')
    return address(
      pick(['PO Box', 'P.O. Box', 'P O Box', 'POB', 'Post Office Box', 'Box']) + ` ${n}`,
    );
  if (parts.kind === 'rural')
    return address(
      pick(['RR 2', 'R.R. 2', 'Rural Route 2', 'RFD 2', 'RR #2']) + pick([' ', ', ']) + `Box ${n}`,
    );
  if (parts.kind === 'contract')
    return address(pick(['HC 2', 'Highway Contract 2', 'HCR 02']) + pick([' ', ', ']) + `Box ${n}`);
  if (parts.kind === 'military')
    return address(pick(['PSC 476', 'psc 476']) + pick([' ', ', ']) + `Box ${n}`);
  if (parts.kind === 'road') return address(`${parts.number} ${of(roads, parts.road)}1960`);

  const street = [
    `${parts.number}${parts.half ? pick([' 1/2', '½', ' ½']) : ''}`,
    ...(parts.direction === '' ? [] : [of(directions, parts.direction)]),
    of(names, parts.name),
    of(suffixes, parts.suffix),
  ].join(' ');
  const building =
    parts.building === '' ? '' : pick(['Bldg ', 'Building ', 'Bldg. ']) + parts.building;
  const unit =
    parts.unit === null ? '' : of(unitKinds, parts.unit.kind) + of(unitValues, parts.unit.value);
  const units = [building, unit].filter((text) => text !== '');
  if (pick([0, 0, 1]) === 1) units.reverse();
  const tail = units.join(pick([' ', ', ']));
  if (tail === '') return address(street);
  return pick([
    address(`${street}, ${tail}`),
    address(`${street} ${tail}`),
    address(street, tail),
    address(tail, street),
  ]);
}
