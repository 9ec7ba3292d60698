/** `rekey` from the command line: it shows before it acts, and asks. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Rekeyed, RekeyPreview } from '@postrider/core';
import { launched, people, syncPeople, type Place } from '../../../test/support/machine.ts';
import { cli } from './cli.ts';
import { ownPlace } from './places.ts';

describe('a re-key from the command line', () => {
  const at = ownPlace();
  const { place } = at;
  let bakery: Place;
  const stale = async (): Promise<number> => {
    const [row] = await at.machine.sql<{ stale: number }[]>`
      select count(*)::int as stale
      from postrider.recipient
      where household_key not like '2|%'`;
    return row?.stale ?? -1;
  };
  before(async () => {
    bakery = await launched(at.machine.sql);
    await syncPeople(at.machine.sql, bakery, people(3));
    await at.machine.sql`
      update postrider.recipient
      set line1 = case when external_id = 'p2' then line1 else '1 Elm St' end,
        household_key = '1|' || case when external_id = 'p1' then 'ELM' else 'OAK' end`;
  });

  it('shows whom it joins and parts, and changes nothing', async () => {
    const shown = await cli(place, ['rekey', '--dry-run']);
    assert.equal(shown.code, 0, shown.stderr);
    assert.match(shown.stdout, /campaign +people +joined +parted\n.*spring +3 +1 +1/);
    assert.match(shown.stdout, /becomes one household, in spring:\n {2}p0 .*1 Elm St.*\n {2}p1 /);
    assert.match(shown.stdout, /is one household no more, in spring:\n {2}p0 .*\n {2}p2 /);
    const [told] = (await cli(place, ['rekey', '--dry-run', '--json'])).json<RekeyPreview>();
    assert.deepEqual([told?.people, told?.joined.length, told?.parted.length], [3, 1, 1]);
    assert.equal(await stale(), 3);
  });

  it('asks, and does nothing where nobody can be asked', async () => {
    const asked = await cli(place, ['rekey']);
    assert.equal(asked.code, 2);
    assert.match(asked.stderr, /another household key.*confirmation/);
    assert.equal(await stale(), 3);
  });

  it('is what doctor advises, by name, while keys are of other rules', async () => {
    const found = await cli(place, ['doctor', 'household keys', '--json']);
    assert.equal(found.code, 1, found.stdout);
    const [check] = found.json();
    assert.equal(check?.['verdict'], 'bad');
    assert.match(
      String(check?.['message']),
      /of other rules than version 2, so that no list is read/,
    );
    const [organization] = await at.machine.sql`select name from postrider.organization`;
    assert.equal(
      check?.['what_helps'],
      `postrider rekey --organization ${JSON.stringify(organization?.['name'])}`,
    );
  });

  it('tells a sync what helps, does it with --yes, and has nothing to do then', async () => {
    const refused = await cli(place, ['sync', 'spring']);
    assert.notEqual(refused.code, 0);
    const done = await cli(place, ['rekey', '--yes', '--json']);
    assert.equal(done.code, 0, done.stderr);
    const [report] = done.json<RekeyPreview & Rekeyed & { rekeyed: number }>();
    assert.deepEqual([report?.rekeyed, report?.kept], [3, 0]);
    assert.equal(await stale(), 0);
    const again = await cli(place, ['rekey', '--yes']);
    assert.equal(again.code, 0);
    assert.match(again.stdout, /there is nothing to do/);
    const [check] = (await cli(place, ['doctor', 'household keys', '--json'])).json();
    assert.equal(check?.['verdict'], 'ok');
  });
});
