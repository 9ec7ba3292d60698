/** cancel, suppress and erase, from every state. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { applyCampaign, cancel, erase, hold, launch, resolve, retry, suppress } from '@postrider/core';
import { beginProof } from '../../packages/core/src/machine/cohorts.ts';
import { claimCancels, claimUnknown, settleCancels, settleReconcile } from '../../packages/core/src/machine/mailpieces.ts';
import { definition, people, syncPeople, type Place } from '../support/machine.ts';
import {
  LEASE_MS,
  RUNNER,
  accepted,
  answered,
  event,
  one,
  onlyPiece,
  pieces,
  place,
  proofed,
  reasonsOf,
  refused,
  sending,
  sent,
  settle,
  sharedMachine,
  stage,
  stageOne,
  tell,
  turnClock,
  unknownDue,
  type Sending,
} from './rig.ts';

const rig = sharedMachine();
const enrichable = [{ externalId: 'p0', row: 1, email: 'p0@example.com', firstName: 'Ada', lastName: 'B', merge: {} }];

const giveUp = async (sql: postgres.Sql, at: Place): Promise<void> => {
  for (let round = 0; round < 8; round += 1) {
    const claimed = await claimUnknown(sql, at.organizationId, 50, 60_000);
    await settleReconcile(
      sql,
      at.organizationId,
      claimed.map((p) => ({ ...p, outcome: 'cannot_tell', keyStillHonoured: false })),
    );
    await turnClock(sql, 900_000);
  }
};

/** Brings one person into each state. */
const into: Record<string, (at: Place) => Promise<Sending | void>> = {
  address_enrichable: async (at) => void (await syncPeople(rig.sql, at, enrichable)),
  address_enriching: async (at) => {
    await syncPeople(rig.sql, at, enrichable);
    await rig.sql`select postrider.enrich_claim(${at.organizationId}, ${at.campaignId}, 'x', 10, '1 hour')`;
  },
  pending: async (at) => void (await syncPeople(rig.sql, at, people(1))),
  proofing_staged: async (at) => {
    await syncPeople(rig.sql, at, people(1));
    await stage(rig.sql, at, 'proof');
  },
  proofing: async (at) => {
    await syncPeople(rig.sql, at, people(1));
    await beginProof(rig.sql, at.organizationId, await stageOne(rig.sql, at, 'proof'), RUNNER, LEASE_MS);
  },
  proofed: async (at) => await proofed(rig.sql, at),
  'proofed, with an open piece': async (at) => {
    const batch = await sending(rig.sql, at);
    await settle(
      rig.sql,
      at,
      batch,
      batch.pieces.map((p) => answered(p, 'retry', { afterMs: 0 })),
    );
  },
  sending_staged: async (at) => {
    await proofed(rig.sql, at);
    await stage(rig.sql, at, 'mail');
  },
  'sending_staged, with an open piece': async (at) => {
    await into['proofed, with an open piece']?.(at);
    await stage(rig.sql, at, 'mail');
  },
  sending: async (at) => await sending(rig.sql, at),
  'sending, and nobody knows': async (at) => await unknownDue(rig.sql, at),
  sent: async (at) => await sent(rig.sql, at),
  received: async (at) => {
    const batch = await sent(rig.sql, at);
    await tell(rig.sql, at, [event({ providerId: `id of ${batch.pieces[0]?.mailpieceId}`, status: 'delivered' })]);
  },
  returned: async (at) => {
    const batch = await sent(rig.sql, at);
    await tell(rig.sql, at, [event({ providerId: `id of ${batch.pieces[0]?.mailpieceId}`, status: 'returned' })]);
  },
  skipped: async (at) => {
    await syncPeople(rig.sql, at, enrichable);
    await rig.sql`select postrider.enrich_none(${at.organizationId}, ${at.campaignId})`;
  },
  blacklisted: async (at) => {
    await suppress(rig.sql, at.organizationId, { email: 'p0@example.com' }, 'test');
    await syncPeople(rig.sql, at, people(1));
  },
  holdout: async (at) => void (await syncPeople(rig.sql, at, people(1))),
  'error, rejected': async (at) => {
    const batch = await sending(rig.sql, at);
    await settle(
      rig.sql,
      at,
      batch,
      batch.pieces.map((p) => answered(p, 'rejected')),
    );
  },
  'error, outcome unknown': async (at) => {
    await unknownDue(rig.sql, at);
    await giveUp(rig.sql, at);
  },
};

