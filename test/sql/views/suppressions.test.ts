/** Who is not to be mailed: the list for operators and for readers, and whether one of them is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { erase } from '@postrider/core';
import { people, syncPeople, type Place } from '../../support/machine.ts';
import { login, logout } from '../privileges/logins.ts';
import {
  anotherCampaign,
  one,
  place,
  refused,
  resident,
  sharedMachine,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine(undefined, async () => await logout(rig));
const HOUR = 3_600_000;

interface Asked {
  readonly who?: string;
  readonly line1?: string;
  readonly line2?: string;
  readonly postalCode?: string;
}

/** As "kind match reason", with the person's id where it was found through a person. */
async function answers(at: Place, asked: Asked, sql = rig.sql): Promise<string[]> {
  const rows = await sql<
    { kind: string; match: string; reason: string; external_id: string | null }[]
  >`
    select kind, match, reason, external_id
    from postrider.suppressed(
      p_who => ${asked.who ?? null},
      p_organization_id => ${at.organizationId},
      p_line1 => ${asked.line1 ?? null},
      p_line2 => ${asked.line2 ?? null},
      p_postal_code => ${asked.postalCode ?? null})`;
  return rows
    .map(({ kind, match, reason, external_id: id }) =>
      [kind, match, reason, ...(id === null ? [] : [`(${id})`])].join(' '),
    )
    .toSorted();
}

void test('an opt-out by e-mail is found by that e-mail in any of its forms, and by nobody else', async () => {
  const at = await place(rig.sql);
  await rig.sql`select postrider.suppress(${at.organizationId}, 'Ann@Example.com')`;
  for (const who of [
    'ann@example.com',
    ' ANN@EXAMPLE.COM. ',
    'Ann Miller <ann@example.com>',
    'mailto:ann@example.com',
    'bob@example.com; ann@example.com',
  ])
    assert.deepEqual(await answers(at, { who }), ['email certain opted out'], who);
  assert.deepEqual(await answers(at, { who: 'bob@example.com' }), []);
  assert.deepEqual(await answers(at, { who: '1015' }), []);
});

void test('it says since when, by whom, from where, until when and in which campaign', async () => {
  const at = await place(rig.sql);
  const other = await anotherCampaign(rig.sql, at, {});
  const [before] = await rig.sql<{ now: Date }[]>`select postrider.now() as now`;
  await rig.sql`
    select postrider.suppress(
      ${at.organizationId}, p_external_id => '1015', p_reason => 'moved', p_source => 'letter',
      p_campaign_id => ${other.campaignId}, p_expires_at => postrider.now() + interval '1 day')`;
  const ask = async () =>
    await rig.sql`
    select s.*, c.name as wanted, session_user as login
    from postrider.suppressed(p_who => ' 1015 ') s
    join postrider.campaigns c on c.id = ${other.campaignId}`;
  const [row] = await ask();
  assert.deepEqual(
    [row?.['kind'], row?.['value'], row?.['reason'], row?.['source'], row?.['campaign']],
    ['external_id', '1015', 'moved', 'letter', row?.['wanted']],
  );
  assert.equal(row?.['added_by'], row?.['login']);
  assert.ok((row?.['since'] as Date) >= (before?.now as Date));
  assert.ok((row?.['expires_at'] as Date) > (row?.['since'] as Date));
  await turnClock(rig.sql, 25 * HOUR);
  assert.deepEqual([...(await ask())], [], 'an entry that has expired stops nobody');
  const [listed] = await rig.sql`
    select campaign, expires_at < postrider.now() as over
    from postrider.suppressions
    where organization_id = ${at.organizationId}`;
  assert.deepEqual({ ...listed }, { campaign: row?.['wanted'], over: true });
});

void test('an opt-out by address is found by the address, and as possible where somebody may live there', async () => {
  const at = await place(rig.sql);
  await rig.sql`
    select postrider.suppress(
      ${at.organizationId}, p_line1 => '12 Elm Street', p_line2 => 'Apt 4',
      p_postal_code => '02138')`;
  const asked = { line1: '12 ELM ST', postalCode: '02138-1234' };
  assert.deepEqual(await answers(at, { ...asked, line2: '#4' }), ['household certain opted out']);
  assert.deepEqual(await answers(at, asked), ['household possible opted out']);
  assert.deepEqual(await answers(at, { ...asked, line2: 'Apt 5' }), []);
});

void test('of a person who is known all keys are asked for, and the person is named', async () => {
  const at = await place(rig.sql);
  await syncPeople(rig.sql, at, [
    resident('a', {
      line1: '12 Elm St',
      email: 'first@example.com',
      otherEmails: ['second@example.com'],
    }),
  ]);
  await rig.sql`select postrider.suppress(${at.organizationId}, 'second@example.com')`;
  await rig.sql`
    select postrider.suppress(
      ${at.organizationId}, p_line1 => '12 Elm St', p_line2 => 'Apt 9',
      p_postal_code => (
        select postal_code from postrider.recipient
        where organization_id = ${at.organizationId}))`;
  const person = await one(rig.sql, at);
  for (const who of ['first@example.com', 'a', person.id])
    assert.deepEqual(
      await answers(at, { who }),
      ['email certain opted out (a)', 'household possible opted out (a)'],
      who,
    );
});

void test('after an erasure the entry still answers, and says nothing in clear', async () => {
  const at = await place(rig.sql);
  await syncPeople(rig.sql, at, people(1));
  await erase(rig.sql, (await one(rig.sql, at)).id);
  assert.ok((await answers(at, { who: 'p0@example.com' })).includes('email certain erasure'));
  const values = await rig.sql<{ value: string | null }[]>`
    select value from postrider.suppressions where organization_id = ${at.organizationId}`;
  assert.ok(values.length > 0);
  assert.deepEqual(new Set(values.map((row) => row.value)), new Set([null]));
});

void test('what cannot be read is refused: it is no "no"', async () => {
  const at = await place(rig.sql);
  await refused('PR020', answers(at, { who: 'ann@example' }), /cannot be read as an e-mail/);
  await refused('PR020', answers(at, { who: '  ' }), /who may be suppressed/);
  await refused('PR020', answers(at, { line1: '12 Elm St' }), /line1 and postal code/);
});

void test('a reader sees the list by digest, an operator in clear; neither sees another organization', async () => {
  const mine = await place(rig.sql);
  const theirs = await place(rig.sql);
  for (const { organizationId } of [mine, theirs])
    await rig.sql`select postrider.suppress(${organizationId}, 'ann@example.com')`;
  const seen: Record<string, (string | null)[]> = {};
  const digests = new Set<string>();
  for (const group of ['postrider_reader', 'postrider_operator']) {
    const who = await login(rig, group, [mine.organizationId]);
    const listed = await who.sql<{ value: string | null; digest: string }[]>`
      select value, digest from postrider.suppressions`;
    const asked = await who.sql<{ value: string | null }[]>`
      select value from postrider.suppressed('ann@example.com')`;
    seen[group] = [...listed, ...asked].map((row) => row.value);
    for (const { digest } of listed) digests.add(digest);
    assert.deepEqual(await answers(theirs, { who: 'ann@example.com' }, who.sql), []);
  }
  assert.deepEqual(seen, {
    postrider_reader: [null, null],
    postrider_operator: ['ann@example.com', 'ann@example.com'],
  });
  assert.equal(digests.size, 1);
  assert.match([...digests].join(), /^[0-9a-f]{64}$/);
});
