/**
 * Mail that came back: its address is bad for everybody who has it, until they have another one.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { suppress } from '@postrider/core';
import { syncPeople, type Place } from '../../support/machine.ts';
import {
  anotherCampaign,
  event,
  firstOf,
  idOf,
  mailBegun,
  one,
  place,
  proofAll,
  reasonsOf,
  resident,
  sending,
  settleAll,
  sharedMachine,
  statesOf,
  tell,
} from '../rig.ts';

const rig = sharedMachine();
const home = { line1: '12 Elm Street', postalCode: '02138', country: 'US', region: 'MA' };
/** Campaigns that keep nobody out for what another one mailed, or for who lives with them. */
const others = { exclusion_window: '0', dedupe: 'person' } as const;
const moved = { ...home, line1: '7 Oak Road' };

/** A card of ann's came back from home. */
async function cardReturned(): Promise<Place> {
  const at = await place(rig.sql);
  const batch = await sending(rig.sql, at, [resident('ann', home)]);
  await settleAll(rig.sql, at, batch);
  await tell(rig.sql, at, [event({ providerId: idOf(firstOf(batch)), status: 'returned' })]);
  assert.deepEqual(await statesOf(rig.sql, at), { ann: 'returned' });
  return at;
}

void test('nobody is mailed at an address that sent mail back, and who moves is mailed again', async () => {
  const at = await cardReturned();
  const other = await anotherCampaign(rig.sql, at, others);
  await syncPeople(rig.sql, other, [
    resident('ann', home),
    resident('bob', { ...home, email: 'bob@example.com' }),
  ]);
  const skipped = { ann: 'skipped (bad_address)', bob: 'skipped (bad_address)' };
  assert.deepEqual(await reasonsOf(rig.sql, other), skipped);
  const [told] = await rig.sql`
    select detail from postrider.recipient_state where campaign_id = ${other.campaignId} limit 1`;
  assert.equal(told?.['detail'], 'mail came back from the address');
  await syncPeople(rig.sql, other, [
    resident('ann', moved),
    resident('bob', { ...home, email: 'bob@example.com' }),
  ]);
  assert.deepEqual(await reasonsOf(rig.sql, other), { ...skipped, ann: 'pending (address_came)' });
});

void test('who opts out at such an address is not mailed wherever they move', async () => {
  const at = await cardReturned();
  const { organizationId } = at;
  await suppress(
    rig.sql,
    organizationId,
    {
      line1: home.line1,
      postalCode: home.postalCode,
      email: 'ann@example.com',
      reason: 'asked by letter',
    },
    'list',
  );
  const other = await anotherCampaign(rig.sql, at, others);
  await syncPeople(rig.sql, other, [
    resident('ann', moved),
    resident('bob', { ...home, email: 'bob@example.com' }),
  ]);
  assert.deepEqual(await reasonsOf(rig.sql, other), {
    ann: 'blacklisted (suppressed)',
    bob: 'blacklisted (suppressed)',
  });
  const entries = await rig.sql`
    select kind, reason from postrider.suppression
    where organization_id = ${organizationId}
    order by 1`;
  assert.deepEqual(
    entries.map(({ kind, reason }) => `${kind}: ${reason}`),
    ['email: asked by letter', 'household: asked by letter'],
  );
});

void test('mail that comes back while a card waits for the printer keeps it back, and an opt-out stays one', async () => {
  const other = await place(rig.sql, others);
  const { organizationId } = other;
  await syncPeople(rig.sql, other, [
    resident('bob', { ...home, email: 'bob@example.com' }),
    resident('cleo', { ...home, email: 'cleo@example.com', lastName: 'Roe' }),
    resident('dan', { ...moved, email: 'dan@example.com' }),
  ]);
  await proofAll(rig.sql, other);
  const { id } = await one(rig.sql, other, 'bob');
  await rig.sql`select postrider.suppress_returned(${organizationId}, array[${id}::uuid], now())`;
  await rig.sql`
    select postrider.add_suppressions(
      ${organizationId}, null, '{cleo@example.com}', null, null, 'no', 'test', null)`;
  await mailBegun(rig.sql, other);
  assert.deepEqual(await reasonsOf(rig.sql, other), {
    bob: 'skipped (bad_address)',
    cleo: 'blacklisted (suppressed)',
    dan: 'sending (begun)',
  });
  await syncPeople(rig.sql, other, [
    resident('bob', { ...moved, line1: '9 Ash Lane', email: 'bob@example.com' }),
    resident('cleo', { ...moved, line1: '11 Ash Lane', email: 'cleo@example.com' }),
    resident('dan', { ...moved, email: 'dan@example.com' }),
  ]);
  assert.deepEqual(await reasonsOf(rig.sql, other), {
    bob: 'pending (address_came)',
    cleo: 'blacklisted (suppressed)',
    dan: 'sending (begun)',
  });
});