const arranged = async (state: string): Promise<Place> => {
  const at = await place(rig.sql, state === 'holdout' ? { holdout_percent: 100 } : {});
  await into[state]?.(at);
  assert.equal((await one(rig.sql, at)).state, state.split(',')[0]);
  return at;
};

const cancelled: Record<string, string> = {
  sending: 'sending (cancel requested)',
  'sending, and nobody knows': 'sending (cancel requested)',
  sent: 'sent (cancel requested)',
  received: 'PR017',
  returned: 'PR017',
  blacklisted: 'PR017',
  holdout: 'PR017',
  'error, outcome unknown': 'PR016',
};

for (const state of Object.keys(into)) {
  void test(`cancel: ${state}`, async () => {
    const { sql } = rig;
    const at = await arranged(state);
    const before = await one(sql, at);
    const wanted = cancelled[state] ?? 'skipped';
    if (wanted.startsWith('PR')) {
      await refused(wanted, cancel(sql, before.id));
      assert.deepEqual(await one(sql, at), before);
      return;
    }
    assert.equal(await cancel(sql, before.id, 'she called'), wanted);
    const after = await one(sql, at);
    if (wanted === 'skipped') {
      assert.equal(after.state, 'skipped');
      assert.equal(after.cohortId, null, 'so that a late settle finds nothing');
      if (before.state === 'skipped') assert.deepEqual(after, before);
      else assert.deepEqual([after.reason, after.detail], [before.state === 'error' ? 'given_up' : 'cancelled', 'she called']);
      for (const piece of await pieces(sql, at)) assert.ok(['cancelled', 'rejected'].includes(piece.status), piece.status);
    } else {
      assert.deepEqual([after.state, after.moveNo], [before.state, before.moveNo]);
      assert.notEqual(after.cancelRequestedAt, null);
    }
  });

  void test(`erase: ${state}`, async () => {
    const { sql } = rig;
    const at = await arranged(state);
    const before = await one(sql, at);
    assert.equal(await erase(sql, before.id), 'erased');
    const after = await one(sql, at, before.id);
    if (['sending', 'sent'].includes(before.state) || state === 'error, outcome unknown') assert.notEqual(after.cancelRequestedAt, null);
    else if (!['skipped', 'blacklisted', 'holdout', 'received', 'returned', 'error'].includes(before.state))
      assert.deepEqual([after.state, after.reason], ['skipped', 'erased']);
    const [cold] =
      await sql`select r.*, null as organization_id, null as id, null as campaign_id, null as reference, null as created_at, null as made_in_run
      from postrider.recipient r where id = ${before.id}`;
    const left = Object.entries({ ...cold }).filter(
      ([name, value]) => value !== null && !['external_id', 'merge', 'erased_at'].includes(name),
    );
    assert.deepEqual(
      left.filter(([name]) => name !== 'address_from'),
      [],
    );
    assert.deepEqual([cold?.['external_id'], cold?.['merge']], [`erased:${before.id}`, {}]);
    for (const piece of await pieces(sql, at)) assert.deepEqual(piece.request, { format: '4x6', mailClass: 'first_class' });
    const trace = await sql`select what from postrider.trace(${before.id})`;
    assert.ok(trace.some((row) => row['what'] === 'erased') && trace.length >= before.moveNo, 'the trail is left');
    const entries =
      await sql`select kind, value, reason from postrider.suppression where organization_id = ${at.organizationId} and reason = 'erasure' order by kind`;
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
      await settle(
        sql,
        at,
        batch,
        batch.pieces.map((p) => answered(p, 'retry', { afterMs: 0 })),
      );
    if (what === 'absent') {
      const claimed = await claimUnknown(sql, at.organizationId, 50, 60_000);
      await settleReconcile(
        sql,
        at.organizationId,
        claimed.map((p) => ({ ...p, outcome: 'absent', keyStillHonoured: true })),
      );
    }
    if (what === 'resolved') {
      await giveUp(sql, at);
      assert.equal(await resolve(sql, (await onlyPiece(sql, at)).id, 'not_printed', 'Jo'), 'skipped');
    }
    const person = await one(sql, at);
    assert.deepEqual([person.state, person.reason], ['skipped', 'cancelled'], what);
    assert.equal((await onlyPiece(sql, at)).status, 'cancelled');
  }
});

void test('who is erased in error is not brought back by a retry', async () => {
  const { sql } = rig;
  const at = await arranged('error, rejected');
  const { id } = await one(sql, at);
  await erase(sql, id);
  assert.equal(await retry(sql, id), 'skipped');
});

