/**
 * What somebody types in psql may not send, prove or unsend anybody, however the statement is
 * wrapped.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import type { Place } from '../../support/machine.ts';
import { readyToCall, refusals } from '../calls/calls.ts';
import { arranged, everyState } from '../rig/people-in-each-state.ts';
import {
  RUNNER,
  answered,
  claimDue,
  mailBegun,
  one,
  place,
  proofed,
  refused,
  sending,
  settleAll,
  sharedMachine,
  stageOne,
} from '../rig.ts';

const rig = sharedMachine();

void test('an update typed by hand may not send, prove or unsend anybody', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await sending(sql, at);
  const { id } = await one(sql, at);
  const typed = (state: string) =>
    sql`
      update postrider.recipient_state
      set state = ${state}, move_no = move_no + 1, cohort_id = null
      where recipient_id = ${id}`;
  const error = await refused(
    'PR002',
    typed('proofed'),
    /op may not move sending → proofed .*only mail may/,
  );
  assert.match(error.hint ?? '', /retry, cancel, hold, release, suppress or resolve/);
  await refused('PR002', typed('sent'));
  await refused('PR002', typed('skipped'));
  await refused('PR002', typed('pending'));
  await refused('PR001', typed('address_enrichable'));
  assert.equal((await one(sql, at)).state, 'sending');
});

void test('it may not even in a transaction in which the mail stage has just acted', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at, 2);
  const cohortId = await stageOne(sql, at, 'mail');
  await refused(
    'PR002',
    sql.begin(async (tx) => {
      await tx`
        select postrider.begin_mail(${at.organizationId}, ${cohortId}, ${RUNNER}, '1 minute')`;
      await tx`
        update postrider.recipient_state
        set state = 'proofed', move_no = move_no + 1, cohort_id = null
        where organization_id = ${at.organizationId}`;
    }),
    /op may not move sending → proofed/,
  );
});

void test('nor behind a function of the machine in one message of several statements, nor in one block', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  const move = `
    update postrider.recipient_state
    set state = 'proofed', move_no = move_no + 1, cohort_id = null
    where organization_id = '${at.organizationId}'`;
  for (const call of [
    `postrider.settle_mail('${at.organizationId}', '${batch.cohortId}', '[]', false, '1 s')`,
    `postrider.begin_mail('${at.organizationId}', '${batch.cohortId}', '${at.campaignId}', '1 s')`,
    `postrider.settle_reconciled('${at.organizationId}', '[]')`,
    `postrider.settle_call_backs('${at.organizationId}', '[]')`,
    `postrider.reap('1 s', '1 s')`,
    `postrider.stage('${at.organizationId}', '${at.campaignId}', 'mail', 1, 1)`,
  ]) {
    await refused('PR002', sql.unsafe(`select ${call}; ${move}`), /op may not move/);
    await refused(
      'PR002',
      sql.unsafe(`do $$ begin perform ${call}; ${move}; end $$`),
      /op may not move/,
    );
  }
});

void test('a claim ends when the function that made it does, whatever it claimed', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at);
  const { cohortId } = await mailBegun(sql, at);
  const who = (call: string) =>
    sql
      .unsafe<{ actor: string }[]>(`select ${call}; select postrider.acting() as actor`)
      .then((rows) => (rows as unknown as { actor: string }[][])[1]?.[0]?.actor);
  const o = at.organizationId;
  for (const call of [
    `postrider.apply_sync_page('${o}', '${at.campaignId}', null, gen_random_uuid(), '[]', '[]')`,
    `postrider.claim_batch('${o}', '${at.campaignId}', 'e', 1, '1 h', '1 min')`,
    `postrider.settle_batch('${o}', gen_random_uuid(), 'e', '[]', true)`,
    `postrider.give_back_batch('${o}', gen_random_uuid(), 'why')`,
    `postrider.skip_without_enricher('${o}', '${at.campaignId}')`,
    `postrider.begin_proof('${o}', gen_random_uuid(), '${o}', '1 s')`,
    `postrider.settle_proof('${o}', gen_random_uuid(), '[]', true)`,
    `postrider.settle_mail('${o}', '${cohortId}', '[]', false, '1 s')`,
    `postrider.apply_events('${o}', 'press', '[]')`,
    `postrider.match_events('${o}')`,
    `postrider.assume_received('${o}')`,
    `postrider.run_housekeeping()`,
  ])
    assert.equal(await who(call), 'op', call);
});

void test('a call of an operator hands back the claim that stood before it', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  await settleAll(sql, at, batch, (piece) => answered(piece, 'rejected'));
  const { id } = await one(sql, at);
  const open = await place(sql);
  await outcomeUnknown(sql, open);
  const [piece] = await sql`
    select id from postrider.mailpiece where organization_id = ${open.organizationId}`;
  const [o, campaign] = [at.organizationId, at.campaignId];
  for (const call of [
    `postrider.retry('${id}')`,
    `postrider.cancel('${id}')`,
    `postrider.retry_all('${o}', '${campaign}', 'rejected')`,
    `postrider.suppress('${o}', p_external_id => 'p0')`,
    `postrider.erase('${id}')`,
    `postrider.end_campaign('${o}', '${campaign}', 'completed')`,
    `postrider.resolve('${piece?.['id']}', 'not_printed', 'asked them')`,
  ]) {
    const after = await sql.begin(async (tx) => {
      await tx.unsafe(`do $$ begin
        perform postrider.act_as('mail');
        perform ${call};
        perform set_config('test.acting', postrider.acting(), true);
      end $$`);
      return (await tx`select current_setting('test.acting') as acting`)[0]?.['acting'] as unknown;
    });
    assert.equal(after, 'mail', call);
  }
});

/** Somebody of whose card nobody can tell whether it was printed. */
async function outcomeUnknown(sql: postgres.Sql, at: Place): Promise<void> {
  const batch = await sending(sql, at);
  await settleAll(sql, at, batch, (piece) => answered(piece, 'unknown'));
  await sql`select postrider.settle_reconciled(${at.organizationId}, '[]')`;
  for (let round = 0; (await one(sql, at)).state === 'sending' && round < 10; round += 1) {
    await sql`
      update postrider.mailpiece
      set available_at = postrider.now()
      where organization_id = ${at.organizationId}`;
    const [piece] = await claimDue(sql, at);
    const verdicts = [{ ...piece, outcome: 'cannot_tell', keyLifetimeMs: null }];
    await sql`
      select postrider.settle_reconciled(
        ${at.organizationId}, ${JSON.stringify(verdicts)}::text::json
      )`;
  }
  assert.equal((await one(sql, at)).reason, 'outcome_unknown');
}

