/**
 * What people are told does not depend on how their session writes times, numbers and bytes: an
 * address in a hint is to be copied, a time to be believed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { furnished } from '../privileges/logins.ts';
import {
  LEASE_MS,
  RUNNER,
  accepted,
  begin,
  emailOnly,
  event,
  idOf,
  openCohorts,
  place,
  refused,
  rendered,
  sharedMachine,
  statesOf,
  tell,
} from '../rig.ts';
import { beginMail, settleMail } from '../../../packages/core/src/machine/mail.ts';
import { settleProof, type beginProof } from '../../../packages/core/src/machine/proof.ts';
import { people, syncPeople } from '../../support/machine.ts';
import { arranged, everyState } from '../rig/people-in-each-state.ts';
import { PLANT } from '../../pipeline/settings/hijack-schema.ts';

const rig = sharedMachine(async () => void (await rig.admin.unsafe(PLANT)));

const ODD = `
  set datestyle = 'German, DMY';
  set intervalstyle = iso_8601;
  set timezone = 'Asia/Kolkata';
  set extra_float_digits = -15;
  set bytea_output = escape;
  set quote_all_identifiers = on;
  set standard_conforming_strings = off;
  set array_nulls = off;
  set search_path = hijack, pg_catalog`;

// Of these types a client says how they look: date, timestamptz, timestamptz[], interval.
const ofTheClient: ReadonlySet<number> = new Set([1082, 1184, 1185, 1186]);

type Line = readonly (string | null)[];

/** What is told, in the server's own words; a dash for what is the client's to say. */
async function told(sql: postgres.Sql, question: string): Promise<Line[]> {
  const rows = await sql
    .unsafe(question, [], { prepare: true, simple: false } as postgres.UnsafeQueryOptions)
    .raw();
  const types = rows.columns.map(({ type }) => type);
  return (rows as unknown as (Buffer | null)[][]).map((row) =>
    row.map((value, at) =>
      value === null ? null : ofTheClient.has(types[at] ?? 0) ? '–' : Buffer.from(value).toString(),
    ),
  );
}

void test('views and functions tell the same words to sessions of any settings', async () => {
  const { sql, machine } = rig;
  const at = await furnished(sql);
  for (const state of everyState) await arranged(sql, state);
  await sql`update postrider.campaign set offer_ends_on = '2026-12-24'`;
  await sql`update postrider.mailpiece set expected_delivery = '2026-12-23'`;
  await sql`select postrider.beat('{sync}', '{00:15:00}')`;
  await sql`select postrider.hold(${at.organizationId}, 'campaign', ${at.campaignId}, 'to look')`;
  await sql`update postrider.enrichment_batch set deadline = postrider.now() - interval '1 second'`;
  const usual = machine.connect(1);
  const odd = machine.connect(1);
  await odd.unsafe(ODD);
  const views = await sql<{ name: string }[]>`
    select relname as name
    from pg_class
    where relnamespace = 'postrider'::regnamespace and relkind = 'v'
    order by 1`;
  assert.ok(views.length > 12);
  const questions = [
    ...views.map(({ name }) => `select * from postrider.${name}`),
    'select * from postrider.doctor()',
    'select * from postrider.waiting_work()',
    'select * from postrider.ready_work()',
    'select t.* from postrider.recipient r, postrider.trace(r.id::text) t',
    'select t.* from postrider.recipient r, postrider.why(r.id::text) t',
  ];
  for (const question of questions) {
    // The locks and the age of this test's own sessions are another at every look.
    const lasting = (lines: readonly Line[]): Line[] =>
      lines.filter(([name]) => name !== 'oldest transaction' && name !== 'blocked sessions');
    const [said, saidOddly] = [await told(usual, question), await told(odd, question)];
    assert.deepEqual(lasting(saidOddly), lasting(said), question);
  }
  // How long somebody's transaction has been open is told in one style, too.
  await sql.begin(async (tx) => {
    await tx`select from postrider.clock`;
    const [said] = await told(odd, `select message from postrider.doctor('oldest transaction')`);
    assert.match(said?.[0] ?? '', /^open for \d\d:\d\d:\d\d /);
  });
  const places = await told(
    odd,
    'select t.detail from postrider.recipient r, postrider.trace(r.id::text) t',
  );
  assert.ok(
    places.some(([detail]) =>
      /at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00 by the clock/.test(detail ?? ''),
    ),
  );
});

