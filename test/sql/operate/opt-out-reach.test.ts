/**
 * An opt-out by address stops everybody who may live there, however the two are written, and nobody
 * who certainly lives elsewhere: on admission, when it is entered, and at the last moment.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, suppress } from '@postrider/core';
import type { Place } from '../../support/machine.ts';
import { people, syncPeople, type Person } from '../../support/machine.ts';
import { mailBegun, place, proofed, refused, sharedMachine, statesOf } from '../rig.ts';

const rig = sharedMachine();

const forms = {
  whole: '12 Elm St Apt 4',
  spelt: '12 Elm Street, Unit # 4',
  withBuilding: '12 Elm St Bldg C Apt 4',
  withoutUnit: '12 Elm St',
  withoutSuffix: '12 Elm',
  withDirection: '12 N Elm St',
  otherUnit: '12 Elm St Apt 5',
  otherSuffix: '12 Elm Ave Apt 4',
  otherNumber: '14 Elm St Apt 4',
  letter: '12A Elm St',
  letterAsUnit: '12 Elm St Apt A',
  range: '12-16 Elm St',
} as const;
type Form = keyof typeof forms;

/** Whom an opt-out in this form stops, where nothing contradicts; all others are mailed. */
const apartment: readonly Form[] = [
  'whole',
  'spelt',
  'withBuilding',
  'withoutUnit',
  'withoutSuffix',
  'withDirection',
];
const anybodyInElmStreet: readonly Form[] = [
  ...apartment,
  'otherUnit',
  'letter',
  'letterAsUnit',
  'range',
];
const withoutUnits: readonly Form[] = ['withoutUnit', 'withoutSuffix', 'withDirection'];
const reaches: Readonly<Record<Form, readonly Form[]>> = {
  whole: apartment,
  spelt: apartment,
  withBuilding: apartment,
  withoutUnit: anybodyInElmStreet,
  withoutSuffix: [...anybodyInElmStreet, 'otherSuffix'],
  withDirection: anybodyInElmStreet,
  otherUnit: ['otherUnit', ...withoutUnits],
  otherSuffix: ['otherSuffix', 'withoutSuffix'],
  otherNumber: ['otherNumber'],
  letter: ['letter', 'letterAsUnit', ...withoutUnits],
  letterAsUnit: ['letter', 'letterAsUnit', ...withoutUnits],
  range: ['range', ...withoutUnits],
};
const all = Object.keys(forms) as Form[];

function residents(which: readonly Form[]): Person[] {
  return people(which.length).map((person, i) => {
    const form = which[i] ?? 'whole';
    return { ...person, externalId: form, line1: forms[form], region: 'MA', postalCode: '02138' };
  });
}

async function optOut(at: Place, form: Form): Promise<number> {
  return await suppress(
    rig.sql,
    at.organizationId,
    { line1: forms[form], postalCode: '02138' },
    'list',
  );
}

async function stopped(at: Place): Promise<string[]> {
  return Object.entries(await statesOf(rig.sql, at))
    .filter(([, state]) => state === 'blacklisted')
    .map(([form]) => form)
    .toSorted();
}

for (const form of all) {
  const reached = [...reaches[form]].toSorted();

  void test(`an opt-out of "${forms[form]}" keeps out whom it reaches, who come later`, async () => {
    // Each in a campaign of its own: among themselves they would be duplicates.
    const found = [];
    for (const resident of all) {
      const at = await place(rig.sql);
      await optOut(at, form);
      await syncPeople(rig.sql, at, residents([resident]));
      found.push(...(await stopped(at)));
    }
    assert.deepEqual(found.toSorted(), reached);
  });

  void test(`an opt-out of "${forms[form]}" stops whom it reaches, who are there`, async () => {
    const at = await place(rig.sql);
    const apart = all.filter((other) => other !== 'spelt');
    await syncPeople(rig.sql, at, residents(apart));
    assert.equal(Object.keys(await statesOf(rig.sql, at)).length, apart.length);
    await optOut(at, form);
    assert.deepEqual(
      await stopped(at),
      reached.filter((other) => other !== 'spelt'),
    );
  });
}

/**
 * Two addresses in one, or a street in one word and in two; a bar divides line 1 from line 2. Each
 * reaches the other.
 */
const halves: readonly (readonly [country: string, whole: string, half: string])[] = [
  ['US', '12 Elm St|PO Box 9', '12 Elm Street'],
  ['US', 'PO Box 9|12 Elm St Apt 4', '12 Elm St'],
  ['US', '12 Elm St|PO Box 9', 'P.O. Box 9'],
  ['CA', '4-12 Elm St|PO Box 9', '12 Elm St Unit 4'],
  ['GB', 'Flat 1, Elm Court, 5 High St', 'Flat 1|Elm Court'],
  ['GB', 'Flat 1, Elm Court', '1 Elm Court'],
  ['GB', 'Rose Cottage|Mill Lane', 'Rose Cottage'],
  ['US', '12 Peach Tree St', '12 Peachtree St'],
  ['US', '12 Mc Donald Rd Apt 4', '12 McDonald Rd'],
  ['US', '12 1/2 Elm St', '12 Elm St'],
];

