/** What operators do every day: look, find one person, hold and release, see who did what. */
import assert from 'node:assert/strict';
import { beginProof, settleProof } from '../../../packages/core/src/machine/proof.ts';
import { states, syncPeople } from '../../support/machine.ts';
import {
  accepted,
  event,
  LEASE_MS,
  mailBegun,
  proofed,
  rendered,
  RUNNER,
  sending,
  sent,
  settle,
  stage,
  standing,
  statesOf,
  tell,
  turnClock,
} from '../../sql/rig.ts';
import { neighbours, type Scenario } from '../operated-place.ts';
const MINUTES = 60_000;

export const byHand: Scenario = async ({ sql, at }, run) => {
  await sending(sql, at, neighbours(1));
  assert.match(await run.refusal('refused'), /op may not move sending → proofed/);
  assert.deepEqual(await states(sql), { sending: 1 });
};

export const firstLook: Scenario = async ({ sql, at }, run) => {
  await sql`select postrider.heartbeat(${RUNNER}, 'laptop:4711', 2, 4, '0.1.0')`;
  await syncPeople(sql, at, neighbours(12));
  await turnClock(sql, 10 * MINUTES);
  await sql`select postrider.event_partitions()`;
  const [first = ''] = await stage(sql, at, 'proof', 1, 4);
  const cards = (await beginProof(sql, at.organizationId, first, RUNNER, LEASE_MS))?.cards ?? [];
  const [one, two, three] = cards.map((card) => card.recipientId);
  assert.ok(one !== undefined && two !== undefined && three !== undefined);
  const failed = {
    recipientId: three,
    outcome: 'failed',
    message: 'missing_field: the template asks for promo_code',
  } as const;
  await settleProof(sql, at.organizationId, first, [rendered(one), rendered(two), failed], false);
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
};

export const onePerson: Scenario = async ({ sql, at }, run) => {
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
};

export const defaultPartition: Scenario = async ({ sql, at }, run) => {
  await syncPeople(sql, at, neighbours(2));
  await turnClock(sql, 150 * 24 * 60 * MINUTES);
  await proofed(sql, at, neighbours(5));
  const stray = async (): Promise<number> =>
    Number((await sql`select count(*) as n from postrider.recipient_event_default`)[0]?.['n']);
  assert.ok((await stray()) > 0);

  const checks = await run.rows('find');
  assert.deepEqual(
    checks.map((row) => [row['check_name'], row['verdict'], row['what_helps']]),
    [
      ['event partitions', 'bad', 'select postrider.event_partitions()'],
      ['default partition', 'warn', 'select postrider.event_partitions()'],
    ],
  );
  await run.rows('mend');
  assert.equal(await stray(), 0);
  const [ok] = await sql`
    select bool_and(verdict = 'ok') as ok
    from postrider.doctor()
    where check_name like '%partition%'`;
  assert.equal(ok?.['ok'], true);
};

export const sync: Scenario = async ({ sql, at }, run) => {
  await syncPeople(sql, at, neighbours(3));
  const [open] = await sql`
    select run_id, token
    from postrider.sync_open(${at.organizationId}, ${at.campaignId}, 'automatic', 'laptop:4711')`;
  const rejects = [
    {
      row: 5,
      column: 'zip',
      externalId: 'MA-1004',
      reason: 'bad_postal_code',
      message: 'zip: "6270" is no US postal code',
    },
  ];
  await sql`
    select postrider.sync_page(
      ${at.organizationId}, ${at.campaignId}, ${String(open?.['token'])},
      ${String(open?.['run_id'])}, ${JSON.stringify(neighbours(3))}::text::jsonb,
      ${JSON.stringify(rejects)}::text::jsonb
    )`;
  await sql`
    select postrider.sync_close(
      ${at.organizationId}, ${at.campaignId}, ${String(open?.['token'])},
      ${String(open?.['run_id'])}, false, 'customers.csv: line 6: a quote is not closed'
    )`;

  const runs = await run.rows('find', { campaign: 'spring' });
  assert.deepEqual(
    runs.map((row) => [row['complete'], row['error']]),
    [
      ['f', 'customers.csv: line 6: a quote is not closed'],
      ['t', ''],
    ],
  );
  const [reject] = await run.rows('rejects', { campaign: 'spring' });
  assert.equal(reject?.['reason'], 'bad_postal_code');
};

export const who: Scenario = async ({ sql, at, operator }, run) => {
  await proofed(sql, at, neighbours(3));
  const [ada, ben] = await standing(sql, at);
  await operator`select postrider.cancel(${ada?.id ?? ''}, 'moved away')`;
  await operator`
    select postrider.suppress(
      ${at.organizationId}, p_email => 'ben@example.com', p_reason => 'phoned'
    )`;

  const moves = await run.rows('moves');
  assert.deepEqual(
    moves.map((row) => [row['recipient_id'], row['to_state'], row['reason'], row['by_role']]),
    [
      [ben?.id, 'blacklisted', 'suppressed', 'night_operator'],
      [ada?.id, 'skipped', 'cancelled', 'night_operator'],
    ],
  );
  assert.deepEqual(await statesOf(sql, at), {
    'MA-1001': 'skipped',
    'MA-1002': 'blacklisted',
    'MA-1003': 'proofed',
  });
  assert.equal((await sql`select 1 from postrider.mailpiece`).length, 0);
};
