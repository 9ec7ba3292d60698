/**
 * Verifies US addresses as far as a twin can: by Lob's magic values, and otherwise by believing
 * them. With a test key nothing but the magic values is answered, as at Lob.
 */
import { createHash } from 'node:crypto';

export interface AskedAddress {
  readonly recipient?: string;
  readonly primary_line?: string;
  readonly secondary_line?: string;
  readonly urbanization?: string;
  readonly city?: string;
  readonly state?: string;
  readonly zip_code?: string;
  readonly address?: string;
}

interface Sample {
  readonly deliverability: string;
  readonly line: string;
  readonly second?: string;
  readonly dpv?: string;
  readonly kind?: 'residential' | 'commercial';
  readonly record?: string;
}

/** Lob's test environment, by `primary_line` or `address`. */
const samples: Readonly<Record<string, Sample>> = {
  'commercial highrise': {
    deliverability: 'deliverable',
    line: '185 BERRY ST STE 6100',
    record: 'highrise',
  },
  'residential highrise': {
    deliverability: 'deliverable',
    line: '255 BERRY ST APT 211',
    kind: 'residential',
    record: 'highrise',
  },
  'residential house': {
    deliverability: 'deliverable',
    line: '1717 MARKET ST',
    kind: 'residential',
  },
  'po box': {
    deliverability: 'deliverable',
    line: 'PO BOX 720114',
    kind: 'residential',
    record: 'po_box',
  },
  'rural route': {
    deliverability: 'deliverable',
    line: 'RR 1 BOX 100',
    kind: 'residential',
    record: 'rural_route',
  },
  'puerto rico': { deliverability: 'deliverable', line: '1 CALLE AMAPOLA', kind: 'residential' },
  military: { deliverability: 'deliverable', line: 'UNIT 2050 BOX 4190', kind: 'residential' },
  'department of state': { deliverability: 'deliverable', line: 'UNIT 8400 BOX 0000' },
  deliverable: { deliverability: 'deliverable', line: '1 TEST ST' },
  'missing unit': {
    deliverability: 'deliverable_missing_unit',
    line: '185 BERRY ST',
    dpv: 'D',
    record: 'highrise',
  },
  'incorrect unit': {
    deliverability: 'deliverable_incorrect_unit',
    line: '185 BERRY ST STE 9999',
    dpv: 'S',
    record: 'highrise',
  },
  'unnecessary unit': {
    deliverability: 'deliverable_unnecessary_unit',
    line: '1717 MARKET ST APT 2',
    dpv: 'S',
  },
  'undeliverable block match': { deliverability: 'undeliverable', line: '9999 BERRY ST', dpv: 'N' },
  'undeliverable no match': { deliverability: 'undeliverable', line: 'NO SUCH ST', dpv: '' },
};

function sampleOf(line: string): Sample | undefined {
  const name = line.trim().toLowerCase();
  return Object.hasOwn(samples, name) ? samples[name] : undefined;
}

/** Of a line of an address: what is no magic value is believed. */
export function deliverabilityOf(line: string): string {
  return sampleOf(line)?.deliverability ?? 'deliverable';
}