void test('an opt-out by one of two addresses in one reaches who wrote both, and the other way round', async () => {
  const pairs = halves.flatMap(([country, whole, half]) => [
    { country, theirs: whole, entered: half },
    { country, theirs: half, entered: whole },
  ]);
  const codes: Record<string, (n: number) => string> = {
    US: (n) => `021${10 + n}`,
    CA: (n) => `M5V ${n % 10}T6`,
    GB: (n) => `SW1A ${n % 10}AA`,
  };
  const addressOf = (n: number, country: string, written: string) => {
    const [line1 = '', line2 = null] = written.split('|');
    return { line1, line2, postalCode: codes[country]?.(n) ?? '', country };
  };
  const listed = people(pairs.length).map((person, n): Person => {
    const { country = '', theirs = '' } = pairs[n] ?? {};
    const region = { US: 'MA', CA: 'ON' }[country] ?? null;
    return { ...person, externalId: `${theirs} ${n}`, region, ...addressOf(n, country, theirs) };
  });
  const entries = pairs.map(({ country, entered }, n) => addressOf(n, country, entered));
  const enterAll = async ({ organizationId }: Place) => {
    for (const entry of entries) await suppress(rig.sql, organizationId, entry, 'list');
  };
  const later = await place(rig.sql);
  await enterAll(later);
  await syncPeople(rig.sql, later, listed);
  const there = await place(rig.sql);
  await syncPeople(rig.sql, there, listed);
  await enterAll(there);
  const atTheEnd = await place(rig.sql);
  await proofed(rig.sql, atTheEnd, listed);
  for (const { line1, line2, postalCode, country } of entries)
    await rig.sql`
      select postrider.add_suppressions(
        ${atTheEnd.organizationId}, null, null, null,
        postrider.household_key(${line1}, ${line2}, ${postalCode}, ${country}),
        'no', 'test', null)`;
  await mailBegun(rig.sql, atTheEnd);
  for (const at of [later, there, atTheEnd])
    assert.deepEqual(await stopped(at), listed.map(({ externalId }) => externalId).toSorted());
});

void test('who is stopped as a possible match only is listed so, and counted in a notice', async () => {
  const at = await place(rig.sql);
  await syncPeople(rig.sql, at, residents(['whole', 'withoutUnit', 'withBuilding', 'otherUnit']));
  const notices: string[] = [];
  const listed = await rig.sql<{ who: string; match: string }[]>`
    select external_id as who, match
    from postrider.suppress_and_list(
      ${at.organizationId}, p_external_id => 'withBuilding', p_line1 => ${forms.whole},
      p_postal_code => '02138'
    )
    order by 1`;
  assert.deepEqual(
    listed.map(({ who, match }) => [who, match]),
    [
      ['whole', 'certain'],
      // Known by the id, whatever the address.
      ['withBuilding', 'certain'],
      ['withoutUnit', 'possible'],
    ],
  );
  const told = connect(rig.machine.url, {
    onNotice: (notice) => notices.push(notice),
  });
  const other = await place(rig.sql);
  await syncPeople(rig.sql, other, residents(['whole', 'withoutUnit']));
  await told`
    select postrider.suppress(
      ${other.organizationId}, p_line1 => ${forms.whole}, p_postal_code => '02138'
    )`;
  await told.end();
  assert.deepEqual(notices, [
    '1 of the 2 people stopped are only possible matches: they may live there',
  ]);
});

void test('an opt-out by an address of punctuation is refused, also beside an e-mail', async () => {
  const at = await place(rig.sql);
  await refused(
    'PR020',
    suppress(
      rig.sql,
      at.organizationId,
      { email: 'ada@example.com', line1: '--', postalCode: '02138' },
      'list',
    ),
    /neither letters nor digits/,
  );
  const [row] = await rig.sql`
    select count(*)::int as entries
    from postrider.suppression
    where organization_id = ${at.organizationId}`;
  assert.equal(row?.['entries'], 0);
});

void test('an entry that nobody was told of is found at the last moment, by what it reaches', async () => {
  const at = await place(rig.sql);
  await proofed(rig.sql, at, residents(['withoutUnit', 'otherNumber']));
  // Somebody added it in psql, by hand.
  await rig.sql`
    select postrider.add_suppressions(
      ${at.organizationId}, null, null, null,
      postrider.household_key(${forms.whole}, null, '02138', 'US'), 'no', 'test', null)`;
  await mailBegun(rig.sql, at);
  assert.deepEqual(await stopped(at), ['withoutUnit']);
});

void test('returned mail stops its own household, and no neighbour', async () => {
  const at = await place(rig.sql);
  await rig.sql`
    insert into postrider.suppression (
      organization_id, id, kind, digest, value, reason, source, added_by, created_at)
    select ${at.organizationId}, gen_random_uuid(), 'household',
      postrider.digest_of(${at.organizationId}, 'household', k.key), k.key,
      'returned mail', 'track', 'test', now()
    from (select postrider.household_key(${forms.withoutUnit}, null, '02138', 'US') as key) k`;
  await syncPeople(rig.sql, at, residents(['withoutUnit', 'whole', 'otherUnit']));
  assert.deepEqual(await stopped(at), ['withoutUnit']);
});