void test('nobody goes back to pending by hand while a card of theirs may exist', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await outcomeUnknown(sql, at);
  const typed = (state: string) =>
    sql`
      update postrider.recipient_state
      set state = ${state}, move_no = move_no + 1
      where organization_id = ${at.organizationId}`;
  await refused('PR017', typed('pending'), /mailpiece/);
  await refused('PR017', typed('proofed'), /mailpiece/);
});

void test('a move by hand from any state to any other, in a cohort or out of it, is refused in our words, with what to do', async () => {
  const { sql } = rig;
  await readyToCall(rig.admin);
  const states = (await sql<{ name: string }[]>`select name from postrider.state`).map(
    (row) => row.name,
  );
  for (const from of everyState) {
    const { organizationId } = await arranged(sql, from);
    const typed = [...states, 'nowhere'].flatMap((to) =>
      ['null', 'gen_random_uuid()', 'cohort_id'].flatMap((cohort) =>
        ['1', '0', '-1', '2'].map(
          (step) =>
            `
              update postrider.recipient_state
              set state = '${to}', move_no = move_no + ${step}, cohort_id = ${cohort}
              where organization_id = '${organizationId}'`,
        ),
      ),
    );
    const wrong = (await refusals(sql, typed)).filter(
      ({ state, hint }) => !state.startsWith('PR') || hint === '',
    );
    assert.deepEqual(wrong.slice(0, 3), [], from);
  }
});

void test('everybody who travels has a cohort, and nobody else: also where the move itself is legal', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at);
  const typed = (what: string) =>
    sql.unsafe(
      `update postrider.recipient_state set ${what} where organization_id = '${at.organizationId}'`,
    );
  await refused(
    'PR001',
    typed('cohort_id = gen_random_uuid()'),
    /proofed → proofed keeps a cohort/,
  );
  const kept = await refused(
    'PR001',
    typed(`state = 'skipped', move_no = move_no + 1, cohort_id = gen_random_uuid()`),
    /keeps a cohort/,
  );
  assert.match(kept.hint ?? '', /cohort_id = null/);
  await stageOne(sql, at, 'mail');
  const needed = await refused(
    'PR001',
    typed('cohort_id = null'),
    /sending_staged → sending_staged needs a cohort/,
  );
  assert.match(needed.hint ?? '', /nobody is brought into a cohort by hand/);
  assert.equal((await one(sql, at)).state, 'sending_staged');
});
