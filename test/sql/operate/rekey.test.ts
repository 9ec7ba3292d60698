/**
 * Households get today's keys: it is shown before, nobody moves, nobody changes the arm, and an
 * opt-out keeps reaching whom it reached.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, rekey, rekeyPreview } from '@postrider/core';
import { syncPeople, type Place } from '../../support/machine.ts';
import {
  anotherCampaign,
  mailBegun,
  place,
  proofed,
  refused,
  resident,
  sharedMachine,
  standing,
  statesOf,
} from '../rig.ts';

import { olderKeys, rekeyed } from './rekeying.ts';

const rig = sharedMachine();

/** An opt-out as an older version left it: its address, and the key that it made of it. */
async function olderOptOut(
  at: Place,
  {
    line1,
    key,
    kept = true,
  }: { readonly line1: string; readonly key: string; readonly kept?: boolean },
): Promise<void> {
  await rig.sql`
    select postrider.add_suppressions(
      ${at.organizationId}, null, null, null, ${key}, 'no', 'test', null,
      case when ${kept} then postrider.address_of(${line1}, null, '94607', 'US') end)`;
}

/** Whose key is not the one that today's rules make. */
async function stale(at: Place): Promise<number> {
  const [row] = await rig.sql<{ stale: number }[]>`
    select count(*)::int as stale
    from postrider.recipient
    where organization_id = ${at.organizationId}
      and household_key is distinct from
        postrider.household_key(line1, line2, postal_code, country)`;
  return row?.stale ?? -1;
}

async function entries(at: Place): Promise<(string | null)[]> {
  const rows = await rig.sql<{ value: string | null }[]>`
    select value
    from postrider.suppression
    where organization_id = ${at.organizationId}
    order by value`;
  return rows.map(({ value }) => value);
}

/** Two who are one household by today's rules, two who are not, and one who stays as he is. */
async function fromAnOlderVersion(): Promise<Place> {
  const at = await place(rig.sql);
  await syncPeople(rig.sql, at, [
    resident('ann', { line1: '12 Elm St' }),
    resident('bea', { line1: '13 Elm St' }),
    resident('cy', { line1: '20 Oak St Apt 4' }),
    resident('di', { line1: '20 Oak St Apt 5' }),
    resident('ed', { line1: '30 Oak St' }),
  ]);
  await rig.sql`
    update postrider.recipient
    set line1 = '12 Elm Street'
    where organization_id = ${at.organizationId} and external_id = 'bea'`;
  await olderKeys(rig.sql, at, { ann: '1|ELM ST', bea: '1|ELM STREET', cy: '1|OAK', di: '1|OAK' });
  return at;
}

void test('a preview names whom a re-key joins and parts, by campaign, and changes nothing', async () => {
  const at = await fromAnOlderVersion();
  await olderOptOut(at, { line1: '40 Oak St', key: '1|FORTY OAK' });
  await olderOptOut(at, { line1: '50 Oak St', key: '1|FIFTY OAK', kept: false });
  const before = await standing(rig.sql, at);
  const told = await rekeyPreview(rig.sql, at.organizationId);
  assert.equal(told.version, '2');
  assert.equal(told.people, 4);
  assert.deepEqual(
    told.campaigns.map(({ people, joined, parted }) => [people, joined, parted]),
    [[4, 1, 1]],
  );
  const named = (households: typeof told.joined) =>
    households.map(({ people }) => people.map(({ externalId }) => externalId).toSorted());
  assert.deepEqual(named(told.joined), [['ann', 'bea']]);
  assert.deepEqual(named(told.parted), [['cy', 'di']]);
  assert.equal(told.joined[0]?.people[0]?.state, 'pending');
  assert.deepEqual([told.suppressions, told.left], [1, 1]);
  assert.equal(await stale(at), 4);
  assert.deepEqual(await standing(rig.sql, at), before);
});

void test('somebody who keeps the key stands in the preview with whom others join', async () => {
  const at = await fromAnOlderVersion();
  await rig.sql`
    update postrider.recipient
    set household_key = postrider.household_key(line1, line2, postal_code, country)
    where organization_id = ${at.organizationId} and external_id = 'ann'`;
  const told = await rekeyPreview(rig.sql, at.organizationId);
  assert.deepEqual(
    told.joined.map(({ people }) => people.map(({ externalId }) => externalId).toSorted()),
    [['ann', 'bea']],
  );
});

void test('a re-key gives everybody the key of today, moves nobody, tells of doubles, and is recorded', async () => {
  const at = await fromAnOlderVersion();
  const before = await standing(rig.sql, at);
  assert.deepEqual(await rekeyed(rig.sql, at), { people: 4, kept: 0 });
  assert.equal(await stale(at), 0);
  assert.deepEqual(await standing(rig.sql, at), before);
  const near = await rig.sql`
    select array[external_id, other_external_id] as pair, why
    from postrider.near_duplicates
    where organization_id = ${at.organizationId}`;
  assert.deepEqual(
    near.map((row) => [(row['pair'] as string[]).toSorted(), row['why']]),
    [[['ann', 'bea'], "one household by today's rules, let in apart"]],
  );
  const noted = await rig.sql`
    select action, why
    from postrider.interventions
    where organization_id = ${at.organizationId} and action = 'rekey'`;
  assert.deepEqual(
    noted.map((row) => ({ ...row })),
    [{ action: 'rekey', why: 'households by the rules of version 2' }],
  );
  assert.deepEqual(await rekeyed(rig.sql, at), { people: 0, kept: 0 });
});

