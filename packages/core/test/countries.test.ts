/**
 * The data of the countries: every code that a post gives as an example is taken, a broken one not.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addressLines,
  countries,
  countryOf,
  isCountry,
  mendedPostalCode,
  postalCodeOf,
  regionOf,
  type Country,
} from '../src/ports/countries/index.ts';
import type { Address } from '../src/ports/index.ts';

const all = [...countries()];
const coded = all.filter(({ postalCode }) => postalCode !== null);

function country(code: string): Country {
  return countryOf(code) ?? assert.fail(code);
}

void test('there are the countries of ISO 3166, and Kosovo', () => {
  assert.equal(all.length, 250);
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const codes = letters.flatMap((a) => letters.map((b) => a + b));
  assert.deepEqual(codes.filter(isCountry), all.map(({ code }) => code).toSorted());
  for (const none of ['TX', 'ZZ', 'XX', 'UK', 'EU', 'AA', '', 'us']) assert.ok(!isCountry(none));
});

void test('a country is known by its codes, its usual names and its own name', () => {
  for (const [text, code] of Object.entries({
    us: 'US',
    USA: 'US',
    'U.S.A.': 'US',
    'United States': 'US',
    'the United States of America': 'US',
    UK: 'GB',
    England: 'GB',
    GBR: 'GB',
    Deutschland: 'DE',
    Österreich: 'AT',
    Schweiz: 'CH',
    Suisse: 'CH',
    España: 'ES',
    日本: 'JP',
    Россия: 'RU',
    'South Korea': 'KR',
    'Trinidad & Tobago': 'TT',
    'St Lucia': 'LC',
    'Hong Kong': 'HK',
    'Puerto Rico': 'PR',
    D: 'DE',
    GER: 'DE',
    Česko: 'CZ',
    Allemagne: 'DE',
    'Estados Unidos': 'US',
    'États-Unis': 'US',
    'Vereinigte Staaten': 'US',
    Italien: 'IT',
    Spanien: 'ES',
    Niemcy: 'DE',
    Германия: 'DE',
    ドイツ: 'DE',
    Georgia: 'GE',
    Côte: null,
    Congo: null,
    Texas: null,
    TX: null,
    Utopia: null,
    ' ': null,
  }))
    assert.equal(countryOf(text)?.code ?? null, code, text);
  for (const one of all) assert.equal(countryOf(one.name)?.code, one.code, one.name);
});

void test('each example of a postal code is one of its country, however its blanks and hyphens are', () => {
  for (const one of coded) {
    assert.ok(one.examples.length > 0, one.code);
    for (const example of one.examples) {
      const code = postalCodeOf(one, null, example) ?? assert.fail(`${one.code} ${example}`);
      assert.equal(postalCodeOf(one, null, code), code);
      const bare = example.replace(/[ -]/g, '');
      const same = postalCodeOf(one, null, bare) ?? assert.fail(`${one.code} ${bare}`);
      assert.equal(same.replace(/[ -]/g, ''), code.replace(/[ -]/g, ''));
      assert.equal(postalCodeOf(one, null, ` ${example.toLowerCase()} `), code);
    }
  }
});

void test('a postal code with letters for digits, or that is too long, is none', () => {
  for (const one of coded)
    for (const example of one.examples) {
      const code = example.replace(/[ -]/g, '');
      for (const broken of [code.replace(/[0-9]/g, 'Q') + 'Q', code + code + code])
        assert.equal(postalCodeOf(one, null, broken), null, `${one.code} ${broken}`);
    }
});

void test('a country without postal codes needs none, and one with them says so', () => {
  assert.equal(postalCodeOf(country('HK'), null, ''), '');
  assert.equal(postalCodeOf(country('AE'), null, ' '), '');
  assert.equal(postalCodeOf(country('DE'), null, ''), null);
  assert.equal(postalCodeOf(country('US'), 'MA', ''), null);
});

void test('what people write before and into a postal code is taken for what it is', () => {
  for (const [code, text, expected] of [
    ['DE', 'D-10115', '10115'],
    ['CH', 'CH 8001', '8001'],
    ['FR', 'F-75001', '75001'],
    ['LV', '1050', 'LV-1050'],
    ['NL', '1234ab', '1234 AB'],
    ['PT', '1250096', '1250-096'],
    ['JP', '1000001', '100-0001'],
    ['CA', 'm5v2t6', 'M5V 2T6'],
    ['CA', 'H3Z-2Y7', 'H3Z 2Y7'],
    ['IE', 'd02x285', 'D02 X285'],
    ['GB', 'sw1a1aa', 'SW1A 1AA'],
    ['GB', 'bfpo12', 'BFPO 12'],
    ['PR', '926', '00926'],
    ['VI', '802', '00802'],
    ['DE', '1067', null],
    ['US', '02138.', '02138'],
    ['US', '02138–1234', '02138-1234'],
    ['JP', '１０４－００６１', '104-0061'],
    ['FR', 'D-75001', null],
    ['CA', 'D1A 1A1', null],
  ] as const)
    assert.equal(postalCodeOf(country(code), null, text), expected, `${code} ${text}`);
});

void test('a cell of a list gets its leading zeros back where the code fits with them alone', () => {
  for (const [code, text, expected] of [
    ['DE', '1067', '01067'],
    ['ES', '8001', '08001'],
    ['FR', '1000', '01000'],
    ['IT', '100', '00100'],
    ['FI', '100', '00100'],
    ['AU', '800', '0800'],
    ['NO', '150', '0150'],
    ['RO', '10001', '010001'],
    ['JP', '640061', '064-0061'],
    ['BR', '1310100', '01310-100'],
    ['PL', '1', null],
    ['PT', '1100', null],
    ['RU', '10100', null],
  ] as const)
    assert.equal(mendedPostalCode(country(code), null, text), expected, `${code} ${text}`);
});

void test('a code that its country cannot have is none, and is not written otherwise', () => {
  for (const [code, text] of [
    ['IE', 'Dublin 2'],
    ['IE', '12345'],
    ['IE', 'B02 X285'],
    ['IE', 'D02 B285'],
    ['ES', '99001'],
    ['ES', '00001'],
    ['IN', '010001'],
    ['DE', '00000'],
    ['DE', '01000'],
    ['DE', '99999'],
    ['FR', '99999'],
    ['FR', '00123'],
    ['AT', '0101'],
    ['TR', '82000'],
  ] as const)
    assert.equal(postalCodeOf(country(code), null, text), null, `${code} ${text}`);
  for (const [code, text] of [
    ['IE', 'D6W X285'],
    ['ES', '52006'],
    ['DE', '01001'],
    ['DE', '99998'],
    ['FR', '98000'],
    ['IN', '110 001'],
  ] as const)
    assert.ok(postalCodeOf(country(code), null, text) !== null, `${code} ${text}`);
});

void test('a state is known by its code, its name and its usual abbreviations', () => {
  for (const [of, text, code] of [
    ['US', 'Massachusetts', 'MA'],
    ['US', 'mass.', 'MA'],
    ['US', 'N.Y.', 'NY'],
    ['US', 'US-CA', 'CA'],
    ['US', 'Washington D.C.', 'DC'],
    ['CA', 'Québec', 'QC'],
    ['CA', 'Colombie-Britannique', 'BC'],
    ['AU', 'n.s.w.', 'NSW'],
    ['US', 'N. Carolina', 'NC'],
    ['US', 'So. Dakota', 'SD'],
    ['US', 'Cal', 'CA'],
    ['US', 'ZZ', null],
    ['US', '', null],
    ['DE', 'Bayern', null],
  ] as const)
    assert.equal(regionOf(of, text)?.code ?? null, code, `${of} ${text}`);
});

function lines(over: Partial<Address>, home = 'US'): string {
  const address = { line1: '1 Way', line2: null, city: 'Town', region: null, postalCode: '' };
  return addressLines({ ...address, country: 'US', ...over }, home).join(' / ');
}

void test('an address is written as the post of its country reads it', () => {
  for (const [over, expected] of [
    [{ region: 'MA', postalCode: '02138', line2: 'Apt 4' }, '1 Way / Apt 4 / Town MA 02138'],
    [{ country: 'PR', postalCode: '00926' }, '1 Way / Town PR 00926'],
    [{ country: 'DE', region: 'Bayern', postalCode: '80331' }, '1 Way / 80331 Town / GERMANY'],
    [{ country: 'FR', postalCode: '75001' }, '1 Way / 75001 Town / FRANCE'],
    [{ country: 'CH', postalCode: 'CH-8001' }, '1 Way / CH-8001 Town / SWITZERLAND'],
    [
      { country: 'GB', region: 'Kent', postalCode: 'm11ae' },
      '1 Way / Town / M1 1AE / UNITED KINGDOM',
    ],
    [{ country: 'CA', region: 'QC', postalCode: 'H3Z 2Y7' }, '1 Way / Town QC H3Z 2Y7 / CANADA'],
    [{ country: 'AU', postalCode: '4000' }, '1 Way / Town 4000 / AUSTRALIA'],
    [{ country: 'IT', region: 'RM', postalCode: '00144' }, '1 Way / 00144 Town RM / ITALY'],
    [{ country: 'HK', region: 'Kowloon' }, '1 Way / Town / Kowloon / HONG KONG'],
    [{ country: 'AE', postalCode: '0' }, '1 Way / Town / UNITED ARAB EMIRATES'],
    [
      { country: 'SG', city: 'Singapore', postalCode: '546080' },
      '1 Way / SINGAPORE 546080 / SINGAPORE',
    ],
    [
      { country: 'SG', city: 'Jurong', postalCode: '546080' },
      '1 Way / Jurong / SINGAPORE 546080 / SINGAPORE',
    ],
    [{ country: 'JP', postalCode: '1000001' }, '1 Way / Town / 100-0001 / JAPAN'],
    [
      { country: 'JP', region: 'Tokyo', postalCode: '100-0001' },
      '1 Way / Town, Tokyo / 100-0001 / JAPAN',
    ],
    [{ country: 'HU', postalCode: '1037' }, 'Town / 1 Way / 1037 / HUNGARY'],
    [{ country: 'CI', line2: 'Bat 2' }, "1 Way / Bat 2 Town / CÔTE D'IVOIRE"],
    [
      { country: 'BR', region: 'SP', postalCode: '40301-110' },
      '1 Way / Town-SP / 40301-110 / BRAZIL',
    ],
  ] as const)
    assert.equal(lines(over), expected);
  assert.equal(lines({ country: 'DE', postalCode: '80331' }, 'DE'), '1 Way / 80331 Town');
  assert.equal(lines({ region: 'MA', postalCode: '02138' }, 'PR'), '1 Way / Town MA 02138');
});

void test('no layout loses street, city or postal code, and none leaves a mark behind', () => {
  for (const one of all) {
    const code = one.examples[0] ?? '';
    const written = addressLines(
      {
        line1: 'STREET',
        line2: 'HOUSE',
        city: 'CITY',
        region: 'REGION',
        postalCode: code,
        country: one.code,
      },
      'US',
    );
    for (const part of ['STREET', 'HOUSE', 'CITY', code])
      assert.ok(
        written.some((line) => line.includes(part)),
        `${one.code}: ${written.join(' / ')}`,
      );
    assert.doesNotMatch(written.join(), /%|^[ ,]|[ ,-]$/, one.code);
    assert.ok(written.length <= 6, one.code);
  }
});