void test('evidence for somebody who was erased is recorded all the same', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  await erase(sql, batch.pieces[0]?.recipientId ?? '');
  await settle(
    sql,
    at,
    batch,
    batch.pieces.map((p) => accepted(p)),
  );
  const person = await one(sql, at);
  assert.equal(person.state, 'sent');
  assert.notEqual(person.cancelRequestedAt, null, 'and the printer is asked to call it back');
});

void test('raw webhooks, rejects and cached addresses of who is erased are blanked', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sent(sql, at);
  const { id } = await one(sql, at);
  await sql`select postrider.receive_webhook(${at.organizationId}, 'press', 'd', ${Buffer.from('{"to": "Ada Byron"}')})`;
  const [hook] = await sql<{ id: string }[]>`select id from postrider.track_claim(1)`;
  const scan = [event({ providerId: `id of ${batch.pieces[0]?.mailpieceId}`, status: 'in_transit' })];
  await sql`select postrider.apply_events(${at.organizationId}, 'press', ${JSON.stringify(scan)}::text::jsonb, now(), ${hook?.id ?? ''})`;
  await sql`select postrider.track_done(${hook?.id ?? ''})`;
  await erase(sql, id);
  const [row] = await sql`select length(body) as bytes from postrider.provider_event where id = ${hook?.id ?? ''}`;
  assert.equal(row?.['bytes'], 0);
});

void test('who is erased is erased in every campaign, with what was noted about them, and a webhook that comes later is blanked too', async () => {
  const { sql } = rig;
  const at = await place(sql, { dedupe: 'person', exclusion_window: '0 days' });
  const { campaignId } = await applyCampaign(sql, at.organizationId, definition({ name: 'autumn', exclusion_window: '0 days' }));
  const autumn = { organizationId: at.organizationId, campaignId };
  await launch(sql, autumn.organizationId, autumn.campaignId, 'live');
  const batch = await sending(sql, at);
  await settle(
    sql,
    at,
    batch,
    batch.pieces.map((p) => answered(p, 'rejected', { message: 'Ada Byron does not live at 1 p Street', badAddress: true })),
  );
  await syncPeople(sql, autumn, people(1));
  const elsewhere = await one(sql, autumn);
  await erase(sql, (await one(sql, at)).id);
  const cold = await sql`select last_name, line1, erased_at from postrider.recipient where organization_id = ${at.organizationId}`;
  assert.deepEqual(
    cold.map((row) => [row['last_name'], row['line1'], row['erased_at'] !== null]),
    [
      [null, null, true],
      [null, null, true],
    ],
  );
  assert.equal((await one(sql, autumn, elsewhere.id)).state, 'skipped');
  const noted = await sql`
    select detail from postrider.recipient_event where organization_id = ${at.organizationId} and detail is not null
    union all select outcome_detail from postrider.mailpiece where organization_id = ${at.organizationId} and outcome_detail ~ 'Ada'
    union all select detail from postrider.recipient_state where organization_id = ${at.organizationId} and detail is not null`;
  assert.deepEqual([...noted], []);
});

void test('a webhook that names somebody who was erased is blanked when it has been applied', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sent(sql, at);
  await erase(sql, (await one(sql, at)).id);
  await sql`select postrider.receive_webhook(${at.organizationId}, 'press', 'late', ${Buffer.from('{"to": "Ada Byron"}')})`;
  const [hook] = await sql<{ id: string }[]>`select id from postrider.provider_event where organization_id = ${at.organizationId}`;
  const scan = [event({ providerId: `id of ${batch.pieces[0]?.mailpieceId}`, status: 'in_transit' })];
  await sql`select postrider.apply_events(${at.organizationId}, 'press', ${JSON.stringify(scan)}::text::jsonb, now(), ${hook?.id ?? ''})`;
  const [row] = await sql`select length(body) as bytes from postrider.provider_event where id = ${hook?.id ?? ''}`;
  assert.equal(row?.['bytes'], 0);
});

