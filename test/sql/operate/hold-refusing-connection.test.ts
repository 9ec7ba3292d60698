/**
 * Where a printer has a connection, it is the account that is refused: the connection is held, with
 * all of its printers, unless somebody has released it or rotated its secret since the cohort
 * began.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  applyCampaign,
  armPrinter,
  ensureOrganization,
  hold,
  launch,
  release,
} from '@postrider/core';
import { rotateSecret } from '../../../packages/core/src/machine/connections.ts';
import { holdRefusingPrinter } from '../../../packages/core/src/machine/mail.ts';
import { definition } from '../../support/machine.ts';
import { alarms, answered, one, sending, settleAll, sharedMachine } from '../rig.ts';
import { by, connected } from '../rig/connections.ts';

const rig = sharedMachine();
const WHY = 'the printer refuses to work for us: bad_key: Your API key is not valid';
let organizations = 0;

async function begun() {
  const { sql } = rig;
  const organizationId = await ensureOrganization(sql, `Refused ${(organizations += 1)}`);
  const { connectionId } = await connected(sql, organizationId, { mode: 'live' });
  const { campaignId } = await applyCampaign(sql, organizationId, definition(by('lob-main')));
  await armPrinter(sql, organizationId, 'lob-main');
  const at = { organizationId, campaignId };
  await launch(sql, at, { mode: 'live' });
  const batch = await sending(sql, at);
  return {
    ...at,
    connectionId,
    batch,
    held: async () => {
      const [row] = await sql<{ connection: string | null; printer: string | null }[]>`
        select
          (select held_why from postrider.connection
            where organization_id = ${organizationId}) as connection,
          (select held_why from postrider.printer
            where organization_id = ${organizationId} and held_at is not null) as printer`;
      return [row?.connection ?? null, row?.printer ?? null];
    },
    refuse: async () =>
      await holdRefusingPrinter(
        sql,
        { organizationId, printerName: 'lob-main' },
        { cohortId: batch.cohortId, why: WHY, alarm: true },
      ),
  };
}

void test('the connection is held once and not its printer, with one alarm that its release clears', async () => {
  const { sql } = rig;
  const at = await begun();
  assert.deepEqual([await at.refuse(), await at.refuse()], ['held', 'waits']);
  assert.deepEqual(await at.held(), [WHY, null]);
  assert.deepEqual(await alarms(sql, at), ['connection_refused']);
  const [alarm] = await sql<{ meaning: string; helps: string }[]>`
    select meaning, what_helps as helps
    from postrider.alarms
    where organization_id = ${at.organizationId}`;
  assert.match(
    alarm?.meaning ?? '',
    /^connection lob-main is held, and no card was lost: .*bad_key/,
  );
  assert.match(alarm?.helps ?? '', /release\('[^']+', 'connection', '[^']+'\)/);
  await settleAll(sql, at, at.batch, (piece) => answered(piece, 'refused'));
  const { state, reason, attempt } = await one(sql, at);
  assert.deepEqual([state, reason, attempt], ['proofed', 'held', 0]);
  const [stuck] = await sql<{ helps: string }[]>`
    select what_helps as helps from postrider.stuck where organization_id = ${at.organizationId}`;
  assert.match(stuck?.helps ?? '', /^mend what the reason names, then: .*'connection'/);
  await release(sql, { ...at, kind: 'connection', id: at.connectionId });
  assert.equal(
    (await sql`select from postrider.alarms where organization_id = ${at.organizationId}`).length,
    0,
  );
});

void test('a refusal that is older than the release holds nothing again', async () => {
  const at = await begun();
  await at.refuse();
  await release(rig.sql, { ...at, kind: 'connection', id: at.connectionId });
  assert.equal(await at.refuse(), 'waits');
  assert.deepEqual(await at.held(), [null, null]);
});

void test('a refusal that is older than the new key holds nothing', async () => {
  const at = await begun();
  await rotateSecret(rig.sql, at, {
    secret: { purpose: 'api_key', reference: 'env:LOB_NEW_KEY' },
    overlapMs: 0,
  });
  assert.equal(await at.refuse(), 'waits');
  assert.deepEqual(await at.held(), [null, null]);
});

void test('a hold of the printer stands, and the account is not held beside it', async () => {
  const at = await begun();
  await hold(rig.sql, { ...at, kind: 'printer', id: 'lob-main' }, 'the ink is wrong');
  assert.equal(await at.refuse(), 'waits');
  assert.deepEqual(await at.held(), [null, 'the ink is wrong']);
});
