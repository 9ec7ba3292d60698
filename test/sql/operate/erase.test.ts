/** erase, from every state, and everywhere that a person is named. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCampaign, cancel, erase, launch, resolve, retry, suppress } from '@postrider/core';
import {
  claimUnknownMailpieces,
  settleReconciled,
} from '../../../packages/core/src/machine/reconcile.ts';
import { definition, people, syncPeople } from '../../support/machine.ts';
import {
  answered,
  event,
  one,
  onlyPiece,
  pieces,
  place,
  sending,
  sent,
  settleAll,
  sharedMachine,
  unknownDue,
} from '../rig.ts';
import { arranged, everyState, giveUp } from '../rig/people-in-each-state.ts';

const rig = sharedMachine();

for (const state of everyState) {
  void test(`erase: ${state}`, async () => {
    const { sql } = rig;
    const at = await arranged(sql, state);
    const before = await one(sql, at);
    assert.equal(await erase(sql, before.id), 'erased');
    const after = await one(sql, at, before.id);
    if (
      ['sending', 'sent'].includes(before.state) ||
      state === 'error, outcome unknown' ||
      state.endsWith('a card may exist')
    )
      assert.notEqual(after.cancelRequestedAt, null);
    else if (
      !['skipped', 'blacklisted', 'holdout', 'received', 'returned', 'error'].includes(before.state)
    )
      assert.deepEqual([after.state, after.reason], ['skipped', 'erased']);
    const [cold] = await sql`
      select r.*, null as organization_id, null as id, null as campaign_id, null as reference,
        null as created_at, null as made_in_run
      from postrider.recipient r
      where id = ${before.id}`;
    const left = Object.entries({ ...cold }).filter(
      ([name, value]) => value !== null && !['external_id', 'merge', 'erased_at'].includes(name),
    );
    assert.deepEqual(
      left.filter(([name]) => name !== 'address_from'),
      [],
    );
    assert.deepEqual([cold?.['external_id'], cold?.['merge']], [`erased:${before.id}`, {}]);
    for (const piece of await pieces(sql, at))
      assert.deepEqual(piece.request, { format: '4x6', mailClass: 'first_class' });
    const trace = await sql`select what from postrider.trace(${before.id})`;
    assert.ok(
      trace.some((row) => row['what'] === 'erased') && trace.length >= before.moveNo,
      'the trail is left',
    );
    const entries = await sql`
      select kind, value, reason
      from postrider.suppression
      where organization_id = ${at.organizationId} and reason = 'erasure'
      order by kind`;
    assert.deepEqual(
      entries.map((row) => [row['kind'], row['value']]),
      [
        ['email', null],
        ['external_id', null],
      ],
    );
    // A second time changes nothing more, and the next sync does not bring them back.
    assert.equal(await erase(sql, before.id), 'erased');
    const report = await syncPeople(sql, at, people(1), false);
    assert.deepEqual(report['turned_away'], { erased: 1 });
    assert.equal(report['created'], 0);
  });
}

void test('who is erased at the printer is not submitted again, whatever becomes of the submission', async () => {
  const { sql } = rig;
  for (const what of ['retry', 'absent', 'resolved'] as const) {
    const at = await place(sql);
    const batch = what === 'retry' ? await sending(sql, at) : await unknownDue(sql, at);
    const { id } = await one(sql, at);
    await erase(sql, id);
    if (what === 'retry')
      await settleAll(sql, at, batch, (p) => answered(p, 'retry', { afterMs: 0 }));
    if (what === 'absent') {
      const claimed = await claimUnknownMailpieces(sql, at.organizationId, {
        limit: 50,
        leaseMs: 60_000,
      });
      await settleReconciled(
        sql,
        at.organizationId,
        claimed.map((p) => ({ ...p, outcome: 'absent', keyLifetimeMs: 86_400_000 })),
      );
    }
    if (what === 'resolved') {
      await giveUp(sql, at);
      assert.equal(
        await resolve(sql, (await onlyPiece(sql, at)).id, 'not_printed', 'Jo'),
        'skipped',
      );
    }
    const person = await one(sql, at);
    assert.deepEqual([person.state, person.reason], ['skipped', 'cancelled'], what);
    assert.equal((await onlyPiece(sql, at)).status, 'cancelled');
  }
});

void test('who is erased in error is not brought back by a retry', async () => {
  const { sql } = rig;
  const at = await arranged(sql, 'error, rejected');
  const { id } = await one(sql, at);
  await erase(sql, id);
  assert.equal(await retry(sql, id), 'skipped');
});

void test('what an operator writes of somebody who is erased already is not kept', async () => {
  const { sql } = rig;
  for (const [state, write] of [
    [
      'error, outcome unknown',
      async (id: string) => {
        const [piece] = await sql`
          select id from postrider.mailpiece where recipient_id = ${id} and status = 'unknown'`;
        await resolve(sql, String(piece?.['id']), 'not_printed', 'asked Ada Byron on the phone');
      },
    ],
    ['error, rejected', async (id: string) => void (await cancel(sql, id, 'Ada Byron moved'))],
    ['sending', async (id: string) => void (await cancel(sql, id, 'Ada Byron moved'))],
  ] as const) {
    const at = await arranged(sql, state);
    const { id } = await one(sql, at);
    await erase(sql, id);
    await write(id);
    const kept = await sql`
      select why from postrider.intervention where recipient_id = ${id} union all
      select detail from postrider.recipient_state where recipient_id = ${id} union all
      select detail from postrider.recipient_event where recipient_id = ${id} union all
      select outcome_detail from postrider.mailpiece where recipient_id = ${id}`.values();
    assert.doesNotMatch(JSON.stringify(kept), /Ada/, state);
  }
});

void test('evidence for somebody who was erased is recorded all the same', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  await erase(sql, batch.pieces[0]?.recipientId ?? '');
  await settleAll(sql, at, batch);
  const person = await one(sql, at);
  assert.equal(person.state, 'sent');
  assert.notEqual(person.cancelRequestedAt, null, 'and the printer is asked to call it back');
});

void test('raw webhooks, rejects and cached addresses of who is erased are blanked', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sent(sql, at);
  const { id } = await one(sql, at);
  await sql`
    select postrider.receive_webhook(
      ${at.organizationId}, 'press', 'd', ${Buffer.from('{"to": "Ada Byron"}')}
    )`;
  const [hook] = await sql<{ id: string }[]>`select id from postrider.claim_webhooks(1)`;
  const scan = [
    {
      ...event({ providerId: `id of ${batch.pieces[0]?.mailpieceId}`, status: 'in_transit' }),
      inboxId: hook?.id,
    },
  ];
  await sql`
    select postrider.apply_webhooks(
      ${at.organizationId}, 'press', ${JSON.stringify(scan)}::text::jsonb
    )`;
  await sql`select postrider.close_webhook(${at.organizationId}, ${hook?.id ?? ''})`;
  await erase(sql, id);
  const [row] = await sql`
    select length(body) as bytes from postrider.provider_event where id = ${hook?.id ?? ''}`;
  assert.equal(row?.['bytes'], 0);
});

void test('who is erased is erased in every campaign, with what was noted about them, and a webhook that comes later is blanked too', async () => {
  const { sql } = rig;
  const at = await place(sql, { dedupe: 'person', exclusion_window: '0 days' });
  const { campaignId } = await applyCampaign(
    sql,
    at.organizationId,
    definition({ name: 'autumn', exclusion_window: '0 days' }),
  );
  const autumn = { organizationId: at.organizationId, campaignId };
  await launch(
    sql,
    { organizationId: autumn.organizationId, campaignId: autumn.campaignId },
    { mode: 'live' },
  );
  const batch = await sending(sql, at);
  await settleAll(sql, at, batch, (p) =>
    answered(p, 'rejected', { message: 'Ada Byron does not live at 1 p Street', badAddress: true }),
  );
  await syncPeople(sql, autumn, people(1));
  const elsewhere = await one(sql, autumn);
  await erase(sql, (await one(sql, at)).id);
  const cold = await sql`
    select last_name, line1, erased_at
    from postrider.recipient
    where organization_id = ${at.organizationId}`;
  assert.deepEqual(
    cold.map((row) => [row['last_name'], row['line1'], row['erased_at'] !== null]),
    [
      [null, null, true],
      [null, null, true],
    ],
  );
  assert.equal((await one(sql, autumn, elsewhere.id)).state, 'skipped');
  const noted = await sql`
    select detail
    from postrider.recipient_event
    where organization_id = ${at.organizationId} and detail is not null
    union all
    select outcome_detail
    from postrider.mailpiece
    where organization_id = ${at.organizationId} and outcome_detail ~ 'Ada'
    union all
    select detail
    from postrider.recipient_state
    where organization_id = ${at.organizationId} and detail is not null`;
  assert.deepEqual([...noted], []);
});

void test('a webhook that names somebody who was erased is blanked when it has been applied', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sent(sql, at);
  await erase(sql, (await one(sql, at)).id);
  await sql`
    select postrider.receive_webhook(
      ${at.organizationId}, 'press', 'late', ${Buffer.from('{"to": "Ada Byron"}')}
    )`;
  const [hook] = await sql<
    { id: string }[]
  >`select id from postrider.provider_event where organization_id = ${at.organizationId}`;
  const scan = [
    {
      ...event({ providerId: `id of ${batch.pieces[0]?.mailpieceId}`, status: 'in_transit' }),
      inboxId: hook?.id,
    },
  ];
  await sql`
    select postrider.apply_webhooks(
      ${at.organizationId}, 'press', ${JSON.stringify(scan)}::text::jsonb
    )`;
  const [row] = await sql`
    select length(body) as bytes from postrider.provider_event where id = ${hook?.id ?? ''}`;
  assert.equal(row?.['bytes'], 0);
});

void test('an erasure is not undone by a later suppression of the same person', async () => {
  const { sql } = rig;
  const at = await arranged(sql, 'pending');
  await erase(sql, (await one(sql, at)).id);
  await suppress(sql, at.organizationId, { email: 'p0@example.com' }, 'test');
  const report = await syncPeople(sql, at, people(1), false);
  assert.deepEqual(report['turned_away'], { erased: 1 });
});
