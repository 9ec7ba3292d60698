/**
 * People with several e-mail addresses: each of them is the person's, wherever people are told
 * apart.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { erase, suppress } from '@postrider/core';
import { syncPeople } from '../../support/machine.ts';
import {
  anotherCampaign,
  emailOnly,
  mailBegun,
  one,
  place,
  proofAll,
  reasonsOf,
  refused,
  resident,
  sharedMachine,
  statesOf,
  syncRun,
} from '../rig.ts';

const rig = sharedMachine();

async function emailsOf(organizationId: string, externalId: string): Promise<unknown[]> {
  const [row] = await rig.sql`
    select r.email, r.other_emails, array(
      select o.email_key
      from postrider.recipient_other_email o
      where o.organization_id = r.organization_id and o.recipient_id = r.id
      order by 1) as keys
    from postrider.recipient r
    where r.organization_id = ${organizationId} and r.external_id = ${externalId}`;
  return Object.values(row ?? {});
}

void test('all addresses of a member are kept, the first one is the person’s, and later ones are followed', async () => {
  const at = await place(rig.sql);
  const { organizationId } = at;
  await syncPeople(rig.sql, at, [
    resident('ann', { email: 'Ann@Example.com; ann.work@example.com' }),
  ]);
  assert.deepEqual(await emailsOf(organizationId, 'ann'), [
    'Ann@Example.com',
    ['ann.work@example.com'],
    ['ann.work@example.com'],
  ]);
  const other = {
    email: 'ann@example.com',
    otherEmails: ['ann.new@example.com', 'Ann@example.com'],
  };
  const report = await syncPeople(rig.sql, at, [resident('ann', other)]);
  assert.equal(report['changed'], 1);
  assert.deepEqual(await emailsOf(organizationId, 'ann'), [
    'ann@example.com',
    ['ann.new@example.com'],
    ['ann.new@example.com'],
  ]);
  assert.equal((await syncPeople(rig.sql, at, [resident('ann', other)]))['unchanged'], 1);
  await syncPeople(rig.sql, at, [resident('ann', { email: 'ann@example.com' })]);
  assert.deepEqual(await emailsOf(organizationId, 'ann'), ['ann@example.com', null, []]);
});

void test('an address that comes later and has opted out stops the person at that sync', async () => {
  const at = await place(rig.sql);
  await suppress(rig.sql, at.organizationId, { email: 'ann.work@example.com' }, 'list');
  await syncPeople(rig.sql, at, [resident('ann')]);
  assert.deepEqual(await reasonsOf(rig.sql, at), { ann: 'pending (new)' });
  await syncPeople(rig.sql, at, [
    resident('ann', { email: 'ann@example.com, ann.work@example.com' }),
  ]);
  assert.deepEqual(await reasonsOf(rig.sql, at), { ann: 'blacklisted (suppressed)' });
});

void test('the e-mail of a further row with the person’s id is the person’s too, and stays', async () => {
  const at = await place(rig.sql);
  const { organizationId } = at;
  await suppress(rig.sql, organizationId, { email: 'ann.work@example.com' }, 'list');
  const work = { email: 'ann.work@example.com' };
  const sync = async (): Promise<unknown> => {
    const run = await syncRun(rig.sql, at);
    // Of one page, and of two.
    await run.page([resident('ann'), resident('ann', work), resident('ben'), resident('cleo')]);
    await run.page([resident('ben', work), resident('cleo', { email: 'cleo.old@example.com' })]);
    return await run.close();
  };
  await sync();
  assert.deepEqual(await reasonsOf(rig.sql, at), {
    ann: 'blacklisted (suppressed)',
    ben: 'pending (new)',
    cleo: 'pending (new)',
  });
  await sync();
  assert.deepEqual(await emailsOf(organizationId, 'cleo'), [
    'cleo@example.com',
    null,
    ['cleo.old@example.com'],
  ]);
  await suppress(rig.sql, organizationId, { email: 'cleo.old@example.com' }, 'list');
  await proofAll(rig.sql, at);
  await mailBegun(rig.sql, at);
  assert.deepEqual(await statesOf(rig.sql, at), {
    ann: 'blacklisted',
    ben: 'blacklisted',
    cleo: 'blacklisted',
  });
});

void test('who shares any address is the same person: in a page, in a campaign, between campaigns', async () => {
  const at = await place(rig.sql);
  const others = await anotherCampaign(rig.sql, at);
  const run = await syncRun(rig.sql, at);
  await run.page([
    resident('a', { email: 'a@example.com; shared@example.com' }),
    resident('b', { email: 'b@example.com; SHARED@example.com' }),
    resident('c', { email: 'c@example.com' }),
  ]);
  await run.page([resident('d', { email: 'shared@example.com' })]);
  await run.page([resident('e', { email: 'e@example.com; c@example.com' })]);
  await run.close();
  assert.deepEqual(await reasonsOf(rig.sql, at), {
    a: 'pending (new)',
    b: 'skipped (duplicate)',
    c: 'pending (new)',
    d: 'skipped (duplicate)',
    e: 'skipped (duplicate)',
  });
  await syncPeople(rig.sql, others, [
    resident('f', { email: 'f@example.com, shared@example.com' }),
    resident('g', { email: 'shared@example.com' }),
    resident('h', { email: 'h@example.com' }),
  ]);
  assert.deepEqual(await reasonsOf(rig.sql, others), {
    f: 'skipped (cross_campaign)',
    g: 'skipped (duplicate)',
    h: 'pending (new)',
  });
});

void test('the last look before the printer finds an opt-out of any address', async () => {
  const at = await place(rig.sql);
  await syncPeople(rig.sql, at, [
    resident('ann', { email: 'ann@example.com; ann.work@example.com' }),
    resident('ben'),
  ]);
  await proofAll(rig.sql, at);
  await rig.sql`
    select postrider.add_suppressions(
      ${at.organizationId}, null, '{ann.work@example.com}', null, null, 'no', 'test', null)`;
  await mailBegun(rig.sql, at);
  assert.deepEqual(await statesOf(rig.sql, at), { ann: 'blacklisted', ben: 'sending' });
});

void test('an erased person is forgotten by every address, and known by the digest of each', async () => {
  const at = await place(rig.sql);
  const { organizationId } = at;
  await syncPeople(rig.sql, at, [
    resident('ann', { email: 'ann@example.com; ann.work@example.com' }),
  ]);
  await rig.sql`
    insert into postrider.address_cache (
      organization_id, enricher, email_key, learned_at, expires_at)
    values (${organizationId}, 'lookup', 'ann.work@example.com', now(), now())`;
  await erase(rig.sql, (await one(rig.sql, at, 'ann')).id);
  const [left] = await rig.sql`
    select
      (select count(*)::int from postrider.recipient_other_email
        where organization_id = ${organizationId}) as keys,
      (select count(*)::int from postrider.recipient
        where organization_id = ${organizationId} and other_emails is not null) as emails,
      (select count(*)::int from postrider.address_cache
        where organization_id = ${organizationId}) as cached`;
  assert.deepEqual({ ...left }, { keys: 0, emails: 0, cached: 0 });
  const report = await syncPeople(rig.sql, at, [
    resident('again', { email: 'Ann.Work@example.com' }),
    resident('too', { email: 'x@example.com; ann@example.com' }),
  ]);
  assert.deepEqual(report['turned_away'], { erased: 2 });
});

void test('an enricher is told the other addresses too', async () => {
  const at = await place(rig.sql);
  await syncPeople(rig.sql, at, [
    { ...emailOnly('ann'), email: 'ann@example.com; ann.work@example.com' },
    emailOnly('ben'),
  ]);
  const [row] = await rig.sql<{ batch: { people: { email: string; otherEmails: string[] }[] } }[]>`
    select postrider.claim_batch(
      ${at.organizationId}, ${at.campaignId}, 'lookup', 10, '1 day', '1 minute') as batch`;
  assert.deepEqual(
    row?.batch.people.map(({ email, otherEmails }) => [email, otherEmails]).toSorted(),
    [
      ['ann@example.com', ['ann.work@example.com']],
      ['ben@example.com', []],
    ],
  );
});

void test('a person is found by any address, and every entry of a text is lifted with it', async () => {
  const at = await place(rig.sql);
  const { organizationId } = at;
  await syncPeople(rig.sql, at, [
    resident('ann', { email: 'ann@example.com; ann.work@example.com' }),
  ]);
  const found = await rig.sql`
    select from postrider.find_recipients('Ann <ANN.WORK@example.com>', ${organizationId})`;
  assert.equal(found.length, 1);
  const email = 'Ann.Work@example.com; ann.home@example.com';
  assert.equal(await suppress(rig.sql, organizationId, { email }, 'list'), 1);
  const [row] = await rig.sql`
    select postrider.lift_suppression(
      ${organizationId}, 'email', 'ann.home@example.com, ann.work@example.com') as lifted`;
  assert.equal(row?.['lifted'], 2);
});

void test('an entry of which something cannot be read is refused, and nothing of it stands', async () => {
  const at = await place(rig.sql);
  const entries = [
    { email: 'ann at home' },
    { email: 'ann@example.com; bob@' },
    { email: 'mary jane@example.com' },
    { email: '(none)', externalId: 'a' },
    { email: 'ann@example.com', line1: '12 Elm Street' },
    { email: 'ann@example.com', postalCode: '02138' },
    { email: 'ann@example.com', line1: '12 Elm Street', postalCode: '02138', country: 'USA' },
  ];
  for (const entry of entries)
    await refused(
      'PR020',
      suppress(rig.sql, at.organizationId, entry, 'list'),
      /cannot be read as an e-mail address|needs line1 and postal code|is not a country/,
    );
  const rows = await rig.sql`
    select from postrider.suppression where organization_id = ${at.organizationId}`;
  assert.equal(rows.length, 0);
});