void test('a card that is sent is called back at the printer: cancelled, too late, or asked again', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sent(sql, at, 3);
  for (const piece of batch.pieces) await cancel(sql, piece.recipientId);
  const claimed = await claimCancels(sql, at.organizationId, 50);
  assert.equal(claimed.length, 3);
  const outcomes = ['cancelled', 'too_late', 'unknown'];
  const moved = await settleCancels(
    sql,
    at.organizationId,
    claimed.map((piece, i) => ({ ...piece, outcome: outcomes[i] ?? '', message: 'it is on the press' })),
  );
  assert.equal(moved, 1);
  const [a, b, c] = await Promise.all(claimed.map(async (piece) => await one(sql, at, piece.recipientId)));
  assert.deepEqual([a?.state, a?.reason, a?.cancelRequestedAt], ['skipped', 'cancelled', null]);
  assert.deepEqual([b?.state, b?.cancelRequestedAt, b?.detail], ['sent', null, 'cannot be called back: it is on the press']);
  assert.deepEqual([c?.state, c?.cancelRequestedAt !== null], ['sent', true]);
  assert.deepEqual(await claimCancels(sql, at.organizationId, 50), [], 'asked once a minute');
  await turnClock(sql, 61_000);
  assert.equal((await claimCancels(sql, at.organizationId, 50)).length, 1);
});

void test('a printer that cannot tell is asked about everybody in turn', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sent(sql, at, 7);
  for (const piece of batch.pieces) await cancel(sql, piece.recipientId);
  const asked: string[] = [];
  for (let round = 0; round < 4; round += 1) {
    const claimed = await claimCancels(sql, at.organizationId, 3);
    asked.push(...claimed.map((piece) => piece.mailpieceId));
    await settleCancels(
      sql,
      at.organizationId,
      claimed.map((piece) => ({ ...piece, outcome: 'unknown', message: 'it is busy' })),
    );
    await turnClock(sql, 15_000);
  }
  assert.deepEqual([asked.length, new Set(asked).size], [7, 7]);
  await turnClock(sql, 61_000);
  assert.deepEqual(
    (await claimCancels(sql, at.organizationId, 3)).map((piece) => piece.mailpieceId).sort(),
    asked.slice(0, 3).sort(),
    'whoever has waited longest first',
  );
});

void test('a printer that says cancelled of a card that was already scanned is not believed', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sent(sql, at);
  const [piece] = batch.pieces;
  await tell(sql, at, [event({ providerId: `id of ${piece?.mailpieceId}`, status: 'in_transit' })]);
  await cancel(sql, piece?.recipientId ?? '');
  const claimed = await claimCancels(sql, at.organizationId, 50);
  await settleCancels(
    sql,
    at.organizationId,
    claimed.map((p) => ({ ...p, outcome: 'cancelled', message: 'ok' })),
  );
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'sent (accepted)' });
  assert.equal((await onlyPiece(sql, at)).status, 'in_transit');
  assert.deepEqual(await claimCancels(sql, at.organizationId, 50), [], 'and it is not asked for ever');
});

void test('suppress finds people in every campaign of the organization, by each of its keys', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(4));
  const count = await suppress(
    sql,
    at.organizationId,
    { email: 'P0@example.com', externalId: 'p1', line1: '3 p st', postalCode: '94607' },
    'test',
  );
  assert.equal(count, 3);
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'blacklisted (suppressed)',
    p1: 'blacklisted (suppressed)',
    p2: 'blacklisted (suppressed)',
    p3: 'pending (new)',
  });
  await refused('PR020', suppress(sql, at.organizationId, {}, 'test'));
  await refused('PR020', suppress(sql, at.organizationId, { line1: '1 Elm St' }, 'test'));
});

void test('an erasure is not undone by a later suppression of the same person', async () => {
  const { sql } = rig;
  const at = await arranged('pending');
  await erase(sql, (await one(sql, at)).id);
  await suppress(sql, at.organizationId, { email: 'p0@example.com' }, 'test');
  const report = await syncPeople(sql, at, people(1), false);
  assert.deepEqual(report['turned_away'], { erased: 1 });
});

void test('a suppression and a returned card of the same household do not deadlock', async () => {
  const { sql, machine } = rig;
  for (let round = 0; round < 5; round += 1) {
    const at = await place(sql);
    const batch = await sent(sql, at, 30);
    const clients = machine.connect(2);
    const returned = batch.pieces.map((p) => event({ providerId: `id of ${p.mailpieceId}`, status: 'returned' }));
    await Promise.all([
      tell(clients, at, returned),
      (async () => {
        for (const n of [30, 15, 7, 1]) await suppress(clients, at.organizationId, { line1: `${n} p Street`, postalCode: '94607' }, 'test');
      })(),
    ]);
    await clients.end({ timeout: 2 });
  }
});

void test('a hold of one person is for people who are not yet at the printer', async () => {
  const { sql } = rig;
  for (const state of ['sending', 'sent', 'received', 'error, rejected']) {
    const at = await arranged(state);
    await refused('PR017', hold(sql, at.organizationId, 'recipient', (await one(sql, at)).id));
  }
});