void test('nobody is synced into households of older rules, and the refusal says what helps', async () => {
  const at = await fromAnOlderVersion();
  await refused(
    'PR012',
    syncPeople(rig.sql, at, [resident('fay', { line1: '12 Elm St' })]),
    /households have keys of other rules/,
  );
  await rekeyed(rig.sql, at);
  await syncPeople(rig.sql, at, [resident('fay', { line1: '12 Elm St' })], false);
  assert.equal((await statesOf(rig.sql, at))['fay'], 'skipped');
});

void test('an opt-out by address reaches whom it reached, also those whom the rules part from it', async () => {
  const at = await fromAnOlderVersion();
  await olderOptOut(at, { line1: '20 Oak St Apt 4', key: '1|OAK' });
  assert.deepEqual(await rekeyed(rig.sql, at), { people: 4, kept: 1 });
  const later = await anotherCampaign(rig.sql, at);
  await syncPeople(rig.sql, later, [
    resident('at 4', { line1: '20 Oak St Apt 4' }),
    resident('at 5', { line1: '20 Oak Street #5' }),
    resident('at 6', { line1: '20 Oak St Apt 6' }),
  ]);
  assert.deepEqual(
    (await standing(rig.sql, later)).map(({ externalId, state }) => [externalId, state]),
    [
      ['at 4', 'blacklisted'],
      ['at 5', 'blacklisted'],
      ['at 6', 'pending'],
    ],
  );
  assert.deepEqual(await entries(at), [
    '2|US|94607|20|OAK|ST|||# 4|',
    '2|US|94607|20|OAK|ST|||# 5|',
  ]);
});

void test('an entry of which there is only a digest stays, and keeps reaching who is here', async () => {
  const at = await fromAnOlderVersion();
  await olderOptOut(at, { line1: '20 Oak St Apt 4', key: '1|OAK', kept: false });
  await rig.sql`
    update postrider.suppression
    set value = null
    where organization_id = ${at.organizationId}`;
  const told = await rekeyPreview(rig.sql, at.organizationId);
  assert.deepEqual([told.suppressions, told.left], [0, 1]);
  assert.deepEqual(await rekeyed(rig.sql, at), { people: 4, kept: 2 });
  // Unreadable as the one before.
  assert.deepEqual(await entries(at), [null, null, null]);
  const later = await anotherCampaign(rig.sql, at);
  await syncPeople(rig.sql, later, [resident('at 5', { line1: '20 Oak Street #5' })]);
  assert.equal((await standing(rig.sql, later))[0]?.state, 'blacklisted');
});

void test('a re-key that is cut short leaves every opt-out in force, and goes on when it is begun again', async () => {
  const at = await fromAnOlderVersion();
  await olderOptOut(at, { line1: '20 Oak St Apt 4', key: '1|OAK' });
  for await (const { next } of rekey(rig.sql, at.organizationId, 1)) if (next !== null) break;
  assert.deepEqual(await entries(at), ['1|OAK', '2|US|94607|20|OAK|ST|||# 4|']);
  await rekeyed(rig.sql, at);
  assert.deepEqual(await entries(at), [
    '2|US|94607|20|OAK|ST|||# 4|',
    '2|US|94607|20|OAK|ST|||# 5|',
  ]);
});

void test('an opt-out by address says that it does not reach households of older rules, and reaches them afterwards', async () => {
  const at = await place(rig.sql);
  await proofed(rig.sql, at, [resident('ann', { line1: '12 Elm St' })]);
  await olderKeys(rig.sql, at, { ann: '1|ELM ST' });
  const notices: string[] = [];
  const told = connect(rig.machine.url, { onNotice: (notice) => notices.push(notice) });
  await told`
    select postrider.suppress(
      ${at.organizationId}, p_line1 => '12 Elm St', p_postal_code => '94607'
    )`;
  await told.end();
  assert.match(notices.join('\n'), /keys of other rules than today's: the address does not reach/);
  await rekeyed(rig.sql, at);
  await mailBegun(rig.sql, at);
  assert.equal((await statesOf(rig.sql, at))['ann'], 'blacklisted');
});

void test('it waits for whom somebody else judges by households', async () => {
  const at = await fromAnOlderVersion();
  await rig.sql.begin(async (other) => {
    await other`
      select from postrider.organization_sync
      where organization_id = ${at.organizationId}
      for no key update`;
    await refused(
      '55P03',
      rig.sql.begin(async (tx) => {
        await tx`set local lock_timeout = '200ms'`;
        await tx`select postrider.rekey(${at.organizationId})`;
      }),
    );
  });
});
