/** Cards of which nobody knows whether they were printed, and one that should not have been. */
import assert from 'node:assert/strict';
import type postgres from 'postgres';
import {
  event,
  onlyPiece,
  pieces,
  reasonsOf,
  standing,
  statesOf,
  tell,
  unknownDue,
} from '../../sql/rig.ts';
import type { Place } from '../../support/machine.ts';
import { recordCalls } from '../../../packages/core/src/machine/provider-calls.ts';
import { recordedCall } from '../../sql/rig/provider-calls.ts';
import { neighbours, type OperatedPlace, type Statements } from '../operated-place.ts';

/** Asks the printer about everything that is unknown and due, once; it answers so. */
async function reconcile(
  sql: postgres.Sql,
  at: Place,
  verdict: object,
  attempts: number,
): Promise<void> {
  const [claim] = await sql<{ pieces: { mailpieceId: string; attempt: number }[] }[]>`
    select postrider.claim_unknown_mailpieces(${at.organizationId}, 10, '1 minute') as pieces`;
  const verdicts = claim?.pieces.map(({ mailpieceId, attempt }) => ({
    mailpieceId,
    attempt,
    ...verdict,
  }));
  await sql`
    select postrider.settle_reconciled(
      ${at.organizationId}, ${JSON.stringify(verdicts)}::text::json, ${attempts}
    )`;
}

const cannotTell = {
  outcome: 'cannot_tell',
  keyLifetimeMs: null,
  message: 'the print shop answers 503',
};

export async function outcomeUnknown({ sql, at }: OperatedPlace, run: Statements): Promise<void> {
  await unknownDue(sql, at, neighbours(2));
  await reconcile(sql, at, cannotTell, 1);

  const found = await run.rows('find');
  const [adaId, benId] = (await standing(sql, at)).map((person) => person.id);
  const ada = found.find((row) => row['recipient_id'] === adaId);
  const ben = found.find((row) => row['recipient_id'] === benId);
  assert.ok(ada !== undefined && ben !== undefined);
  assert.match(ada['why'] ?? '', /Nobody can tell whether the card was printed/);

  const about = [ada['mailpiece_id'] ?? '', ben['mailpiece_id'] ?? ''];
  const error = 'press.example.com did not answer within 10000 ms.';
  await recordCalls(sql, [
    recordedCall(at.organizationId, {
      about,
      route: 'POST /v1/pieces',
      durationMs: 10_000,
      status: null,
      outcome: 'unclear',
      providerRequestId: null,
      request: 'POST https://press.example.com/v1/pieces',
      answer: null,
      error,
    }),
    recordedCall(at.organizationId, { about: [] }),
  ]);
  const [call, ...others] = await run.rows('asked', { mailpiece: ada['mailpiece_id'] ?? '' });
  assert.deepEqual([call?.['outcome'], call?.['error'], others], ['unclear', error, []]);

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
}

export async function alarm({ sql, at }: OperatedPlace, run: Statements): Promise<void> {
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
  assert.match(raised?.['meaning'] ?? '', /taken out: cancelled; the printer is asked/);
  assert.deepEqual(await statesOf(sql, at), { 'MA-1001': 'sent' });

  const [told] = await run.rows('call-back', { recipient: ada?.id ?? '' });
  assert.match(told?.['why'] ?? '', /the printer is asked to call the card back\.$/);
  await run.rows('mend', {
    alarm: raised?.['id'] ?? '',
    why: 'the printer is asked to call it back',
  });
  assert.deepEqual(await run.rows('find'), []);
}
