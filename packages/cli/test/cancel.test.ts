/** `cancel` of a campaign, or of some of it, as people type it. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { oneOffPlace } from './places.ts';

const header = 'customer_id,email,first_name,last_name,address,city,state,zip';
const rows = [
  '1,ada@example.com,Ada,Byron,12 Elm Street,Boston,MA,02138',
  '2,grace@example.com,Grace,Murray,7 Oak Road,Austin,TX,78701',
  '3,zoe@example.com,Zoë,Núñez,9 Ash Lane,Austin,TX,78701',
];

describe('cancel --campaign', () => {
  const at = oneOffPlace(header, 'hold_back_minutes: 30\n');
  const { run, done } = at;
  const stateOf = async (): Promise<Record<string, unknown>> =>
    Object.fromEntries(
      (
        await at.machine.sql`
          select external_id as id, state from postrider.recipients order by 1`
      ).map(({ id, state }) => [String(id), state]),
    );

  before(async () => {
    at.write(...rows);
    await done('campaign', 'apply', at.file);
    await done('sync', 'hello');
  });

  it('says what it would be, and changes nothing with --dry-run', async () => {
    const { stdout } = await done('cancel', '--campaign', 'hello', '--dry-run');
    assert.match(stdout, /not made\s+3, for nothing/);
    assert.match(stdout, /too late\s+0/);
    const [told] = (
      await done('cancel', '--campaign', 'hello', '--state', 'pending', '--dry-run', '--json')
    ).json();
    assert.deepEqual([told?.['free'], told?.['asked'], told?.['dryRun']], [3, 0, true]);
    assert.deepEqual(await stateOf(), { '1': 'pending', '2': 'pending', '3': 'pending' });
  });

  it('cancels those of a filter, and says what became of them', async () => {
    const ids = join(at.place.home, 'ids.txt');
    writeFileSync(ids, '\uFEFF2\r\n\r\nnobody\r\n');
    const some = ['cancel', '--campaign', 'hello', '--ids', ids, '--why', 'wrong list'];
    const unasked = await run(...some);
    assert.notEqual(unasked.code, 0);
    assert.match(unasked.stderr, /This cancels 1 card of hello/);
    const [told] = (await done(...some, '--yes', '--json')).json();
    assert.deepEqual([told?.['free'], told?.['dryRun']], [1, false]);
    assert.deepEqual(await stateOf(), { '1': 'pending', '2': 'skipped', '3': 'pending' });
    const { stdout } = await done('cancel', '--campaign', 'hello', '--results');
    assert.match(stdout, /not made\s+1\s+0/);
    const whole = await done('cancel', '--campaign', 'hello', '--region', 'TX,MA', '--yes');
    assert.match(whole.stdout, /hello: 2 cards are not made, which costs nothing/);
    const nobody = await done('cancel', '--campaign', 'hello', '--yes');
    assert.match(nobody.stdout + nobody.stderr, /nobody can be cancelled; nothing was changed/);
  });

  it('refuses what it does not know, with what there is', async () => {
    for (const [args, message] of [
      [['cancel'], /say who: people, or --campaign/],
      [['cancel', '1', '--campaign', 'hello'], /say who: people, or --campaign/],
      [['cancel', '1', '--state', 'sent'], /--state goes with --campaign/],
      [['cancel', '1', '--dry-run'], /--dry-run goes with --campaign/],
      [['cancel', '--campaign', 'hello', '--state', 'sended'], /sended is not a state/],
      [
        ['cancel', '--campaign', 'hello', '--ids', join(at.place.home, 'no-such')],
        /cannot be read/,
      ],
    ] as const) {
      const { code, stderr } = await run(...args);
      assert.notEqual(code, 0, args.join(' '));
      assert.match(stderr, message);
    }
  });
});
