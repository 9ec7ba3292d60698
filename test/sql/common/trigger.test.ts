/**
 * The trigger: every move that is not in the table, not by the right actor, or not counted is
 * refused; every other goes through and is recorded.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { states, transitions, type RecipientState } from '@postrider/core';
import { people, syncPeople } from '../../support/machine.ts';
import { one, place, proofAll, proofed, refused, sending, sharedMachine } from '../rig.ts';
import { standIn, TRAVELLING } from '../rig/stand-in.ts';

const rig = sharedMachine();
const ACTORS = ['sync', 'enrich', 'proof', 'mail', 'track', 'op'] as const;

/** The SQLSTATE with which a move is refused, or null. Nothing stays of it. */
async function attempt(
  sql: postgres.Sql,
  { person, to, actor }: { readonly person: string; readonly to: string; readonly actor: string },
): Promise<string | null> {
  let code: string | null = null;
  await sql
    .begin(async (tx) => {
      await tx
        .savepoint(async (inner) => {
          // Claim and move in one statement, as a function of the machine does.
          await inner.unsafe(
            `do $$ begin
              perform postrider.act_as('${actor}');
              update postrider.recipient_state
              set state = '${to}', move_no = move_no + 1,
                cohort_id = ${TRAVELLING.has(to) ? 'campaign_id' : 'null'}
              where recipient_id = '${person}';
            end $$`,
          );
        })
        .catch((error: unknown) => {
          code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
        });
      throw new Error('undone');
    })
    .catch(() => undefined);
  return code;
}

void test('every move is let through, or refused with its code, exactly as the table of transitions says', async () => {
  const { sql, admin } = rig;
  const at = await place(sql);
  const wrong: string[] = [];
  let tried = 0;
  for (const from of states) {
    const person = await standIn(admin, at, from);
    for (const to of states) {
      if (from === to) continue;
      const allowed = transitions.find((move) => move.from === from && move.to === to);
      for (const actor of allowed === undefined ? (['op', 'mail'] as const) : ACTORS) {
        const wanted =
          allowed === undefined ? 'PR001' : allowed.actors.includes(actor) ? null : 'PR002';
        const got = await attempt(sql, { person, to, actor });
        tried += 1;
        if (got !== wanted)
          wrong.push(
            `${from} → ${to} by ${actor}: ${got ?? 'let through'}, not ${wanted ?? 'let through'}`,
          );
      }
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(tried > 500, `${tried} moves were tried`);
});

void test('somebody new comes in only in the states of admission, and only with sync', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const insert = async (
    state: RecipientState,
    actor: string,
    moveNo = 1,
  ): Promise<string | null> => {
    let code: string | null = null;
    await sql
      .begin(async (tx) => {
        const [row] = await tx<{ id: string }[]>`
          insert into postrider.recipient (
            organization_id, id, campaign_id, external_id, reference, created_at
          )
          values (${at.organizationId}, postrider.new_id(), ${at.campaignId}, 'x', 'R', now())
          returning id`;
        await tx
          .savepoint(
            async (inner) =>
              await inner.unsafe(`do $$ begin
                perform postrider.act_as('${actor}');
                insert into postrider.recipient_state (
                  organization_id, recipient_id, campaign_id, state, since, move_no, available_at,
                  cohort_id
                )
                values (
                  '${at.organizationId}', '${row?.id}', '${at.campaignId}', '${state}', now(),
                  ${moveNo}, now(), ${TRAVELLING.has(state) ? 'gen_random_uuid()' : 'null'}
                );
              end $$`),
          )
          .catch((error: unknown) => {
            code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
          });
        throw new Error('undone');
      })
      .catch(() => undefined);
    return code;
  };
  for (const state of states) {
    const door = transitions.find((move) => move.from === null && move.to === state);
    assert.equal(
      await insert(state, 'sync'),
      door === undefined ? 'PR001' : null,
      `${state} by sync`,
    );
    assert.equal(
      await insert(state, 'op'),
      door === undefined ? 'PR001' : 'PR002',
      `${state} by op`,
    );
  }
  assert.equal(await insert('pending', 'sync', 2), 'PR006');
});

void test('people are never deleted, one by one or all at once', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(1));
  await refused(
    'PR004',
    sql`delete from postrider.recipient_state where organization_id = ${at.organizationId}`,
    /delete of recipient_state/,
  );
  await refused('PR004', sql`truncate postrider.recipient_state`);
  await refused('PR004', sql`truncate postrider.recipient, postrider.organization cascade`);
  // The cold row is held by the hot one.
  await refused(
    '23503',
    sql`delete from postrider.recipient where organization_id = ${at.organizationId}`,
  );
});

