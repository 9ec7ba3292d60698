/**
 * Whatever a role may call answers nonsense with an error of ours that says what to do: never with
 * one of the server's own.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sweep } from './nonsense-arguments.ts';
import { logout } from '../privileges/logins.ts';
import { RUNNER, place, proofed, refused, sharedMachine, stageOne, statesOf } from '../rig.ts';
import { isLong } from '../../support/long.ts';

const rig = sharedMachine(undefined, async () => await logout(rig));

void test('no function that a role may call answers nonsense with an error of the server', async () => {
  const { calls, wrong } = await sweep(rig, isLong ? 3 : 1);
  assert.deepEqual(wrong, []);
  for (const [role, made] of Object.entries(calls))
    assert.ok(made > 100, `${made} calls by ${role}`);
});

void test('an organization that is not there is refused, and not answered with nothing', async () => {
  const nobody = '00000000-0000-7000-8000-000000000000';
  for (const call of [
    `open_sync('${nobody}', '${nobody}', 'manual', 'test')`,
    `launch_preview('${nobody}', '${nobody}', 'live')`,
    `rekey_preview('${nobody}')`,
  ])
    await refused(
      'PR010',
      rig.sql.unsafe(`select postrider.${call}`),
      /there is no organization 0{8}-/,
    );
});

void test('nothing is leased, rests or is claimed without an end', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at);
  const cohort = await stageOne(sql, at, 'mail');
  const o = at.organizationId;
  for (const endless of ['null', `'0'`, `'-1 minute'`, `'100000 years'`])
    for (const call of [
      `begin_mail('${o}', '${cohort}', '${RUNNER}', ${endless})`,
      `renew('${RUNNER}', array['${o}']::uuid[], array['${cohort}']::uuid[], ${endless})`,
      `claim_unknown_mailpieces('${o}', 10, ${endless})`,
      `claim_effects('${o}', 'usage_meter', '${o}', 10, ${endless})`,
    ])
      await refused('PR020', sql.unsafe(`select postrider.${call}`), /lease/);
  for (const endless of ['null', `'-1 minute'`, `'100000 years'`])
    for (const call of [
      `settle_mail('${o}', '${cohort}', '[]', true, ${endless})`,
      `set_quiet_time('${o}', 'press', ${endless})`,
    ])
      await refused('PR020', sql.unsafe(`select postrider.${call}`), /rests/);
  await refused(
    'PR020',
    sql`select postrider.begin_mail(${o}, ${cohort}, null, '1 minute')`,
    /runner/,
  );
  assert.deepEqual(await statesOf(sql, at), { p0: 'sending_staged' }, 'nobody was begun');
});
