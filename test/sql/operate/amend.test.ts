/** amend: one person is corrected, from every state, by the rules of a sync, and it is recorded. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amend, applyCampaign, erase, hold, retry, suppress } from '@postrider/core';
import { definition, syncPeople } from '../../support/machine.ts';
import {
  emailOnly,
  firstOf,
  mailBegun,
  one,
  pieces,
  place,
  proofAll,
  proofed,
  reasonsOf,
  refused,
  resident,
  settleAll,
  sharedMachine,
} from '../rig.ts';
import { arranged, everyState } from '../rig/people-in-each-state.ts';

const rig = sharedMachine();

const moved = {
  line1: '77 New Road',
  city: 'Berkeley',
  region: 'California',
  postalCode: '94704',
  country: 'us',
};

const tooLate: Record<string, string> = {
  'proofed, and a card may exist': 'PR017',
  'sending_staged, and a card may exist': 'PR017',
  sending: 'PR017',
  'sending, and nobody knows': 'PR017',
  sent: 'PR017',
  received: 'PR017',
  returned: 'PR017',
  blacklisted: 'PR017',
  holdout: 'PR017',
  'error, outcome unknown': 'PR016',
};

for (const state of everyState) {
  void test(`amend: ${state}`, async () => {
    const { sql } = rig;
    const at = await arranged(sql, state);
    const before = await one(sql, at);
    const code = tooLate[state];
    if (code !== undefined) {
      const error = await refused(code, amend(sql, before.id, moved));
      assert.match(String(error.hint), /nothing was changed/);
      assert.deepEqual(await one(sql, at), before);
      return;
    }
    const open = (await pieces(sql, at)).filter((piece) => piece.status === 'submitting');
    const told = await amend(sql, before.id, moved, { why: 'she called' });
    const after = await one(sql, at);
    assert.deepEqual([told.outcome, told.was, told.state], ['amended', before.state, 'pending']);
    assert.deepEqual([after.state, after.cohortId], ['pending', null]);
    assert.equal(after.reason, before.state === 'error' ? 'retried' : 'amended');
    assert.deepEqual(
      [told.after.line1, told.after.region, told.after.country, told.newHousehold],
      ['77 New Road', 'CA', 'US', true],
    );
    // The card that is made now has the new address, and a piece of its own.
    await proofAll(sql, at);
    const batch = await mailBegun(sql, at);
    assert.equal(firstOf(batch).request.to.address.line1, '77 New Road');
    for (const piece of open)
      assert.notEqual(firstOf(batch).idempotencyKey, piece.key, 'another card, another key');
    await settleAll(sql, at, batch);
    assert.equal((await one(sql, at)).state, 'sent');
  });
}

void test('a name and merge data are amended alone, and the card is made anew', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at, [resident('Ada', { merge: { offer: 'A', code: 'x', left: '' } })]);
  const { id } = await one(sql, at);
  const told = await amend(sql, id, {
    lastName: ' King ',
    merge: { offer: '', code: null, more: 'new' },
  });
  assert.deepEqual(told.changed, ['last_name', 'merge.code', 'merge.more', 'merge.offer']);
  assert.deepEqual(told.after.merge, { offer: '', more: 'new', left: '' });
  assert.equal(told.newHousehold, false);
  assert.equal(told.after.lastName, 'King');
  assert.equal((await one(sql, at)).state, 'pending');
  const blank = await amend(sql, id, { firstName: '', merge: { left: '' } });
  assert.deepEqual([blank.after.firstName, blank.changed], [null, ['first_name']]);
});

void test('what stands already changes nothing, and is not recorded', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at, [resident('Ada')]);
  const before = await one(sql, at);
  const told = await amend(sql, before.id, { line1: '1 Ada Street', city: 'Oakland' });
  assert.deepEqual([told.outcome, told.changed, told.state], ['unchanged', [], 'proofed']);
  assert.deepEqual(await one(sql, at), before);
  const rows = await sql`select from postrider.interventions where recipient_id = ${before.id}`;
  assert.equal(rows.length, 0);
});

void test('a dry run tells what would follow, and changes nothing', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at, [resident('Ada'), resident('Bob', {}, 2)]);
  const before = await one(sql, at, 'Ada');
  const told = await amend(sql, before.id, { line1: '1 Bob Street' }, { dryRun: true });
  const bob = await one(sql, at, 'Bob');
  assert.deepEqual(
    [told.dryRun, told.state, told.reason, told.detail, told.newHousehold],
    [true, 'skipped', 'duplicate', `of recipient ${bob.id}`, true],
  );
  assert.deepEqual([told.before.line1, told.after.line1], ['1 Ada Street', '1 Bob Street']);
  await suppress(
    sql,
    at.organizationId,
    {
      line1: '9 Quiet Lane',
      postalCode: '94607',
      country: 'US',
    },
    'test',
  );
  const quiet = await amend(sql, before.id, { line1: '9 Quiet Lane' }, { dryRun: true });
  assert.deepEqual([quiet.state, quiet.reason], ['blacklisted', 'suppressed']);
  assert.deepEqual(await one(sql, at, 'Ada'), before);
  assert.deepEqual(
    (
      await sql`select from postrider.interventions where action = 'amend'
    and recipient_id = ${before.id}`
    ).length,
    0,
  );
  assert.equal((await amend(sql, before.id, { line1: '1 Bob Street' })).state, 'skipped');
});

void test('what a sync would not take is refused, with the field', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await applyCampaign(sql, at.organizationId, definition({ longest_address_line: 30 }));
  await syncPeople(sql, at, [resident('Ada'), emailOnly('Eve', 2)]);
  const before = await one(sql, at, 'Ada');
  const eve = await one(sql, at, 'Eve');
  for (const [fields, message] of [
    [{}, /no field is given/],
    [{ merge: {} }, /no field is given/],
    [{ email: 'x@example.com' }, /email is no field/],
    [{ town: 'Oakland' }, /town is no field/],
    [{ line1: 12 }, /line1 is no text/],
    [{ merge: { a: 1 } }, /merge\.a is no text/],
    [{ merge: 'a' }, /merge is no object/],
    [{ line1: '' }, /line1 is blank/],
    [{ city: null }, /city is missing/],
    [{ country: 'ZZ' }, /country: ZZ is no country/],
    [{ region: 'ZZ' }, /region: ZZ is no state of US/],
    [{ postalCode: '10001' }, /postal_code: 10001 is not in California/],
    [{ postalCode: null }, /postal_code: it is blank/],
    [{ line1: '…' }, /line1: it has neither letters nor digits/],
    [{ line2: 'x'.repeat(31) }, /line2: 31 letters, and a card of this format prints 30/],
    [{ lastName: 'x'.repeat(201) }, /lastName has 201 characters/],
    [{ firstName: 'A\nB' }, /firstName has a line break/],
    [{ firstName: 'A\u202eB' }, /firstName has a line break/],
  ] as const) {
    const error = await refused('PR020', amend(sql, before.id, fields as object), message);
    assert.match(String(error.hint), /nothing was changed/i);
  }
  await refused('PR020', amend(sql, eve.id, { line1: '1 Elm St' }), /city is missing/);
  await refused('PR010', amend(sql, at.campaignId, moved));
  assert.deepEqual(await one(sql, at, 'Ada'), before);
});

void test('a person who is held stays held, and a cancel that is asked for is not forgotten', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at);
  const { id } = await one(sql, at);
  await hold(sql, { ...at, kind: 'recipient', id });
  await amend(sql, id, moved);
  assert.notEqual((await one(sql, at)).heldAt, null);
  const other = await arranged(sql, 'error, rejected');
  const failed = await one(sql, other);
  await sql`
    update postrider.recipient_state set cancel_requested_at = now()
    where recipient_id = ${failed.id}`;
  await refused('PR017', amend(sql, failed.id, moved), /a cancel is asked for/);
  assert.equal(await retry(sql, failed.id), 'skipped');
});

void test('the arm of an experiment is frozen: nobody leaves it by an amendment', async () => {
  const { sql } = rig;
  const at = await place(sql, { holdout_percent: 50 });
  await proofed(
    sql,
    at,
    Array.from({ length: 24 }, (_, n) => resident(`h${n}`, {}, n + 1)),
  );
  const states = await reasonsOf(sql, at);
  const mailed = Object.keys(states).filter((who) => states[who]?.startsWith('proofed'));
  assert.ok(mailed.length > 3 && mailed.length < 21);
  for (const [n, who] of mailed.entries()) {
    const { id } = await one(sql, at, who);
    const told = await amend(sql, id, { line1: `${n} Other Road` });
    assert.deepEqual([told.state, told.reason], ['pending', 'amended'], who);
    // Not by a second one, and not by a retry either.
    assert.equal((await amend(sql, id, { line1: `${n} Third Road` })).state, 'pending');
  }
});

void test('it is recorded who amended what, without the values; and an erasure takes it all', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at, [resident('Ada', { merge: { offer: 'Secret-Offer' } })]);
  const { id } = await one(sql, at);
  await amend(sql, id, { line1: '77 New Road', merge: { offer: 'B' } }, { why: 'she phoned' });
  const [row] = await sql<{ why: string; by_role: string; action: string }[]>`
    select action, why, by_role from postrider.interventions where recipient_id = ${id}`;
  assert.deepEqual([row?.action, row?.why], ['amend', 'changed: line1, merge.offer · she phoned']);
  const [event] = await sql<{ actor: string; reason: string }[]>`
    select actor, reason from postrider.moves where recipient_id = ${id} order by move_no desc`;
  assert.deepEqual({ ...event }, { actor: 'op', reason: 'amended' });
  const trace = JSON.stringify(await sql`select * from postrider.trace(${id})`);
  assert.match(trace, /changed: line1, merge.offer · she phoned/);
  assert.doesNotMatch(trace, /New Road|Secret-Offer|Ada Street/);
  const [why] = await sql`select why from postrider.why(${id}) as why`;
  assert.match(
    String(why?.['why']),
    /made anew.* Amended by .*: changed: line1, merge.offer · she phoned/,
  );
  await erase(sql, id);
  await refused('PR017', amend(sql, id, moved), /the person was erased/);
  for (const table of ['recipient', 'intervention', 'recipient_event']) {
    const left = JSON.stringify(
      await rig.admin`select * from ${rig.admin(`postrider.${table}`)}
      where ${rig.admin(table === 'recipient' ? 'id' : 'recipient_id')} = ${id}`,
    );
    assert.doesNotMatch(left, /New Road|Secret-Offer|Ada Street|she phoned|line1 said/, table);
  }
});
