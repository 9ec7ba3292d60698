/**
 * Who stopped what, who let it go on, when and why: recorded with what was done, kept as it was
 * written, and told where somebody asks.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cancel,
  endCampaign,
  erase,
  hold,
  launch,
  release,
  resolve,
  retry,
  retryAll,
  retryEffects,
  suppress,
} from '@postrider/core';
import { settleReconciled } from '../../../packages/core/src/machine/reconcile.ts';
import { people, syncPeople, type Place } from '../../support/machine.ts';
import {
  answered,
  claimDue,
  one,
  place,
  refused,
  sending,
  sent,
  settleAll,
  sharedMachine,
  turnClock,
  unknownDue,
} from '../rig.ts';

const rig = sharedMachine();

async function written(at: Place): Promise<string[]> {
  const rows = await rig.sql`
    select action, kind, why, by_role = session_user and application = 'test' as by_us
    from postrider.interventions
    where organization_id = ${at.organizationId}
    order by at, id`;
  for (const row of rows) assert.equal(row['by_us'], true);
  return rows.map((row) =>
    [row['action'], row['kind'], row['why']].filter((word) => word !== null).join(' '),
  );
}

void test('what is done to a campaign, its printer and its organization is written down, with the login and the reason', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, null);
  const o = at.organizationId;
  await launch(
    sql,
    { organizationId: o, campaignId: at.campaignId },
    { mode: 'live', why: 'the offer begins' },
  );
  for (const [kind, id] of [
    ['campaign', at.campaignId],
    ['printer', 'press'],
    ['organization', o],
  ] as const) {
    await hold(sql, { organizationId: o, kind, id }, `wrong price at the ${kind}`);
    await release(sql, { organizationId: o, kind, id }, 'mended');
  }
  await sql`select postrider.disarm_printer(${o}, 'press')`;
  await endCampaign(
    sql,
    { organizationId: o, campaignId: at.campaignId },
    { status: 'archived', why: 'sold out' },
  );
  assert.deepEqual(await written(at), [
    'apply campaign made',
    'arm printer',
    'launch campaign live mode: the offer begins',
    'hold campaign wrong price at the campaign',
    'release campaign mended',
    'hold printer wrong price at the printer',
    'release printer mended',
    'hold organization wrong price at the organization',
    'release organization mended',
    'disarm printer',
    'end campaign archived: sold out',
  ]);
});

void test('what is refused, or rolled back, is not written down', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const before = await written(at);
  await refused('PR017', release(sql, { ...at, kind: 'campaign', id: at.campaignId }));
  await sql
    .begin(async (tx) => {
      await hold(tx, { ...at, kind: 'campaign', id: at.campaignId });
      throw new Error('changed my mind');
    })
    .catch(() => undefined);
  assert.equal(await retryEffects(sql, at.organizationId), 0);
  assert.deepEqual(await written(at), before);
});

void test('what is done to people is written down one by one, and to many as one', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(3));
  const id = async (name: string): Promise<string> =>
    String(
      (
        await sql`
          select id
          from postrider.recipient
          where organization_id = ${at.organizationId} and external_id = ${name}`
      )[0]?.['id'],
    );
  const before = (await written(at)).length;
  await hold(sql, { ...at, kind: 'recipient', id: await id('p0') }, 'asked us to wait');
  await release(sql, { ...at, kind: 'recipient', id: await id('p0') });
  await cancel(sql, await id('p0'), 'moved away');
  await suppress(sql, at.organizationId, { email: 'p1@example.com', reason: 'by phone' }, 'test');
  await suppress(sql, at.organizationId, { email: 'nobody@example.com' }, 'test');
  await sql`select postrider.lift_suppression(${at.organizationId}, 'email', 'p1@example.com')`;
  assert.deepEqual((await written(at)).slice(before), [
    'hold recipient asked us to wait',
    'release recipient',
    'cancel recipient moved away',
    'suppress recipient by phone',
    'lift organization suppressions by email: 1',
  ]);
  const story = await sql`
    select what, detail, by_role from postrider.trace(${await id('p0')}) where move_no is null`;
  assert.deepEqual(
    story.map((row) => `${row['what']}: ${row['detail']}`),
    ['hold: asked us to wait · test', 'release: test', 'cancel: moved away · test'],
  );
});

void test('a blank reason is none, and who is cancelled already is not cancelled again', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(2));
  const [first, second] = await sql<{ id: string }[]>`
    select id
    from postrider.recipient
    where organization_id = ${at.organizationId}
    order by external_id`;
  assert.ok(first && second);
  const before = (await written(at)).length;
  await suppress(sql, at.organizationId, { email: 'p0@example.com', reason: '  ' }, 'test');
  const [state] =
    await sql`select detail from postrider.recipient_state where recipient_id = ${first.id}`;
  assert.equal(state?.['detail'], 'opted out');
  for (const _ of [1, 2]) assert.equal(await cancel(sql, second.id, 'moved away'), 'skipped');
  const other = await place(sql);
  await sending(sql, other);
  const { id } = await one(sql, other);
  for (const _ of [1, 2]) assert.equal(await cancel(sql, id), 'sending (cancel requested)');
  assert.deepEqual((await written(at)).slice(before), [
    'suppress recipient opted out',
    'cancel recipient moved away',
  ]);
  assert.deepEqual((await written(other)).slice(-2), [
    'launch campaign live mode',
    'cancel recipient',
  ]);
});

void test('what changes nothing is not written down: who is stopped already is not stopped again, and what is active is not launched again', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(1));
  const { id } = await one(sql, at);
  const before = (await written(at)).length;
  await suppress(sql, at.organizationId, { email: 'p0@example.com', reason: 'by phone' }, 'test');
  for (const _ of [1, 2])
    await suppress(
      sql,
      at.organizationId,
      { email: 'p0@example.com', reason: 'by letter' },
      'test',
    );
  await launch(sql, at, { mode: 'live', why: 'once more', arm: true });
  for (const _ of [1, 2]) await erase(sql, id);
  assert.deepEqual((await written(at)).slice(before), ['suppress recipient', 'erase recipient']);
});

void test('who decides about cards that were lost, or printed since a backup, is written down', async () => {
  const { sql, admin } = rig;
  const at = await place(sql);
  await sending(sql, at, 1);
  await admin.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`delete from postrider.mailpiece where organization_id = ${at.organizationId}`;
  });
  const before = (await written(at)).length;
  for (const _ of [1, 2]) await sql`select postrider.replace_lost_mailpieces(${at.organizationId})`;
  await sql`
    insert into postrider.installation (
      id, system_identifier, timeline, seen_at, restore_noticed_at
    )
    values (gen_random_uuid(), 'x', 1, now(), now())
    on conflict (singleton) do update set restore_noticed_at = now()`;
  for (const _ of [1, 2]) await sql`select postrider.conclude_restore()`;
  assert.deepEqual((await written(at)).slice(before), [
    'replace recipient the mailpiece was lost',
    'reconcile organization the printers were asked for what was printed since the backup',
  ]);
});

void test('retry and resolve say who', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await unknownDue(sql, at, 2);
  for (let round = 0; round < 8; round += 1) {
    const verdicts = (await claimDue(sql, at)).map((piece) => ({
      ...piece,
      outcome: 'cannot_tell' as const,
      keyLifetimeMs: null,
    }));
    await settleReconciled(sql, at.organizationId, verdicts);
    await turnClock(sql, 6 * 3_600_000);
  }
  const before = (await written(at)).length;
  const [printed, lost] = batch.pieces;
  assert.ok(printed && lost);
  await resolve(sql, printed.mailpieceId, 'printed', 'card 1');
  await resolve(sql, lost.mailpieceId, 'not_printed', 'Jo, on the phone');
  const other = await place(sql);
  const refusedThere = await sending(sql, other, 3);
  await settleAll(sql, other, refusedThere, (piece) => answered(piece, 'rejected'));
  await retry(sql, refusedThere.pieces[0]?.recipientId ?? '');
  await retryAll(sql, other, 'rejected');
  assert.deepEqual((await written(at)).slice(before), [
    'resolve recipient printed: card 1',
    'resolve recipient not_printed: Jo, on the phone',
  ]);
  assert.deepEqual((await written(other)).slice(-2), [
    'retry recipient',
    'retry campaign rejected: 2',
  ]);
});

void test('the record is not changed by hand; the reason goes with the person', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await sent(sql, at);
  const { id } = await one(sql, at);
  await cancel(sql, id, 'Ada Byron moved to Kent');
  for (const statement of [
    'delete from postrider.intervention',
    'truncate postrider.intervention',
    `update postrider.intervention set by_role = 'somebody else'`,
    `update postrider.intervention set why = 'nothing happened'`,
  ])
    await refused('PR004', sql.unsafe(statement), /is refused/);
  await erase(sql, id);
  const rows = await sql`
    select action, why from postrider.interventions where recipient_id = ${id} order by at`;
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    [
      { action: 'cancel', why: null },
      { action: 'erase', why: null },
    ],
  );
});
