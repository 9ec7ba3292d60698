/**
 * Every function of the catalog that answers JSON is held to a shape, or is only read by other
 * functions of SQL.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  stageCampaigns,
  type StagingFailure,
  type StagingRound,
} from '../../../packages/core/src/machine/cohorts.ts';
import { place, proofed, sharedMachine } from '../rig.ts';
import { fits } from '../rig/shapes.ts';

const rig = sharedMachine();

/** By the call of a test of shapes beside this one whose answer fits one. */
const held: Readonly<Record<string, string>> = {
  adopt_pieces: 'adoptPieces(',
  amend: 'amend(',
  apply_amended_page: 'applyAmendedPage(',
  apply_campaign: 'applyCampaign(',
  begin_mail: 'beginMail(',
  begin_proof: "begin(sql, at, 'proof'",
  campaign_brief: 'campaignBrief(',
  connection_brief: 'connectionBrief(',
  claim_call_backs: 'claimCallBacks(',
  cancel_people: 'cancelPeople(',
  cancel_preview: 'cancelPreview(',
  check_watermark: 'checkWatermark(',
  claim_pieces: 'claimPieces(',
  claim_preview: 'claimPreview(',
  claim_effects: 'claimEffects(',
  claim_image_cleanups: 'claimImageCleanups(',
  claim_batch: 'claimed(',
  due_batches: 'dueBatches(',
  endpoint_printer: 'endpointPrinter(',
  go_live: 'goLive(',
  hold: 'hold(',
  launch_preview: 'launchPreview(',
  launch_sample: 'launchSample(',
  make_connection: 'makeConnection(',
  secrets_to_reseal: 'secretsToReseal(',
  printer_brief: 'printerBrief(',
  ready_work: 'readyWork(',
  claim_unknown_mailpieces: 'claimDue(',
  rekey: 'rekey(',
  rekey_preview: 'rekeyPreview(',
  retry_all: 'retryAll(',
  take_slots: 'takeSlots(',
  tick: 'tick(',
};
/** By a test of this file. */
const heldHere = ['stage_campaigns'];
/** What an adapter wrote there, of whatever shape. */
const ofAdapters = ['read_connection_state'];

void test('a function that answers JSON is held to its shape, or no program may call it', async () => {
  const shapes = [
    'amend-shapes.test.ts',
    'connection-shapes.test.ts',
    'effect-shapes.test.ts',
    'cancel-shapes.test.ts',
    'claim-shapes.test.ts',
    'json-shapes.test.ts',
    'launch-shapes.test.ts',
    'limit-shapes.test.ts',
    'rekey-shapes.test.ts',
  ]
    .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
    .join('\n');
  const called = Object.entries(held)
    .filter(([, call]) => shapes.includes(call))
    .map(([name]) => name);
  const rows = await rig.sql<{ name: string }[]>`
    select distinct p.proname as name
    from pg_proc p
    cross join lateral (
      select p.prorettype as type, 'r' as mode
      union all
      select a.type, a.mode from unnest(p.proallargtypes, p.proargmodes) as a (type, mode)
    ) result
    where p.pronamespace = 'postrider'::regnamespace
      and result.mode in ('r', 'o', 'b', 't')
      and result.type in ('json'::regtype, 'jsonb'::regtype, 'json[]'::regtype, 'jsonb[]'::regtype)
      and has_function_privilege('postrider_runner', p.oid, 'execute')`;
  const [answering, known] = [
    rows.map(({ name }) => name),
    [...called, ...heldHere, ...ofAdapters],
  ];
  assert.deepEqual(
    answering.filter((name) => !known.includes(name)),
    [],
    'hold the answer to a shape in json-shapes.test.ts, and name the call in the list above',
  );
  assert.deepEqual(
    known.filter((name) => !answering.includes(name)),
    [],
    'no program may call these, or they answer no JSON',
  );
});

void test('a round of staging, and what of it failed', async () => {
  const { sql, admin } = rig;
  const at = await place(sql);
  await proofed(sql, at);
  await admin.unsafe(`
    alter table postrider.cohort
    add constraint never check (organization_id <> '${at.organizationId}') not valid`);
  try {
    const round = fits<StagingRound>(await stageCampaigns(sql, 'mail', { window: 10, size: 10 }), {
      cohorts: 'number',
      again: 'boolean',
      failures: 'list',
      untried: 'boolean',
    });
    fits<StagingFailure>(round.failures[0], {
      organization: 'string',
      code: 'string',
      message: 'string',
    });
  } finally {
    await admin`alter table postrider.cohort drop constraint never`;
  }
});