void test('functions call what the server has, whatever stands on the search_path of their caller', async () => {
  const { sql, machine } = rig;
  const at = await place(sql, { effects: ['usage_meter'] });
  const odd = machine.connect(1);
  await odd.unsafe(ODD);
  const { organizationId: o, campaignId: c } = at;
  const open = async (): Promise<string> =>
    (await openCohorts(sql, at))[0]?.id ?? assert.fail('no cohort');
  await syncPeople(odd, at, [...people(4), emailOnly('mail', 9)]);
  await odd`select postrider.stage(${o}, ${c}, 'proof', 1, 50)`;
  const proofs = await open();
  const cards = (await begin(odd, at, 'proof', proofs)) as Awaited<ReturnType<typeof beginProof>>;
  await settleProof(odd, {
    organizationId: o,
    cohortId: proofs,
    results: cards?.cards.map(({ recipientId }) => rendered(recipientId)) ?? [],
    last: true,
  });
  await odd`select postrider.stage(${o}, ${c}, 'mail', 1, 50)`;
  const batch = await open();
  const { pieces: inOrder } =
    (await beginMail(odd, {
      organizationId: o,
      cohortId: batch,
      runnerId: RUNNER,
      leaseMs: LEASE_MS,
    })) ?? assert.fail('nothing was begun');
  // Ids of one millisecond have no order on PostgreSQL 15.
  const ranked = await sql<
    { id: string }[]
  >`select id from postrider.recipient where organization_id = ${o} order by external_id`;
  const pieces = ranked.flatMap(({ id }) =>
    inOrder.filter(({ recipientId }) => recipientId === id),
  );
  const [first, second, third] = pieces;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  await settleMail(odd, {
    organizationId: o,
    cohortId: batch,
    results: [
      ...pieces.slice(1).map((piece) => accepted(piece)),
      { ...first, outcome: 'unknown', message: 'm' },
    ],
    last: true,
    quietMs: 0,
  });
  await tell(odd, at, [
    event({ providerId: idOf(second), status: 'delivered' }),
    event({ providerId: idOf(third), status: 'returned' }),
    event({ providerId: idOf(first), mailpieceId: first.mailpieceId, status: 'in_transit' }),
    event({ providerId: idOf(second), status: null }),
  ]);
  for (const call of [
    `claim_unknown_mailpieces('${o}', 10, '1 minute')`,
    `hold('${o}', 'campaign', '${c}', 'to look')`,
    `release('${o}', 'campaign', '${c}')`,
    `suppress('${o}', 'no@example.com', '{"externalId": "x"}')`,
    `claim_batch('${o}', '${c}', 'x', 10, '1 hour', '1 minute')`,
    `claim_effects('${o}', 'usage_meter', '${c}', 10, '1 minute')`,
    `cancel('${first.recipientId}')`,
    `claim_call_backs('${o}', 10)`,
    `erase('${second.recipientId}')`,
    `match_events('${o}')`,
    `retry_webhooks('${o}')`,
    "stage_round('proof', 1, 1)",
    'reap()',
    'run_housekeeping()',
    'due()',
    `heartbeat('${RUNNER}', 'odd', 1, 1, '1')`,
  ])
    await odd.unsafe(`select postrider.${call}`);
  assert.deepEqual(await statesOf(sql, at), {
    p0: 'sent',
    [`erased:${second.recipientId}`]: 'received',
    p2: 'returned',
    p3: 'sent',
    mail: 'address_enriching',
  });
});

void test('a refusal names times in the same words, too', async () => {
  const { sql, machine } = rig;
  const at = await furnished(sql);
  const odd = machine.connect(1);
  await odd.unsafe(ODD);
  const [lock] = await sql<{ since: string }[]>`
    select to_char(l.since at time zone o.time_zone, 'HH24:MI:SS') as since
    from postrider.campaign_lock l
    join postrider.organization o on o.id = l.organization_id
    where l.campaign_id = ${at.campaignId}`;
  await refused(
    'PR011',
    odd`
      select *
      from postrider.open_sync(${at.organizationId}, ${at.campaignId}, 'manual', 'another')`,
    new RegExp(`since ${lock?.since}$`),
  );
});
