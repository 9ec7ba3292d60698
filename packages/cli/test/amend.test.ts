/** `amend` and `sync --amend` as people type them: a one-off from its list to amended cards. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { AmendedPerson } from '@postrider/core';
import { oneOffPlace } from './places.ts';

const header = 'customer_id,email,first_name,last_name,address,city,state,zip,offer';
const ada = '1,ada@example.com,Ada,Byron,12 Elm Street,Boston,MA,02138,A';
const grace = '2,grace@example.com,Grace,Murray,7 Oak Road,Austin,TX,78701,A';
const zoe = '3,zoe@example.com,Zoë,Núñez,9 Ash Lane,Austin,TX,78701,A';

describe('amend', () => {
  const at = oneOffPlace(header);
  const { run, done, write } = at;
  const cityOf = async (who: string): Promise<unknown> =>
    (
      await at.machine.sql`
        select line1, line2, city, merge from postrider.recipients where external_id = ${who}`
    )[0];

  before(async () => {
    write(ada, grace, zoe);
    await done('campaign', 'apply', at.file);
    await done('sync', 'hello');
    const early = await run('sync', 'hello', '--amend');
    assert.notEqual(early.code, 0);
    assert.match(early.stderr, /list of campaign hello is not amended: it is one_off and pending/);
    await done('campaign', 'launch', 'hello', '--no-sheet', '--yes');
  });

  it('shows before and after and what would follow, and changes nothing with --dry-run', async () => {
    const args = ['amend', 'ada@example.com', '--set', 'line1=7 Oak Rd', '--set', 'city=Austin'];
    const moved = [...args, '--set', 'region=TX', '--set', 'postal_code=78701', '--dry-run'];
    const told = await done(...moved);
    assert.match(told.stdout, /Ada Byron in hello of My Shop: would be amended, pending → skipped/);
    assert.match(told.stdout, /line1: "12 Elm Street" → "7 Oak Rd"/);
    assert.match(told.stdout, /another household; no card is made \(duplicate: of recipient /);
    assert.match(told.stderr, /nothing was changed/);
    const [json] = (await done(...moved, '--json')).json<AmendedPerson & { campaign: string }>();
    assert.deepEqual(
      [json?.dryRun, json?.campaign, json?.state, json?.before.city, json?.after.city],
      [true, 'hello', 'skipped', 'Boston', 'Austin'],
    );
    assert.deepEqual(
      { ...((await cityOf('1')) as object) },
      {
        line1: '12 Elm Street',
        line2: null,
        city: 'Boston',
        merge: { offer: 'A' },
      },
    );
  });

  it('amends, says so in trace and why, and tells of a merge field that is new', async () => {
    const told = await done(
      'amend',
      '1',
      '--campaign',
      'hello',
      '--set',
      'line2=Apt 4',
      '--set',
      'merge.ofer=B',
      '--unset',
      'merge.offer',
      '--why',
      'she called',
    );
    assert.match(told.stdout, /amended, pending\n {2}line2: none → "Apt 4"/);
    assert.match(told.stdout, /merge\.ofer: none → "B"/);
    assert.match(told.stderr, /merge\.ofer was not there before; there is offer/);
    const words = /changed: line2, merge\.ofer, merge\.offer · she called/;
    assert.match((await done('trace', '1')).stdout, words);
    assert.match((await done('why', '1')).stdout, words);
    assert.match((await done('interventions')).stdout, /amend/);
    const again = await done('amend', '1', '--set', 'line2=Apt 4');
    assert.match(again.stdout, /stands so already: nothing was changed/);
  });

  it('refuses what no list could say, and names the field', async () => {
    for (const [args, words] of [
      [[], /no field is given/],
      [['--set', 'city'], /--set city has no value/],
      [['--set', 'citty=Boston'], /citty is no field .*\n?.*did you mean city\?/s],
      [['--set', 'city=Boston', '--unset', 'city'], /city is given twice/],
      [['--set', 'first_name=*|FNAME|*'], /Column "first_name" .*\*\|FNAME\|\*/],
      [['--set', 'line1=a\u0007b'], /line1 has a line break or another character/],
      [['--set', 'city='], /city is blank, and an address needs it/],
      [['--set', 'postal_code=10001'], /postal_code: 10001 is not in Massachusetts/],
    ] as const) {
      const told = await run('amend', '1', ...args);
      assert.equal(told.code, 2, told.stderr);
      assert.match(told.stderr, words);
      assert.match(told.stderr, /nothing was changed/i);
    }
    const nobody = await run('amend', 'nobody@example.com', '--set', 'city=X');
    assert.match(nobody.stderr, /nobody is known by/);
    const wrapped = await done('amend', '1', '--set', "postal_code='02139");
    assert.match(wrapped.stderr, /is read as "02139"/);
  });

  it('takes the amended rows of a list, with a dry run before, and says what it left', async () => {
    write(ada, grace.replace('7 Oak Road', '8 Oak Road'), `4,${zoe.slice(2)}`);
    const dry = await done('sync', 'hello', '--amend', '--dry-run');
    assert.match(dry.stdout, /amended +1/);
    assert.match(dry.stdout, /not added +1/);
    assert.doesNotMatch(dry.stdout, /left segment/);
    assert.match(dry.stdout, /row 3: 2, pending; another household; the card is made anew/);
    assert.match(dry.stdout, /line1: "7 Oak Road" → "8 Oak Road"/);
    assert.match(dry.stderr, /nobody was changed/);
    const [json] = (await done('sync', 'hello', '--amend', '--json')).json<
      Record<string, unknown> & { amended: { externalId: string }[]; notes: { reason: string }[] }
    >();
    assert.deepEqual(
      [json?.['changed'], json?.['unchanged'], json?.['notAdded'], json?.['leftSegment']],
      [1, 1, 1, 0],
    );
    assert.deepEqual(
      json?.amended.map((one) => one.externalId),
      ['2'],
    );
    assert.deepEqual(
      json?.notes.map((note) => note.reason),
      ['not_added'],
    );
    write(ada, grace.replace('grace@', 'hopper@'));
    const mailed = await done('sync', 'hello', '--amend', '--dry-run');
    assert.match(mailed.stdout, /email: "grace@example\.com" → "hopper@example\.com"/);
    // What was typed for Ada holds against her row.
    const kept = (await cityOf('1')) as { line2: string };
    assert.equal(kept.line2, 'Apt 4');
    assert.equal((await run('sync', 'hello', '--dry-run')).code, 2);
    assert.equal((await run('sync', 'hello', '--amend', '--force')).code, 2);
  });

  it('tells of a card that is gone, by row and by person', async () => {
    await done('run', '--once');
    write(ada.replace('Ada', 'Adele'));
    const tested = await done('sync', 'hello', '--amend');
    assert.match(tested.stdout, /row 2: 1, sent → pending; the card is made anew/);
    await done('campaign', 'launch', 'hello', '--live', '--arm', '--yes', '--no-sheet');
    await done('run', '--once');
    write(ada.replace('Ada', 'Augusta'));
    const told = await done('sync', 'hello', '--amend');
    assert.match(told.stdout, /too late +1/);
    assert.match(
      told.stdout,
      /2 +.*too_late +The row has another first_name, .*printer has the card/,
    );
    const late = await run('amend', '1', '--set', 'first_name=Augusta');
    assert.equal(late.code, 1);
    assert.match(late.stderr, /the printer has the card/);
    assert.match(late.stderr, /postrider cancel [0-9a-f-]{36} asks the printer to call it back/);
    assert.doesNotMatch(late.stderr, /select|\(recipient\)/);
  });
});
