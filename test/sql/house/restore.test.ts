/**
 * What printers list after a restored backup, against what the backup knows. The whole way, with a
 * printer: test/pipeline/house/restore.test.ts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import {
  adoptPieces,
  type Adopted,
  type PieceToAdopt,
} from '../../../packages/core/src/machine/restore.ts';
import { people, syncPeople, type Place } from '../../support/machine.ts';
import {
  accepted,
  alarms,
  event,
  one,
  pieces,
  place,
  proofAll,
  proofed,
  reasonsOf,
  sending,
  settle,
  sharedMachine,
  statesOf,
  tell,
} from '../rig.ts';

const rig = sharedMachine();
/** Whenever these tests get their turn. */
const LATER = new Date(Date.now() + 86_400_000).toISOString();

function listed(at: Place, recipientId: string, over: Partial<PieceToAdopt> = {}): PieceToAdopt {
  return {
    mailpieceId: crypto.randomUUID(),
    recipientId,
    campaignId: at.campaignId,
    providerId: `listed ${recipientId}`,
    idempotencyKey: null,
    person: null,
    mode: 'live',
    createdAt: LATER,
    ...over,
  };
}
async function adopt(sql: postgres.Sql, at: Place, ...list: PieceToAdopt[]): Promise<Adopted> {
  return await adoptPieces(sql, { ...at, printerName: 'press' }, list);
}

void test('a card that took the place of one which is open in the backup is the one that counts', async () => {
  const { sql } = rig;
  for (const known of ['submitting', 'accepted'] as const) {
    const at = await place(sql);
    const batch = await sending(sql, at, 1);
    const [first] = batch.pieces;
    assert.ok(first);
    if (known === 'accepted') await settle(sql, at, batch, [accepted(first)]);
    const second = listed(at, first.recipientId);
    assert.equal((await adopt(sql, at, second)).adopted, 1);
    const [person] = Object.values(await statesOf(sql, at));
    assert.equal(person, 'sent');
    const found = Object.fromEntries(
      (await pieces(sql, at)).map((piece) => [piece.id, piece.status]),
    );
    assert.deepEqual(found, {
      [first.mailpieceId]: known === 'accepted' ? 'failed' : 'cancelled',
      [second.mailpieceId]: 'accepted',
    });
    // What is told late of the first one moves nobody, and what is told of the second does.
    if (known === 'accepted')
      await tell(sql, at, [event({ providerId: `id of ${first.mailpieceId}`, status: 'failed' })]);
    await tell(sql, at, [event({ providerId: second.providerId, status: 'delivered' })]);
    assert.deepEqual(Object.values(await statesOf(sql, at)), ['received']);
  }
});

void test('of two cards of one person the later counts, and the other is kept with an alarm', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at, 1);
  const { id } = await one(sql, at);
  const early = listed(at, id, { createdAt: new Date().toISOString(), providerId: 'early' });
  assert.equal((await adopt(sql, at, early, listed(at, id))).adopted, 1);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'sent (found_after_restore)' });
  assert.deepEqual((await pieces(sql, at)).map(({ status }) => status).sort(), [
    'accepted',
    'cancelled',
  ]);
  assert.deepEqual(await alarms(sql, at), ['evidence_for_closed_piece']);
});

void test('adopted cards count against the cap', async () => {
  const { sql } = rig;
  const at = await place(sql, { total_cap: 3 });
  await proofed(sql, at, 5);
  const ids = await sql<{ id: string }[]>`
    select recipient_id as id
    from postrider.recipient_state
    where organization_id = ${at.organizationId}
    order by 1
    limit 3`;
  assert.equal((await adopt(sql, at, ...ids.map(({ id }) => listed(at, id)))).adopted, 3);
  await sql`select postrider.stage(${at.organizationId}, ${at.campaignId}, 'mail', 1, 50)`;
  const [cohort] = await sql<{ id: string }[]>`
    select id
    from postrider.cohort
    where organization_id = ${at.organizationId} and stage = 'mail' and begun_at is null`;
  await sql`
    select postrider.begin_mail(
      ${at.organizationId}, ${cohort?.id ?? ''}, gen_random_uuid(), '1 minute'
    )`;
  assert.equal((await pieces(sql, at)).length, 3);
});

void test('who is unknown here is kept from a second card although an old entry of theirs has an end', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await sql`
    select postrider.suppress(
      ${at.organizationId}, null, 'p0', p_campaign_id => ${at.campaignId},
      p_expires_at => now() + interval '1 second'
    )`;
  const [key] = await sql<{ digest: string }[]>`
    select encode(postrider.digest_of(${at.organizationId}, 'external_id', 'p0'), 'hex') as digest`;
  assert.equal(
    (await adopt(sql, at, listed(at, crypto.randomUUID(), { person: key?.digest ?? '' })))
      .strangers,
    1,
  );
  const [entry] = await sql`
    select expires_at from postrider.suppression where organization_id = ${at.organizationId}`;
  assert.equal(entry?.['expires_at'], null);
  await syncPeople(sql, at, people(2));
  await proofAll(sql, at);
  assert.deepEqual(await statesOf(sql, at), { p0: 'blacklisted', p1: 'proofed' });
});

void test('of a campaign that is unknown here too they are kept from one for a year', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await adopt(
    sql,
    at,
    listed(at, crypto.randomUUID(), { campaignId: crypto.randomUUID(), person: 'ab'.repeat(32) }),
  );
  const [entry] = await sql<{ campaign_id: string | null; days: number }[]>`
    select campaign_id, extract(day from expires_at - postrider.now())::int as days
    from postrider.suppression
    where organization_id = ${at.organizationId}`;
  assert.equal(entry?.campaign_id, null);
  assert.ok((entry?.days ?? 0) > 360);
});
