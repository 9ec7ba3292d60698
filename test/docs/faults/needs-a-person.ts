/**
 * Faults that only a person can end: an outcome that nobody knows, a broken template, an alarm,
 * webhooks in a tongue that nobody speaks.
 */
import assert from 'node:assert/strict';
import type postgres from 'postgres';
import { beginProof, settleProof } from '../../../packages/core/src/machine/proof.ts';
import { states, syncPeople, type Person, type Place } from '../../support/machine.ts';
import {
  event,
  LEASE_MS,
  onlyPiece,
  pieces,
  proofAll,
  reasonsOf,
  RUNNER,
  standing,
  stageOne,
  statesOf,
  tell,
  turnClock,
  unknownDue,
} from '../../sql/rig.ts';
import { neighbours, type Scenario } from '../operated-place.ts';

/** Asks the printer about everything that is unknown and due, once; it answers so. */
async function reconcile(
  sql: postgres.Sql,
  at: Place,
  verdict: object,
  attempts: number,
): Promise<void> {
  const [claim] = await sql<{ pieces: { mailpieceId: string; attempt: number }[] }[]>`
    select postrider.reconcile_claim(${at.organizationId}, 10, '1 minute') as pieces`;
  const verdicts = claim?.pieces.map(({ mailpieceId, attempt }) => ({
    mailpieceId,
    attempt,
    ...verdict,
  }));
  await sql`
    select postrider.reconcile_settle(
      ${at.organizationId}, ${JSON.stringify(verdicts)}::text::json, ${attempts}
    )`;
}

const cannotTell = {
  outcome: 'cannot_tell',
  keyStillHonoured: false,
  message: 'the print shop answers 503',
};

export const outcomeUnknown: Scenario = async ({ sql, at }, run) => {
  await unknownDue(sql, at, neighbours(2));
  await reconcile(sql, at, cannotTell, 1);

  const found = await run.rows('find');
  const [adaId, benId] = (await standing(sql, at)).map((person) => person.id);
  const ada = found.find((row) => row['recipient_id'] === adaId);
  const ben = found.find((row) => row['recipient_id'] === benId);
  assert.ok(ada !== undefined && ben !== undefined);
  assert.match(ada['why'] ?? '', /Nobody can tell whether the card was printed/);

  assert.deepEqual(
    await run.rows('mend-printed', {
      mailpiece: ada['mailpiece_id'] ?? '',
      printers_id: 'fp_8kq2',
    }),
    [{ resolve: 'sent' }],
  );
  const evidence = 'phoned the shop on 24 November: not in their order book';
  assert.deepEqual(
    await run.rows('mend-not-printed', { mailpiece: ben['mailpiece_id'] ?? '', evidence }),
    [{ resolve: 'proofed' }],
  );
  assert.deepEqual(await reasonsOf(sql, at), {
    'MA-1001': 'sent (resolved_printed)',
    'MA-1002': 'proofed (resolved_not_printed)',
  });
  assert.deepEqual(await run.rows('find'), []);
  const now = await pieces(sql, at);
  assert.deepEqual(now.map((piece) => piece.status).toSorted(), ['accepted', 'cancelled']);
};

async function renderFails(
  sql: postgres.Sql,
  at: Place,
  members: readonly Person[],
  message: string,
): Promise<void> {
  await syncPeople(sql, at, members, false);
  const cohortId = await stageOne(sql, at, 'proof');
  const begun = await beginProof(sql, at.organizationId, cohortId, RUNNER, LEASE_MS);
  const failed =
    begun?.cards.map((card) => ({
      recipientId: card.recipientId,
      outcome: 'failed' as const,
      message,
    })) ?? [];
  await settleProof(sql, at.organizationId, cohortId, failed, true);
}

export const renderError: Scenario = async ({ sql, at }, run) => {
  await renderFails(
    sql,
    at,
    neighbours(5),
    'broken_template: postcard.typ line 12: unknown variable naem',
  );
  await renderFails(
    sql,
    at,
    neighbours(1, 'Elm Street'),
    'missing_field: the template asks for promo_code',
  );

  const causes = await run.rows('find');
  assert.deepEqual(
    causes.map((row) => [row['people'], row['reason']]),
    [
      ['5', 'render_failed'],
      ['1', 'render_failed'],
    ],
  );
  assert.match(causes[0]?.['why'] ?? '', /unknown variable naem/);

  const [one] = await run.rows('one', { reason: 'render_failed', campaign: 'spring' });
  assert.deepEqual(await run.rows('mend-one', { recipient: one?.['recipient_id'] ?? '' }), [
    { retry: 'pending' },
  ]);
  assert.deepEqual(await states(sql), { pending: 1, error: 5 });
  const [all] = await run.rows('mend-all', { reason: 'render_failed', campaign: 'spring' });
  assert.deepEqual(JSON.parse(all?.['retry_all'] ?? ''), {
    tried: { pending: 5 },
    refused: 0,
    left: 0,
  });
  await proofAll(sql, at);
  assert.deepEqual(await states(sql), { proofed: 6 });
};

export const alarm: Scenario = async ({ sql, at }, run) => {
  // The answer was lost, Ada cancelled, the printer said that it has nothing, and then a webhook
  // says otherwise.
  await unknownDue(sql, at, neighbours(1));
  const [ada] = await standing(sql, at);
  await sql`select postrider.cancel(${ada?.id ?? ''}, 'wrong offer')`;
  await reconcile(sql, at, { outcome: 'absent' }, 8);
  assert.deepEqual(await reasonsOf(sql, at), { 'MA-1001': 'skipped (cancelled)' });
  await tell(sql, at, [
    event({
      providerId: 'fp_8kq2',
      mailpieceId: (await onlyPiece(sql, at)).id,
      status: 'in_production',
    }),
  ]);

  const [raised] = await run.rows('find');
  assert.equal(raised?.['recipient_id'], ada?.id);
  assert.match(raised?.['meaning'] ?? '', /printed although its person had been taken out/);
  assert.deepEqual(await statesOf(sql, at), { 'MA-1001': 'sent' });

  assert.deepEqual(await run.rows('call-back', { recipient: ada?.id ?? '', why: 'wrong offer' }), [
    { cancel: 'sent (cancel requested)' },
  ]);
  await run.rows('mend', { alarm: raised?.['id'] ?? '', why: 'asked the printer to call it back' });
  assert.deepEqual(await run.rows('find'), []);
};

export const webhooks: Scenario = async ({ sql, at }, run) => {
  const [stored] = await sql`
    select postrider.receive_webhook(
      ${at.organizationId}, 'press', 'delivery 1', ${Buffer.from('<xml/>')}
    ) as stored`;
  assert.equal(stored?.['stored'], true);
  const [row] = await sql<{ id: string }[]>`select id from postrider.track_claim(10)`;
  await sql`
    select postrider.track_done(${at.organizationId}, ${row?.id ?? ''}, 'the body is not JSON')`;

  const [check] = await run.rows('find');
  assert.equal(check?.['verdict'], 'bad');
  assert.deepEqual(await run.rows('mend', { printer: 'press' }), [{ retry_webhooks: '1' }]);
  const [again] = await sql<{ id: string }[]>`select id from postrider.track_claim(10)`;
  assert.equal(again?.id, row?.id);
  await turnClock(sql, 1000);
};
