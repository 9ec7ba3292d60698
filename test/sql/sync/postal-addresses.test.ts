/** The machine and the library have one rule for the postal codes of all countries. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countries, postalCodeOf } from '../../../packages/core/src/ports/countries/index.ts';
import { sharedMachine } from '../rig.ts';

const rig = sharedMachine();

const all = [...countries()];

/** By position, whether the machine finds nothing wrong with it. */
async function fits(codes: readonly { country: string; code: string }[]): Promise<boolean[]> {
  const addresses = codes.map(({ country, code }) => ({
    line1: '1 Way',
    city: 'Town',
    postalCode: code,
    country,
  }));
  const rows = await rig.sql<{ fits: boolean }[]>`
    select a.fault is null as fits
    from postrider.postal_addresses(
      ${JSON.stringify(addresses)}::text::jsonb, null
    ) a
    order by a.n`;
  return rows.map((row) => row.fits);
}

/** Those whose state decides as well have tests of their own. */
const plain = all.filter(({ needsRegion, partOf }) => !needsRegion && partOf === null);

void test('every example of every country fits, and so does none where none is needed', async () => {
  const codes = plain.flatMap(({ code, examples, needsPostalCode }) => [
    ...examples.map((example) => ({ country: code, code: example })),
    ...(needsPostalCode ? [] : [{ country: code, code: '' }]),
  ]);
  assert.ok(codes.length > 400);
  const judged = await fits(codes);
  assert.deepEqual(
    codes.filter((_, index) => judged[index] !== true),
    [],
  );
});

void test('every state of the United States, Canada and Australia fits what its codes begin with', async () => {
  const rows = await rig.sql`
    select r.country, r.code, b.beginning
    from postrider.region r
    cross join lateral (
      select replace(p, '%', '') as beginning
      from unnest(r.postal_codes) p
    ) b
    cross join lateral (
      select
        case r.country when 'CA' then 'A1A1A1' when 'AU' then '1111' else '11111' end as shape
    ) s
    cross join lateral postrider.postal_addresses(jsonb_build_array(jsonb_build_object(
      'line1', '1 Way', 'city', 'Town', 'region', r.name, 'country', r.country,
      'postalCode', b.beginning || substr(s.shape, length(b.beginning) + 1))),
      null) a
    where a.fault is not null or a.region <> r.code`;
  assert.deepEqual([...rows], []);
});

void test('what is typed for a postal code is judged alike by the library and by the machine', async () => {
  const alphabet = fc.constantFrom(...'0123456789ABCXZ -');
  const one = fc
    .tuple(fc.constantFrom(...plain), fc.nat(), fc.nat(), alphabet, fc.boolean())
    .map(([country, which, where, letter, whole]) => {
      const example = country.examples[which % Math.max(1, country.examples.length)] ?? '12345';
      const at = where % (example.length + 1);
      const code = whole ? example : example.slice(0, at) + letter + example.slice(at + 1);
      return { country: country.code, code };
    });
  await fc.assert(
    fc.asyncProperty(fc.array(one, { minLength: 100, maxLength: 200 }), async (codes) => {
      const judged = await fits(codes);
      const differing = codes.filter(({ country, code }, index) => {
        const known = all.find((other) => other.code === country);
        return known !== undefined && (postalCodeOf(known, null, code) !== null) !== judged[index];
      });
      assert.deepEqual(differing, []);
    }),
    { numRuns: 40, endOnFailure: true },
  );
});
