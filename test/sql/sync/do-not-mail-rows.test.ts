/** Rows of one person of which one forbids mail: in one page, on a later one, in a later run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { syncPeople, type Person } from '../../support/machine.ts';
import { place, reasonsOf, resident, sharedMachine, statesOf, syncRun } from '../rig.ts';

const rig = sharedMachine();

const forbids = { doNotMail: true, doNotMailBecause: '"Do Not Mail" is "yes"' };

interface Twice {
  readonly what: string;
  readonly rows: readonly [Person, Person];
  /** Of whom nobody may get a card. */
  readonly kept: readonly string[];
}

const same = { email: 'same@example.com' };
const twice: readonly Twice[] = [
  {
    what: 'the same id',
    rows: [resident('a'), resident('a', forbids, 2)],
    kept: ['a'],
  },
  {
    what: 'the same id, of a row with another e-mail and house',
    rows: [
      resident('a'),
      resident('a', { email: 'z@example.com', line1: '8 Far Road', ...forbids }, 2),
    ],
    kept: ['a'],
  },
  {
    what: 'the same e-mail',
    rows: [resident('a', same), resident('b', { ...same, ...forbids }, 2)],
    kept: ['a', 'b'],
  },
  {
    what: 'one of several e-mails',
    rows: [
      resident('a', { otherEmails: ['same@example.com'] }),
      resident('b', { otherEmails: ['Same@Example.com'], ...forbids }, 2),
    ],
    kept: ['a', 'b'],
  },
  {
    what: 'the same e-mail, and an address that cannot be mailed',
    rows: [resident('a', same), resident('b', { ...same, region: 'ZZ', ...forbids }, 2)],
    kept: ['a', 'b'],
  },
  {
    what: 'the same house and name',
    rows: [
      resident('a', { firstName: 'Ada', line1: '1 Oak St' }),
      resident('b', { firstName: 'Ada', line1: '1 Oak Street', ...forbids }, 2),
    ],
    kept: ['a', 'b'],
  },
];

for (const { what, rows, kept } of twice)
  for (const order of ['first', 'last'] as const)
    for (const pages of ['one page', 'two pages', 'two runs'] as const)
      void test(`of two rows with ${what} the ${order === 'first' ? 'first' : 'second'} forbids mail, in ${pages}: nobody of them is mailed`, async () => {
        const { sql } = rig;
        const at = await place(sql, { dedupe: 'person' });
        const list = order === 'last' ? rows : rows.toReversed();
        const other = resident('other', {}, 3);
        if (pages === 'two runs') await syncPeople(sql, at, [...list.slice(0, 1), other]);
        const run = await syncRun(sql, at);
        if (pages === 'two pages') {
          await run.page([...list.slice(0, 1), other]);
          await run.page(list.slice(1));
        } else await run.page([...list, other]);
        await run.close();
        const states = await statesOf(sql, at);
        for (const name of kept)
          assert.ok(
            ['blacklisted', 'skipped'].includes(states[name] ?? ''),
            `${name} is ${states[name]}`,
          );
        assert.ok(Object.values(states).includes('blacklisted'));
        assert.equal(states['other'], 'pending');
      });

void test('another in the house of somebody who is not to be mailed is mailed', async () => {
  const { sql } = rig;
  const at = await place(sql, { dedupe: 'person' });
  await syncPeople(sql, at, [
    resident('ada', { line1: '1 Oak St', ...forbids }),
    resident('bob', { line1: '1 Oak St' }, 2),
  ]);
  assert.deepEqual(await statesOf(sql, at), { ada: 'blacklisted', bob: 'pending' });
});

void test('who was skipped and might come back holds the place against another row of theirs', async () => {
  const { sql } = rig;
  const at = await place(sql, { dedupe: 'person' });
  await syncPeople(sql, at, [resident('a', { ...same, region: 'ZZ' })]);
  assert.deepEqual(await reasonsOf(sql, at), { a: 'skipped (bad_address)' });
  await syncPeople(sql, at, [
    resident('b', same),
    resident('a', { ...same, region: 'ZZ', ...forbids }, 2),
  ]);
  assert.deepEqual(await reasonsOf(sql, at), {
    a: 'blacklisted (do_not_mail)',
    b: 'skipped (duplicate)',
  });
  await syncPeople(sql, at, [resident('b', same), resident('a', { ...same, ...forbids }, 2)]);
  assert.deepEqual(await statesOf(sql, at), { a: 'blacklisted', b: 'skipped' });
});
