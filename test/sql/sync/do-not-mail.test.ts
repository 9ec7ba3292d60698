/** People of whom the source itself says that they are not to be mailed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { erase, goLive, suppress } from '@postrider/core';
import { people, syncPeople } from '../../support/machine.ts';
import {
  answered,
  emailOnly,
  mailBegun,
  one,
  pieces,
  place,
  proofAll,
  proofed,
  reasonsOf,
  resident,
  sending,
  sent,
  settleAll,
  sharedMachine,
  stageOne,
  statesOf,
  syncRun,
} from '../rig.ts';
import { answer, claimed } from '../rig/enricher.ts';

const rig = sharedMachine();

const forbids = { doNotMail: true, doNotMailBecause: '"Do Not Mail" is "yes"' };

void test('a new person is blacklisted with the words of the source, and is told as turned away', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const run = await syncRun(sql, at);
  await run.page([
    resident('a', forbids),
    resident('b', { doNotMail: true }, 2),
    resident('c', { doNotMail: false, doNotMailBecause: 'nothing' }, 3),
    { ...emailOnly('d', 4), ...forbids },
    { externalId: 'e', row: 5, ...forbids },
    resident('f', { region: 'ZZ', ...forbids }, 6),
  ]);
  const report = await run.close();
  assert.deepEqual(report.turnedAway, { do_not_mail: 5 });
  assert.deepEqual(report.createdByState, { blacklisted: 5, pending: 1 });
  assert.deepEqual(await reasonsOf(sql, at), {
    a: 'blacklisted (do_not_mail)',
    b: 'blacklisted (do_not_mail)',
    c: 'pending (new)',
    d: 'blacklisted (do_not_mail)',
    e: 'blacklisted (do_not_mail)',
    f: 'blacklisted (do_not_mail)',
  });
  assert.equal((await one(sql, at, 'a')).detail, '"Do Not Mail" is "yes"');
  assert.equal((await one(sql, at, 'b')).detail, 'the source says so');
  const { id } = await one(sql, at, 'a');
  const [why] = await sql`select * from postrider.why(${id}::text)`;
  assert.match(JSON.stringify(why), /says that this person is not to be mailed.*Do Not Mail/);
  const traced = await sql`select * from postrider.trace(${id}::text)`;
  assert.match(JSON.stringify(traced), /not to be mailed.*Do Not Mail/);
  const [shown] = await sql`
    select postrider.launch_preview(${at.organizationId}, ${at.campaignId}) as preview`;
  assert.match(JSON.stringify(shown?.['preview']), /"reason":"do_not_mail"/);
});

void test('who is before the printer is stopped by the next sync, and who is there already stays', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const staged = ['sent', 'sending', 'sending_staged', 'proofed', 'proofing_staged', 'pending'];
  await sent(sql, at, [resident('sent')]);
  await sending(sql, at, [resident('sent'), resident('sending', {}, 2)]);
  const list = staged.map((name, n) => resident(name, {}, n + 1));
  await proofed(sql, at, list.slice(0, 3));
  await stageOne(sql, at, 'mail');
  await proofed(sql, at, list.slice(0, 4));
  await syncPeople(sql, at, list.slice(0, 5));
  await stageOne(sql, at, 'proof');
  const enrichable = emailOnly('address_enrichable', 7);
  await syncPeople(sql, at, [...list, enrichable]);
  const before = await statesOf(sql, at);
  for (const [name, state] of Object.entries(before)) assert.equal(state, name);
  const run = await syncRun(sql, at);
  await run.page([...list, enrichable].map((person) => ({ ...person, ...forbids })));
  const report = await run.close();
  assert.deepEqual(report.turnedAway, { do_not_mail: 5 });
  assert.deepEqual([report.fetched, report.changed, report.unchanged], [7, 5, 2]);
  assert.deepEqual(await reasonsOf(sql, at), {
    address_enrichable: 'blacklisted (do_not_mail)',
    pending: 'blacklisted (do_not_mail)',
    proofed: 'blacklisted (do_not_mail)',
    proofing_staged: 'blacklisted (do_not_mail)',
    sending: 'sending (begun)',
    sending_staged: 'blacklisted (do_not_mail)',
    sent: 'sent (accepted)',
  });
  assert.equal((await one(sql, at, 'sending')).cancelRequestedAt, null);
  const events = await sql`
    select distinct actor from postrider.recipient_event
    where organization_id = ${at.organizationId} and reason = 'do_not_mail'`;
  assert.deepEqual([...events], [{ actor: 'sync' }]);
  // Again: nobody moves, and nobody counts.
  const again = await syncRun(sql, at);
  await again.page([...list, enrichable].map((person) => ({ ...person, ...forbids })));
  const second = await again.close();
  assert.deepEqual([second.turnedAway, second.changed, second.unchanged], [{}, 0, 7]);
});

void test('who comes back from the printer is asked again before the next card', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, [resident('a')]);
  await syncPeople(sql, at, [resident('a', forbids)]);
  await settleAll(sql, at, batch, (piece) => answered(piece, 'retry'));
  assert.equal((await one(sql, at)).state, 'proofed');
  await sql`update postrider.recipient_state set available_at = postrider.now()
    where organization_id = ${at.organizationId}`;
  const next = await mailBegun(sql, at);
  assert.deepEqual(next.pieces, []);
  const stopped = await one(sql, at);
  assert.deepEqual(
    [stopped.state, stopped.reason, stopped.detail],
    ['blacklisted', 'do_not_mail', '"Do Not Mail" is "yes"'],
  );
  assert.deepEqual(
    (await pieces(sql, at)).map(({ status }) => status),
    ['cancelled'],
  );
});

void test('who is in error is not tried again, and who has a test card gets no live one', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, [resident('a')]);
  await settleAll(sql, at, batch, (piece) => answered(piece, 'rejected'));
  assert.equal((await one(sql, at)).state, 'error');
  await syncPeople(sql, at, [resident('a', forbids)]);
  await sql`select postrider.retry((select id from postrider.recipient
    where organization_id = ${at.organizationId}))`;
  assert.deepEqual(await reasonsOf(sql, at), { a: 'skipped (do_not_mail)' });

  const tested = await place(sql, {}, 'test');
  await sent(sql, tested, [resident('a'), resident('b', {}, 2)]);
  await syncPeople(sql, tested, [resident('a', forbids), resident('b', {}, 2)]);
  await goLive(sql, tested);
  assert.deepEqual(await reasonsOf(sql, tested), {
    a: 'blacklisted (do_not_mail)',
    b: 'pending (went_live)',
  });
});

void test('when the source says so no more, who was stopped stays, as after a suppression that is lifted', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, [resident('a', forbids), resident('b', {}, 2)]);
  await proofAll(sql, at);
  const batch = await mailBegun(sql, at);
  await syncPeople(sql, at, [resident('a', forbids), resident('b', forbids, 2)]);
  await syncPeople(sql, at, [resident('a'), resident('b', {}, 2)]);
  assert.deepEqual(await statesOf(sql, at), { a: 'blacklisted', b: 'sending' });
  const marked = await sql`
    select from postrider.recipient
    where organization_id = ${at.organizationId} and do_not_mail is not null`;
  assert.equal(marked.length, 0);
  await settleAll(sql, at, batch, (piece) => answered(piece, 'retry'));
  await sql`update postrider.recipient_state set available_at = postrider.now()
    where organization_id = ${at.organizationId}`;
  assert.equal((await mailBegun(sql, at)).pieces.length, 1);
});

void test('who is at the enricher is stopped, and what it finds brings nobody back', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, [emailOnly('a'), emailOnly('b', 2)]);
  const batch = await claimed(sql, at);
  await syncPeople(sql, at, [{ ...emailOnly('a'), ...forbids }, emailOnly('b', 2)]);
  assert.deepEqual(await statesOf(sql, at), { a: 'blacklisted', b: 'address_enriching' });
  await answer(sql, at, batch, { a: '1 Elm St', b: '2 Oak St' });
  assert.deepEqual(await reasonsOf(sql, at), {
    a: 'blacklisted (do_not_mail)',
    b: 'pending (address_found)',
  });
});

void test('an erased person is not made again, whatever the list says, and nothing of it is kept', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, [resident('a', forbids), resident('b', {}, 2)]);
  for (const name of ['a', 'b']) await erase(sql, (await one(sql, at, name)).id);
  const run = await syncRun(sql, at);
  await run.page([resident('a', forbids), resident('b', forbids, 2), resident('c', forbids, 3)]);
  const report = await run.close();
  assert.deepEqual(report.turnedAway, { erased: 2, do_not_mail: 1 });
  assert.equal(report.created, 1);
  const kept = await sql`
    select r.do_not_mail, s.detail
    from postrider.recipient r
    join postrider.recipient_state s on s.recipient_id = r.id
    where r.organization_id = ${at.organizationId} and r.erased_at is not null`;
  assert.deepEqual(
    kept.map((row) => [row['do_not_mail'], row['detail']]),
    [
      [null, null],
      [null, null],
    ],
  );
});

void test('an arm that is drawn stays: the holdout is not opened, and the others are kept out of both arms', async () => {
  const { sql } = rig;
  const at = await place(sql, { holdout_percent: 50 });
  const list = people(40);
  await syncPeople(sql, at, list);
  const before = await statesOf(sql, at);
  await syncPeople(
    sql,
    at,
    list.map((person) => ({ ...person, ...forbids })),
  );
  const after = await statesOf(sql, at);
  for (const [name, state] of Object.entries(before))
    assert.equal(after[name], state === 'holdout' ? 'holdout' : 'blacklisted');
  // Of people who are new both arms leave out those who are not to be mailed.
  const fresh = await place(sql, { holdout_percent: 50 });
  await syncPeople(
    sql,
    fresh,
    list.map((person, n) => (n < 20 ? { ...person, ...forbids } : person)),
  );
  const states = await statesOf(sql, fresh);
  assert.equal(Object.values(states).filter((state) => state === 'blacklisted').length, 20);
  // Back in the list, they are in no arm, and the arms of the others are what they were.
  await syncPeople(sql, fresh, list);
  assert.deepEqual(await statesOf(sql, fresh), states);
});

void test('an opt-out of the organization is told first, and the list adds none to it', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await suppress(sql, at.organizationId, { email: 'a@example.com' }, 'test');
  await syncPeople(sql, at, [resident('a', forbids), resident('b', forbids, 2)]);
  assert.deepEqual(await reasonsOf(sql, at), {
    a: 'blacklisted (suppressed)',
    b: 'blacklisted (do_not_mail)',
  });
  const entries = await sql`
    select from postrider.suppression where organization_id = ${at.organizationId}`;
  assert.equal(entries.length, 1);
});
