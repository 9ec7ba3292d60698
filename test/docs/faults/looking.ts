/** What operators do every day: they look where people are, and tell the story of one person. */
import assert from 'node:assert/strict';
import { beginProof, settleProof } from '../../../packages/core/src/machine/proof.ts';
import {
  accepted,
  event,
  LEASE_MS,
  mailBegun,
  rendered,
  RUNNER,
  sending,
  sent,
  settle,
  stage,
  tell,
  turnClock,
} from '../../sql/rig.ts';
import { states, syncPeople } from '../../support/machine.ts';
import { neighbours, type OperatedPlace, type Statements } from '../operated-place.ts';

const MINUTES = 60_000;

export async function byHand({ sql, at }: OperatedPlace, run: Statements): Promise<void> {
  await sending(sql, at, neighbours(1));
  assert.match(await run.refusal('refused'), /op may not move sending → proofed/);
  assert.deepEqual(await states(sql), { sending: 1 });
}

export async function firstLook({ sql, at }: OperatedPlace, run: Statements): Promise<void> {
  await sql`select postrider.heartbeat(${RUNNER}, 'laptop:4711', 2, 4, '0.1.0')`;
  await syncPeople(sql, at, neighbours(12));
  await turnClock(sql, 10 * MINUTES);
  await sql`select postrider.event_partitions()`;
  const [first = ''] = await stage(sql, at, 'proof', 1, 4);
  const cards =
    (await beginProof(sql, { ...at, cohortId: first, runnerId: RUNNER, leaseMs: LEASE_MS }))
      ?.cards ?? [];
  const [one, two, three] = cards.map((card) => card.recipientId);
  assert.ok(one !== undefined && two !== undefined && three !== undefined);
  const failed = {
    recipientId: three,
    outcome: 'failed',
    message: 'missing_field: the template asks for promo_code',
  } as const;
  await settleProof(sql, {
    ...at,
    cohortId: first,
    results: [rendered(one), rendered(two), failed],
    last: false,
  });
  const mail = await mailBegun(sql, at);
  await settle(
    sql,
    at,
    mail,
    mail.pieces.slice(0, 1).map((piece) => accepted(piece)),
    false,
  );
  await stage(sql, at, 'proof', 1, 3);
  // As pg-boss leaves them while a worker has them, and a runner that died some minutes ago.
  await sql`
    update postrider_queue.job
    set state = 'active', started_on = now()
    where id = any (${[first, mail.cohortId]})`;
  await sql`update postrider.runner set seen_at = seen_at - interval '10 minutes'`;

  const [counts] = await run.rows('funnel');
  assert.deepEqual(
    [
      counts?.['recipients'],
      counts?.['pending'],
      counts?.['proofing'],
      counts?.['sending'],
      counts?.['sent'],
      counts?.['error'],
    ],
    ['12', '5', '1', '1', '1', '1'],
  );
  const stuck = await run.rows('stuck');
  assert.deepEqual(
    stuck.map((row) => [row['state'], row['people'], row['why']]),
    [
      ['pending', '5', 'no runner is alive'],
      [
        'error',
        '1',
        'The card could not be rendered. [missing_field: the template asks for promo_code]',
      ],
    ],
  );
  const checks = await run.rows('doctor');
  assert.deepEqual(
    checks.map((row) => [row['check_name'], row['what_helps']]),
    [
      ['runners', 'start one: postrider run'],
      ['beats', 'start a runner: postrider run'],
    ],
  );
  const queue = await run.rows('queue');
  assert.deepEqual(
    queue.map((row) => [row['stage'], row['meaning']]),
    [
      ['proof', 'its runner is silent: reap gives its people back when the lease has passed'],
      ['mail', 'its runner is silent: reap gives its people back when the lease has passed'],
      ['proof', 'waits for a worker'],
    ],
  );
}

export async function onePerson({ sql, at }: OperatedPlace, run: Statements): Promise<void> {
  const batch = await sent(sql, at, neighbours(2));
  const piece = batch.pieces.find((one) => one.request.to.name.startsWith('Ada'));
  assert.ok(piece !== undefined);
  const providerId = `id of ${piece.mailpieceId}`;
  await tell(sql, at, [
    event({ providerId, status: 'in_transit' }, { occurredAt: new Date().toISOString() }),
  ]);

  const [ada] = await run.rows('recipient', { who: 'ada@example.com' });
  const ways = [
    'ada@example.com',
    ' ADA@Example.com',
    'MA-1001',
    ada?.['reference'] ?? '',
    (ada?.['reference'] ?? '').toLowerCase(),
    providerId,
  ];
  for (const who of [...ways, ada?.['id'] ?? '', piece.mailpieceId]) {
    const [sentence] = await run.rows('why', { who });
    assert.match(sentence?.['why'] ?? '', /^Ada Miller in campaign spring is sent/, who);
    const story = await run.rows('trace', { who });
    assert.deepEqual(
      story.map((row) => row['what']).filter((what) => what?.includes('sen')),
      ['proofed → sending_staged', 'sending_staged → sending', 'sending → sent'],
      who,
    );
  }
}
