/** Claim packs in SQL: which cards a selection names, and what is told of each. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimPreview, type ClaimSelection } from '@postrider/core';
import { claimPieces } from '../../../packages/core/src/machine/claims.ts';
import { recordCalls } from '../../../packages/core/src/machine/provider-calls.ts';
import { recordedCall } from '../rig/provider-calls.ts';
import { login, logout } from '../privileges/logins.ts';
import {
  DAY,
  event,
  idOf,
  place,
  proofed,
  refused,
  sent,
  sharedMachine,
  tell,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine(undefined, async () => await logout(rig));

void test('cards are found by what became of them, by time, by printer and by id', async () => {
  const { sql } = rig;
  const at = await place(sql, { assumed_after: '14 days' });
  const batch = await sent(sql, at, 5);
  const [returned, failed, delivered, silent] = batch.pieces;
  assert.ok(returned && failed && delivered && silent);
  const preview = async (selection: ClaimSelection) =>
    await claimPreview(sql, at.organizationId, { campaignId: at.campaignId, ...selection });
  assert.deepEqual((await preview({})).results, { on_its_way: 5 });
  await tell(sql, at, [
    event({ providerId: idOf(returned), status: 'returned' }),
    event({ providerId: idOf(failed), status: 'failed' }),
    event({ providerId: idOf(delivered), status: 'delivered' }),
  ]);
  await turnClock(sql, 12 * DAY);
  const all = await preview({});
  assert.deepEqual(all.results, { returned: 1, failed: 1, delivered: 1, overdue: 2 });
  assert.deepEqual([all.pieces, all.printers], [5, [{ printer: 'press', pieces: 5 }]]);
  await turnClock(sql, 3 * DAY);
  await sql`select postrider.assume_received(${at.organizationId})`;
  assert.deepEqual((await preview({ which: ['silent', 'overdue'] })).results, { silent: 2 });
  const accepted = new Date(all.from ?? assert.fail('no time'));
  assert.equal((await preview({ since: new Date(accepted.getTime() + DAY) })).pieces, 0);
  assert.equal((await preview({ until: new Date(accepted.getTime() + DAY) })).pieces, 5);
  assert.equal((await preview({ printer: 'another' })).pieces, 0);
  assert.equal((await preview({ mailpieceIds: [returned.mailpieceId] })).pieces, 1);
});

void test('tests, and what no printer accepted, are no matter of a claim', async () => {
  const { sql } = rig;
  const tried = await place(sql, {}, 'test');
  const [test] = (await sent(sql, tried, 1)).pieces;
  assert.ok(test);
  const { organizationId, campaignId } = tried;
  assert.equal((await claimPreview(sql, organizationId, { campaignId })).pieces, 0);
  await refused(
    'PR010',
    claimPreview(sql, organizationId, { mailpieceIds: [test.mailpieceId] }),
    /no live cards that a printer accepted/,
  );
  const waiting = await place(sql);
  await proofed(sql, waiting, 1);
  const none = await claimPreview(sql, waiting.organizationId, { campaignId: waiting.campaignId });
  assert.deepEqual([none.pieces, none.from, none.printers], [0, null, []]);
});

void test('a selection that cannot be read is refused', async () => {
  const { sql } = rig;
  const at = await place(sql);
  for (const [wrong, message] of [
    [{}, /neither a campaign nor cards/],
    [{ campaignId: 'spring' }, /cannot be read by campaignId/],
    [{ campaignId: at.campaignId, which: ['late'] }, /cannot be read by which/],
    [{ campaignId: at.campaignId, since: 'yesterday, perhaps' }, /since is no time/],
    [{ campaignId: at.campaignId, region: 'CA' }, /cannot be read by region/],
    [{ mailpieceIds: ['psc_1'] }, /cannot be read by mailpieceIds/],
  ] as const)
    await refused(
      'PR020',
      claimPreview(sql, at.organizationId, wrong as unknown as ClaimSelection),
      message,
    );
  await refused(
    'PR010',
    claimPreview(sql, at.organizationId, { campaignId: at.organizationId }),
    /no such campaign/,
  );
});

void test('an operator gets the cards of their own organization and of no other', async () => {
  const { sql } = rig;
  const mine = await place(sql);
  const theirs = await place(sql);
  const [own] = (await sent(sql, mine, 1)).pieces;
  const [foreign] = (await sent(sql, theirs, 1)).pieces;
  assert.ok(own && foreign);
  // By the clock that was turned.
  const [{ now } = { now: new Date() }] = await sql<{ now: Date }[]>`select postrider.now() as now`;
  await recordCalls(sql, [
    recordedCall(mine.organizationId, {
      about: [own.mailpieceId, foreign.mailpieceId],
      startedAt: now,
    }),
    // What others than its printer were told of it is nothing to the printer.
    recordedCall(mine.organizationId, {
      who: 'event_sink',
      about: [own.mailpieceId],
      answer: '202\n\nour own system',
      startedAt: now,
    }),
    // Another organization's call that names our card.
    recordedCall(theirs.organizationId, {
      about: [own.mailpieceId],
      answer: '200\n\nforeign',
      startedAt: now,
    }),
  ]);
  const ada = await login(rig, 'postrider_operator', [mine.organizationId]);
  const [piece, ...others] = await claimPieces(ada.sql, mine.organizationId, {
    campaignId: mine.campaignId,
  });
  assert.deepEqual([piece?.mailpieceId, others], [own.mailpieceId, []]);
  assert.deepEqual(
    piece?.calls.map((call) => [call.answer, call.others]),
    [['200\n\n{"id":"card_1"}', 1]],
  );
  await refused(
    'PR019',
    claimPieces(ada.sql, theirs.organizationId, { campaignId: theirs.campaignId }),
  );
  await refused(
    'PR010',
    claimPieces(ada.sql, mine.organizationId, { mailpieceIds: [foreign.mailpieceId] }),
  );
  const reader = await login(rig, 'postrider_reader', [mine.organizationId]);
  await refused(
    '42501',
    claimPieces(reader.sql, mine.organizationId, { campaignId: mine.campaignId }),
  );
});
