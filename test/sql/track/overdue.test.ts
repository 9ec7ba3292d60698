/**
 * Who is overdue: by what was learned, by the printer's promise, or by the usual time. They are
 * told, and nobody is moved.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { people, type Place } from '../../support/machine.ts';
import { DAY, place, sharedMachine, turnClock } from '../rig.ts';
import { learn, mailed, tellAt, windowsOf } from '../rig/deliveries.ts';

const rig = sharedMachine();

async function overdueOf(at: Place) {
  return [
    ...(await rig.sql<{ external_id: string; basis: string; days: number }[]>`
      select r.external_id, v.basis, v.expected_days as days
      from postrider.overdue v
      join postrider.recipients r on r.id = v.recipient_id
      where v.organization_id = ${at.organizationId}
      order by r.source_row`),
  ].map((row) => ({ ...row }));
}

async function stuckOf(at: Place) {
  return [
    ...(await rig.sql<{ people: number; reason: string; why: string; helps: string }[]>`
      select people::int, reason, why, what_helps as helps
      from postrider.stuck
      where organization_id = ${at.organizationId} and state = 'sent'`),
  ].map((row) => ({ ...row }));
}

void test('a promise of the printer stands until enough is learned, and after it the usual time', async () => {
  const at = await place(rig.sql);
  const who = people(2);
  const abroad = people(1, 'x').map((one) => ({
    ...one,
    country: 'FR',
    region: null,
    postalCode: '75001',
    city: 'Paris',
    row: 9,
  }));
  await mailed(rig.sql, at, [...who, ...abroad]);
  await rig.admin`
    update postrider.mailpiece
    set expected_delivery = (accepted_at at time zone 'UTC')::date + 4
    where organization_id = ${at.organizationId}
      and request #>> '{to,address,country}' = 'US'`;
  await learn(rig.sql);
  assert.deepEqual(
    (await windowsOf(rig.sql, at)).map(({ country, basis, pieces }) => [country, basis, pieces]),
    [['US', 'promised', 0]],
  );
  await turnClock(rig.sql, 4.9 * DAY);
  assert.deepEqual(await overdueOf(at), []);
  await turnClock(rig.sql, 1.2 * DAY);
  assert.deepEqual(
    (await overdueOf(at)).map(({ external_id: who, basis }) => [who, basis]),
    [
      ['p0', 'promised'],
      ['p1', 'promised'],
    ],
  );
  await turnClock(rig.sql, 13 * DAY);
  assert.deepEqual((await overdueOf(at)).at(-1), {
    external_id: 'x0',
    basis: 'usual',
    days: 18,
  });
});

void test('who is overdue is told by stuck, doctor and the view, and nobody is moved', async () => {
  const at = await place(rig.sql, { assumed_after: '30 days' });
  const batch = await mailed(rig.sql, at, 5);
  await turnClock(rig.sql, 10.9 * DAY);
  assert.deepEqual(await stuckOf(at), []);
  await tellAt(rig.sql, at, batch, { days: 5, to: 3 });
  await turnClock(rig.sql, 0.2 * DAY);
  await learn(rig.sql);
  const [row, ...others] = await stuckOf(at);
  assert.deepEqual([row?.people, row?.reason, others], [2, 'overdue', []]);
  assert.equal(
    row?.why,
    'the printer press has taken 2 cards without a word that they were delivered: expected ' +
      'within 10 days of being accepted (usual)',
  );
  assert.match(
    row?.helps ?? '',
    /^ask the printer; each of them: select \* from postrider\.overdue where campaign_id = '/,
  );
  const late = await rig.sql<{ id: string }[]>`
    select mailpiece_id as id
    from postrider.overdue
    where organization_id = ${at.organizationId}
    order by 1`;
  assert.deepEqual(
    late.map(({ id }) => id),
    batch.pieces
      .slice(3)
      .map(({ mailpieceId }) => mailpieceId)
      .sort(),
  );
  const [finding] = await rig.sql<{ verdict: string; message: string }[]>`
    select verdict, message from postrider.doctor('overdue')`;
  assert.equal(finding?.verdict, 'warn');
  assert.match(finding?.message ?? '', /; more than one in ten of: .*spring/);
  const states = await rig.sql<{ state: string; people: number }[]>`
    select state, count(*)::int as people
    from postrider.recipients
    where organization_id = ${at.organizationId}
    group by 1
    order by 1`;
  assert.deepEqual(
    states.map(({ state, people }) => [state, people]),
    [
      ['received', 3],
      ['sent', 2],
    ],
  );
});
