import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { recordCalls } from '../../core/src/machine/provider-calls.ts';
import { idOf, place as placeOf, sent } from '../../../test/sql/rig.ts';
import { recordedCall } from '../../../test/sql/rig/provider-calls.ts';
import { cli } from './cli.ts';
import { ownPlace } from './places.ts';

describe('calls of providers from the command line', () => {
  const at = ownPlace();
  const { place } = at;
  let mailpiece = '';
  let providerId = '';

  before(async () => {
    const { sql } = at.machine;
    const campaign = await placeOf(sql);
    const { organizationId } = campaign;
    const [piece] = (await sent(sql, campaign, 1)).pieces;
    assert.ok(piece !== undefined);
    [mailpiece, providerId] = [piece.mailpieceId, idOf(piece)];
    const connectionId = randomUUID();
    await sql`
      insert into postrider.connection (
        organization_id, id, name, provider, mode, endpoint_id, created_at)
      values (${organizationId}, ${connectionId}, 'main', 'lob', 'test', ${randomUUID()}, now())`;
    const startedAt = (hour: number): Date => new Date(Date.UTC(2026, 10, 30, hour));
    await recordCalls(sql, [
      recordedCall(organizationId, {
        about: [mailpiece, randomUUID()],
        startedAt: startedAt(9),
        request: 'POST https://press.test/cards\n\n{"to":"\u009b31mRed"}',
      }),
      recordedCall(organizationId, {
        about: [providerId],
        route: 'DELETE /cards/{id}',
        startedAt: startedAt(10),
        outcome: 'unclear',
        status: null,
        answer: null,
        error: 'press.test did not answer within 10000 ms.',
      }),
      recordedCall(organizationId, { connectionId, startedAt: startedAt(11) }),
    ]);
  });

  it('are listed, the last first, by connection, by printer and since a time', async () => {
    const all = await cli(place, ['calls', '--json']);
    assert.equal(all.code, 0, all.stderr);
    assert.deepEqual(
      all.json().map((row) => [row['connection'], row['who'], row['route'], row['outcome']]),
      [
        ['main', 'press', 'POST /cards', 'answer'],
        [null, 'press', 'DELETE /cards/{id}', 'unclear'],
        [null, 'press', 'POST /cards', 'answer'],
      ],
    );
    assert.equal(all.json()[0]?.['duration_ms'], 152.5);
    for (const [options, many] of [
      [['--connection', 'main'], 1],
      [['--connection', 'press'], 2],
      [['--since', '2026-11-30T10:00:00Z'], 2],
      [['--since', '2026-11-30T10:00:00Z', '--limit', '1'], 1],
      [['--connection', 'nobody'], 0],
    ] as const) {
      const some = await cli(place, ['calls', '--json', ...options]);
      assert.equal(some.json().length, many, options.join(' '));
    }
    const shown = await cli(place, ['calls']);
    assert.match(shown.stdout, /main +POST \/cards +200 +153/);
    assert.match(shown.stdout, /press +DELETE .* unclear .* did not answer within 10000 ms/);
    assert.match((await cli(place, ['calls', '--connection', 'x'])).stderr, /no such call is kept/);
  });

  it('of a card are shown word for word, also what was asked by the id of its printer', async () => {
    const run = await cli(place, ['calls', '--mailpiece', mailpiece]);
    assert.equal(run.code, 0, run.stderr);
    assert.match(
      run.stdout,
      /press {2}DELETE \/cards\/\{id\} {2}unclear {2}153 ms\npress\.test did/,
    );
    assert.match(run.stdout, /asked:\n {4}POST https:\/\/press\.test\/cards\n/);
    assert.match(run.stdout, /answered:\n {4}200\n {4}\n {4}\{"id":"card_1"\}/);
    assert.ok(!run.stdout.includes('\u009b'), 'what would colour a screen is shown as it is');
    assert.equal(
      (await cli(place, ['calls', '--mailpiece', mailpiece, '--json'])).json().length,
      2,
    );
  });

  it('of a card that is not there are refused, with where ids are shown', async () => {
    const none = await cli(place, ['calls', '--mailpiece', randomUUID()]);
    assert.deepEqual([none.code, none.stdout], [1, '']);
    assert.match(none.stderr, /there is no mailpiece .*\n.*postrider trace/);
    const odd = await cli(place, ['calls', '--mailpiece', 'psc_1']);
    assert.equal(odd.code, 2);
    assert.match(odd.stderr, /psc_1 is not the id of a mailpiece/);
  });
});
