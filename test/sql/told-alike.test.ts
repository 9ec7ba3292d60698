/** What people are told does not depend on how their session writes times, numbers and bytes: an address in a hint is to be copied, a time to be believed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { furnished } from './logins.ts';
import { refused, sharedMachine } from './rig.ts';
import { arranged, everyState } from './somebody.ts';

const rig = sharedMachine();

const ODD = `set datestyle = 'German, DMY'; set intervalstyle = iso_8601; set timezone = 'Asia/Kolkata'; set extra_float_digits = -15;
  set bytea_output = escape; set quote_all_identifiers = on; set standard_conforming_strings = off; set array_nulls = off;
  set search_path = hijack, pg_catalog`;

// Of these types a client says how they look: date, timestamptz, timestamptz[], interval.
const ofTheClient: ReadonlySet<number> = new Set([1082, 1184, 1185, 1186]);

type Line = readonly (string | null)[];

/** What is told, in the server's own words; a dash for what is the client's to say. */
const told = async (sql: postgres.Sql, question: string): Promise<Line[]> => {
  const rows = await sql.unsafe(question, [], { prepare: true, simple: false } as postgres.UnsafeQueryOptions).raw();
  const types = rows.columns.map(({ type }) => type);
  return (rows as unknown as (Buffer | null)[][]).map((row) =>
    row.map((value, at) => (value === null ? null : ofTheClient.has(types[at] ?? 0) ? '–' : Buffer.from(value).toString())),
  );
};

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
    select relname as name from pg_class where relnamespace = 'postrider'::regnamespace and relkind = 'v' order by 1`;
  assert.ok(views.length > 12);
  const questions = [
    ...views.map(({ name }) => `select * from postrider.${name}`),
    // The locks and the age of this test's own sessions are another at every look.
    `select * from postrider.doctor() where check_name not in ('oldest transaction', 'blocked sessions')`,
    'select * from postrider.what_waits()',
    'select * from postrider.what_moves()',
    'select t.* from postrider.recipient r, postrider.trace(r.id::text) t',
    'select t.* from postrider.recipient r, postrider.why(r.id::text) t',
  ];
  for (const question of questions) {
    const [said, saidOddly] = [await told(usual, question), await told(odd, question)];
    assert.deepEqual(saidOddly, said, question);
  }
  const places = await told(odd, `select detail from postrider.trace('p0', '${at.organizationId}') where detail like '%clock of press%'`);
  assert.match(places[0]?.[0] ?? '', /at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00 by the clock/);
});

void test('a refusal names times in the same words, too', async () => {
  const { sql, machine } = rig;
  const at = await furnished(sql);
  const odd = machine.connect(1);
  await odd.unsafe(ODD);
  const [lock] = await sql<{ since: string }[]>`
    select to_char(l.since at time zone o.time_zone, 'HH24:MI:SS') as since from postrider.campaign_lock l
    join postrider.organization o on o.id = l.organization_id where l.campaign_id = ${at.campaignId}`;
  await refused(
    'PR011',
    odd`select * from postrider.sync_open(${at.organizationId}, ${at.campaignId}, 'manual', 'another')`,
    new RegExp(`since ${lock?.since}$`),
  );
});