void test('nobody changes who they are or where they belong', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const other = await place(sql);
  await proofed(sql, at, 2);
  const { id } = await one(sql, at, 'p0');
  const [theirs] = await sql<{ id: string }[]>`
    insert into postrider.recipient (
      organization_id, id, campaign_id, external_id, reference, created_at
    )
    values (${at.organizationId}, postrider.new_id(), ${at.campaignId}, 'lonely', 'R', now())
    returning id`;
  const row = (set: postgres.Fragment) =>
    sql`update postrider.recipient_state set ${set} where recipient_id = ${id}`;
  await refused(
    'PR003',
    row(sql`recipient_id = ${theirs?.id ?? ''}`),
    /1 row\(s\) would change who they belong to/,
  );
  await refused('PR003', row(sql`campaign_id = ${other.campaignId}`));
  await refused(
    'PR003',
    row(sql`campaign_id = ${other.campaignId}, state = 'pending', move_no = move_no + 1`),
  );
  await refused('23503', row(sql`organization_id = ${other.organizationId}`));
});

void test('the moves are counted: a number that jumps, stands or moves alone is refused', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(1));
  const set = (fragment: postgres.Fragment) =>
    sql`
      update postrider.recipient_state
      set ${fragment}
      where organization_id = ${at.organizationId}`;
  await refused(
    'PR006',
    set(sql`state = 'skipped'`),
    /move number must go up by one with pending → skipped/,
  );
  await refused('PR006', set(sql`state = 'skipped', move_no = move_no + 2`));
  await refused('PR006', set(sql`move_no = move_no + 1`), /only with a move/);
  await refused('PR006', set(sql`move_no = 0`));
  await set(sql`detail = 'a note', held_at = now()`);
  await set(sql`state = 'skipped', move_no = move_no + 1, reason = 'cancelled'`);
  assert.equal((await one(sql, at)).state, 'skipped');
});

void test('of many rows one wrong move refuses all', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(20));
  const { id } = await one(sql, at, 'p7');
  await refused(
    'PR001',
    sql`
      update postrider.recipient_state
      set state = case when recipient_id = ${id} then 'received' else 'skipped' end,
        move_no = move_no + 1
      where organization_id = ${at.organizationId}`,
    /pending → received/,
  );
  const [count] = await sql`
    select count(*)::int as pending
    from postrider.recipient_state
    where organization_id = ${at.organizationId} and state = 'pending'`;
  assert.equal(count?.['pending'], 20);
});

void test('nobody is sent without a mailpiece that was accepted, whichever actor moves them', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await sending(sql, at);
  const error = await refused(
    'PR005',
    sql.unsafe(`do $$ begin
      perform postrider.act_as('mail');
      update postrider.recipient_state
      set state = 'sent', move_no = move_no + 1, cohort_id = null
      where organization_id = '${at.organizationId}';
    end $$`),
  );
  assert.match(error.hint ?? '', /resolve/);
});

void test('the role that is logged in stands in the history beside the actor that was claimed', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at);
  const events = await sql`
    select move_no, from_state, to_state, actor, reason, by_role, cohort_id is not null as travelled
    from postrider.recipient_event
    where organization_id = ${at.organizationId}
    order by move_no`;
  const [me] = await sql`select session_user::text as name`;
  assert.deepEqual(
    events.map((e) => [
      e['move_no'],
      e['from_state'],
      e['to_state'],
      e['actor'],
      e['reason'],
      e['travelled'],
    ]),
    [
      [1, null, 'pending', 'sync', 'new', false],
      [2, 'pending', 'proofing_staged', 'proof', 'staged', true],
      [3, 'proofing_staged', 'proofing', 'proof', 'begun', true],
      [4, 'proofing', 'proofed', 'proof', 'rendered', true],
    ],
  );
  assert.deepEqual(new Set(events.map((e) => e['by_role'])), new Set([me?.['name']]));
  await proofAll(sql, at);
});
