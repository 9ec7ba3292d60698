/**
 * What an opt-out by address reaches although it is not certain: pairs that may be one household,
 * and pairs that contradict each other.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedMachine } from '../rig.ts';

const rig = sharedMachine();

/** Country, postal code, and lines; a bar divides line 1 from line 2. */
type Pair = readonly [country: string, postalCode: string, one: string, other: string];

const possible: readonly Pair[] = [
  ['US', '02138', '12-14 Elm St', '12 Elm St'],
  ['US', '02138', '100 US Highway 50', '100 Highway 50'],
  ['US', '02138', '12 Elm St c/o Bob', '12 Elm St'],
  ['US', '00926', 'Urb. Las Flores 12 Calle 3', '12 Calle 3'],
  ['US', '02138', '12-4 Elm St', '12 Elm St Apt 4'],
  ['US', '02138', '12R Elm St', '12 Elm St Rear'],
  ['US', '02138', '12 Elm St Apt 4B', '12 Elm St Apt B4'],
  ['GB', 'SW1A 1AA', 'Flat 4B, 10 Elm Road', 'Flat B4, 10 Elm Rd'],
  ['JP', '104-0061', '銀座1丁目2番3号', '銀座1-2-3|101号室'],
  ['CA', 'H2X 1Y4', 'CP 12 Succ Centre-ville', 'CP 12'],
  ['DE', '10115', 'Hauptstr. 5', 'Hauptstr. 5, Hinterhaus'],
  ['DE', '10115', 'Hauptstr. 5|3. OG', 'Hauptstraße 5'],
  ['AT', '1010', 'Hauptstraße 5', 'Hauptstraße 5/2/4'],
  ['NL', '1011 AB', 'Damstraat 5', 'Damstraat 5-2'],
  ['ES', '28001', 'Calle Mayor 5, 2º A', 'Calle Mayor 5'],
  ['FR', '75001', '12 rue Foch', '12 rue Foch|Bâtiment A'],
  ['RU', '101000', 'ул. Ленина, д. 5', 'ул. Ленина, д. 5, кв. 8'],
  ['JP', '104-0061', '銀座1-2-3', '銀座1-2-3|101号室'],
  ['US', '02138', '12 Elm St|PO Box 9', '12 Elm Street'],
  ['US', '02138', 'P.O. Box 9|12 Elm St Apt 4', '12 Elm St'],
  ['US', '02138', '12 Elm St|PO Box 9', 'PO Box 9'],
  ['US', '59001', '12A Elm St|RR 2 Box 18', '12 Elm St # A'],
  ['CA', 'M5V 2T6', '4-12 Elm St|PO Box 9', '12 Elm St Unit 4'],
  ['AU', '2000', '4/12 Elm St|GPO Box 9', '12 Elm St'],
  ['GB', 'SW1A 1AA', 'Flat 1, Elm Court, 5 High St', 'Flat 1|Elm Court'],
  ['GB', 'SW1A 1AA', 'Flat 1, Elm Court, 5 High St', '1 Elm Court'],
  ['GB', 'SW1A 1AA', '1 Elm Court', 'Flat 1, Elm Court'],
  ['GB', 'SW1A 1AA', 'Flat 1|Elm Court, 5 High St', '1 Elm Ct, 5 High Street'],
  ['GB', 'SW1A 1AA', 'Elm Court|5 High St', 'Elm Court'],
  ['GB', 'SW1A 1AA', 'Rose Cottage|Mill Lane', 'Rose Cottage'],
  ['US', '02138', '12 Elm St Apt 2', '12 Elm St 2nd Floor'],
  ['DE', '10115', 'c/o Meier|Hauptstr. 5', 'Hauptstraße 5'],
  ['DE', '10115', 'Hinterhaus|Hauptstr. 5', 'Hauptstraße 5'],
  ['FR', '75001', 'Résidence Les Lilas|12 rue Foch', '12 rue Foch'],
  ['FR', '75001', '12 rue Foch|BP 12', '12 r. Foch'],
  ['IN', '110001', 'Flat 5, 12 MG Road', '12 MG Road'],
  ['IE', 'D02 X285', 'Apt 3, Elm House, 5 High St', 'Apartment 3, Elm House'],
];

const contradictory: readonly Pair[] = [
  ['US', '02138', '12-14 Elm St', '12-16 Elm St'],
  ['US', '02138', '12-14 Elm St', '14 Elm St'],
  ['US', '02138', '12-4 Elm St', '12 Elm St Apt 5'],
  ['US', '02138', '12R Elm St', '12 Elm St Front'],
  ['US', '02138', '12 Elm St Apt 4B', '12 Elm St Apt B5'],
  ['FR', '75001', '12 avenue Foch', '12 rue Foch'],
  ['RU', '101000', 'улица Ленина 5', 'проспект Ленина 5'],
  ['US', '11375', '71-12 110th St', '71-13 110th St'],
  ['US', '02138', '100 US Highway 50', '100 State Route 50'],
  ['US', '02138', '12 Elm St Apt 1-11', '12 Elm St Apt 11-1'],
  ['DE', '10115', 'Hauptstr. 5, Hinterhaus', 'Hauptstr. 5, Vorderhaus'],
  ['AT', '1010', 'Hauptstraße 5/2/4', 'Hauptstraße 5/4/2'],
  ['ES', '28001', 'Calle Mayor 5, 2º A', 'Calle Mayor 5, 3º A'],
  ['JP', '104-0061', '銀座1-2-3', '銀座1-2-4'],
  ['US', '02138', '12 Elm St|PO Box 9', '14 Elm St'],
  ['US', '02138', '12 Elm St|PO Box 9', 'PO Box 10'],
  ['US', '02138', '12 Elm St Apt 4|PO Box 9', '12 Elm St Apt 5'],
  ['GB', 'SW1A 1AA', 'Flat 1, Elm Court, 5 High St', 'Flat 2, Elm Court'],
  ['GB', 'SW1A 1AA', 'Flat 1, Elm Court', '2 Elm Court'],
  ['GB', 'SW1A 1AA', '5 High St|Little Snoring', '7 High St|Little Snoring'],
  ['US', '02138', '12 Elm St Apt 3', '12 Elm St 2nd Floor'],
  ['GB', 'SW1A 1AA', 'Rose Cottage|Mill Lane', 'Ivy Cottage|Mill Lane'],
];

for (const [name, pairs, expected] of [
  ['what may be one household is apart, and within reach of an opt-out', possible, true],
  ['what contradicts itself is out of reach of an opt-out', contradictory, false],
] as const)
  void test(name, async () => {
    const wrong = [];
    for (const [country, postalCode, one, other] of pairs) {
      const [[a1 = '', a2 = ''], [b1 = '', b2 = '']] = [one.split('|'), other.split('|')];
      const [row] = await rig.sql<{ same: boolean; possible: boolean; near: boolean }[]>`
        select k.one = k.other as same,
          postrider.may_be_one_household(k.one, k.other) as possible,
          exists (
            select from unnest(postrider.keys_within(k.one)) as a (key),
              unnest(postrider.keys_within(k.other)) as b (key)
            where postrider.numbered_of(a.key) = postrider.numbered_of(b.key)) as near
        from (
          select postrider.household_key(${a1}, ${a2}, ${postalCode}, ${country}) as one,
            postrider.household_key(${b1}, ${b2}, ${postalCode}, ${country}) as other
        ) k`;
      if (row?.same !== false || row.possible !== expected || (expected && !row.near))
        wrong.push([one, other, row]);
    }
    assert.deepEqual(wrong, []);
  });
