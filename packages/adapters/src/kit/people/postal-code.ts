/**
 * Postal codes as they must be printed. A spreadsheet that took ZIP codes for numbers has eaten
 * their leading zeros ("2138"): they are given back where the state really has such codes, and only
 * there, because a lost *last* digit looks the same.
 */

const zeroZips: Readonly<Record<string, RegExp>> = {
  AE: /^09/,
  CT: /^06/,
  MA: /^0(1|2[0-7]|55)/,
  ME: /^0(39|4)/,
  NH: /^03[0-8]/,
  NJ: /^0[78]/,
  NY: /^00[56]|^06390/,
  PR: /^00[679]/,
  RI: /^02[89]/,
  VI: /^008/,
  VT: /^05/,
};

const stateNames: Readonly<Record<string, string>> = {
  connecticut: 'CT',
  massachusetts: 'MA',
  maine: 'ME',
  'new hampshire': 'NH',
  'new jersey': 'NJ',
  'new york': 'NY',
  'puerto rico': 'PR',
  'rhode island': 'RI',
  'virgin islands': 'VI',
  vermont: 'VT',
};

// The inward part never uses C I K M O V. GIR 0AA and BFPO numbers stand outside the pattern.
const british = /^(?:[A-Z]{1,2}[0-9][A-Z0-9]?[0-9][ABD-HJLNP-UW-Z]{2}|GIR0AA)$/;
const britishForces = /^BFPO([0-9]{1,4})$/;

/**
 * The code in its printed form, or null where it is none. A country without a rule of its own takes
 * anything short without control characters.
 */
export function normalisePostalCode(
  country: string,
  region: string | null,
  value: string,
): string | null {
  const compact = value.toUpperCase().replace(/\s+/g, '');
  switch (country) {
    case 'US':
      return americanZip(region, compact);
    case 'GB':
    case 'GG':
    case 'IM':
    case 'JE': {
      const forces = britishForces.exec(compact);
      if (forces !== null) return `BFPO ${forces[1]}`;
      return british.test(compact) ? `${compact.slice(0, -3)} ${compact.slice(-3)}` : null;
    }
    case 'CA':
      return /^[ABCEGHJ-NPRSTVXY][0-9][A-Z][0-9][A-Z][0-9]$/.test(compact)
        ? `${compact.slice(0, 3)} ${compact.slice(3)}`
        : null;
    default:
      return value.length <= 12 ? value : null;
  }
}

function americanZip(region: string | null, compact: string): string | null {
  const digits = /^([0-9]+)(?:-([0-9]{4}))?$/.exec(compact);
  if (digits === null) return null;
  let base = digits[1] ?? '';
  let plus4 = digits[2];
  if (plus4 === undefined && base.length >= 7 && base.length <= 9) {
    plus4 = base.slice(-4);
    base = base.slice(0, -4);
  }
  if (base.length === 3 || base.length === 4) {
    const state = (region ?? '').trim();
    const zeros = zeroZips[stateNames[state.toLowerCase()] ?? state.toUpperCase()];
    base = base.padStart(5, '0');
    if (zeros === undefined || !zeros.test(base)) return null;
  }
  if (base.length !== 5 || base === '00000') return null;
  return plus4 === undefined ? base : `${base}-${plus4}`;
}

const countryNames: Readonly<Record<string, string>> = {
  america: 'US',
  canada: 'CA',
  england: 'GB',
  'great britain': 'GB',
  'northern ireland': 'GB',
  scotland: 'GB',
  uk: 'GB',
  'united kingdom': 'GB',
  'united states': 'US',
  'united states of america': 'US',
  us: 'US',
  usa: 'US',
  wales: 'GB',
};

/** ISO 3166-1 alpha-2, or null. */
export function normaliseCountry(value: string): string | null {
  const folded = value.toLowerCase().replaceAll('.', '').replace(/\s+/g, ' ').trim();
  const known = countryNames[folded];
  if (known !== undefined) return known;
  return /^[a-z]{2}$/.test(folded) ? folded.toUpperCase() : null;
}