export function verification(asked: AskedAddress, mode: 'test' | 'live', proper: boolean): object {
  const given = asked.primary_line ?? asked.address ?? '';
  const sample = sampleOf(given);
  const believed: Sample | undefined =
    mode === 'live' ? { deliverability: 'deliverable', line: given.toUpperCase() } : undefined;
  const found = sample ?? believed;
  const cased = (text: string): string =>
    proper ? text.toLowerCase().replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase()) : text;
  const { city, state, zip } = placeOf(asked);
  const digest = createHash('sha256')
    .update(JSON.stringify([given, city, state, zip]))
    .digest();
  const plus = String(digest.readUInt16BE(0) % 10_000).padStart(4, '0');
  const point = String(digest.readUInt8(2) % 100).padStart(2, '0');
  const known = found !== undefined;
  const isFound = known && found.dpv !== '';
  return {
    id: `us_ver_${digest.toString('hex', 4, 12)}`,
    recipient:
      mode === 'test'
        ? 'TEST KEYS DO NOT VERIFY ADDRESSES'
        : cased((asked.recipient ?? '').toUpperCase()),
    primary_line: cased(found?.line ?? ''),
    secondary_line: cased(known ? (asked.secondary_line ?? '').toUpperCase() : ''),
    urbanization: '',
    last_line: known ? cased(`${city} ${state} ${zip}-${plus}`) : '',
    deliverability: found?.deliverability ?? '',
    valid_address: known && found.deliverability !== 'undeliverable',
    components: components(found, { city, state, zip, plus, point }),
    deliverability_analysis: analysis(isFound ? (found.dpv ?? 'Y') : ''),
    lob_confidence_score: { score: isFound ? 100 : null, level: isFound ? 'high' : '' },
    object: 'us_verification',
  };
}

function placeOf({ city, state, zip_code: code, address }: AskedAddress) {
  const [, tailState, tailZip] =
    /\b([A-Z]{2})?\s*(\d{5})(?:-\d{4})?\s*$/i.exec(address ?? '') ?? [];
  return {
    city: (city ?? 'SAN FRANCISCO').toUpperCase(),
    state: (state ?? tailState ?? 'CA').toUpperCase().slice(0, 2),
    zip: (code ?? tailZip ?? '94107').slice(0, 5),
  };
}

function components(
  found: Sample | undefined,
  place: Readonly<Record<'city' | 'state' | 'zip' | 'plus' | 'point', string>>,
): object {
  const [, number = '', street = ''] = /^(\d\S*)?\s*(.*)$/.exec(found?.line ?? '') ?? [];
  const [, name = street, suffix = ''] =
    /^(.*?)\s+(ST|AVE|RD|DR|LN|BLVD|CT|WAY|PL|STREET|AVENUE|ROAD|DRIVE|LANE)\b/.exec(street) ?? [];
  const known = found !== undefined;
  const { city, state, zip, plus, point } = place;
  return {
    primary_number: number,
    street_predirection: '',
    street_name: name,
    street_suffix: suffix,
    street_postdirection: '',
    secondary_designator: '',
    secondary_number: '',
    pmb_designator: '',
    pmb_number: '',
    extra_secondary_designator: '',
    extra_secondary_number: '',
    city: known ? city : '',
    state: known ? state : '',
    zip_code: zip,
    zip_code_plus_4: known ? plus : '',
    zip_code_type: known ? 'standard' : '',
    delivery_point_barcode: known ? `${zip}${plus}${point}0` : '',
    address_type: known ? (found.kind ?? 'commercial') : '',
    record_type: known ? (found.record ?? 'street') : '',
    default_building_address: found?.deliverability === 'deliverable_missing_unit',
    county: known ? 'SAN FRANCISCO' : '',
    county_fips: known ? '06075' : '',
    carrier_route: known ? 'C032' : '',
    carrier_route_type: 'city_delivery',
    po_box_only_flag: known ? 'N' : '',
    latitude: null,
    longitude: null,
  };
}

function analysis(dpv: string): object {
  const flag = dpv === '' ? '' : 'N';
  return {
    dpv_confirmation: dpv,
    dpv_cmra: flag,
    dpv_vacant: flag,
    dpv_active: dpv === '' ? '' : 'Y',
    dpv_inactive_reason: '',
    dpv_throwback: flag,
    dpv_non_delivery_day_flag: flag,
    dpv_non_delivery_day_values: '',
    dpv_no_secure_location: flag,
    dpv_door_not_accessible: flag,
    dpv_footnotes: dpv === '' ? [] : ['AA', dpv === 'Y' ? 'BB' : 'N1'],
    ews_match: false,
    lacs_indicator: '',
    lacs_return_code: '',
    suite_return_code: '',
  };
}
