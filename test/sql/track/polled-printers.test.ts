/** Which printers are polled, and when. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCampaign, armPrinter } from '@postrider/core';
import { claimSilentPrinters } from '../../../packages/core/src/machine/track.ts';
import { definition, people, type Place } from '../../support/machine.ts';
import { event, idOf, place, sent, sharedMachine, tell, turnClock } from '../rig.ts';

const rig = sharedMachine();
const MINUTE = 60_000;
const SILENCE = 5 * MINUTE;

/** The printers of an organization that are polled now. */
async function polled(at: Place): Promise<string[]> {
  return (await claimSilentPrinters(rig.sql, SILENCE))
    .filter(({ organizationId }) => organizationId === at.organizationId)
    .map(({ printerName }) => printerName)
    .toSorted();
}

void test('a printer that its campaign has left is polled while cards of it are on their way', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const { pieces } = await sent(sql, at);
  await applyCampaign(sql, at.organizationId, definition({ printer_name: 'another' }));
  // The campaign has cards on their way, and may have some at the printer that it names.
  assert.deepEqual(await polled(at), ['another', 'press']);
  await turnClock(sql, SILENCE + 1000);
  await armPrinter(sql, at.organizationId, 'another');
  await sent(sql, at, people(1, 'q'));
  assert.deepEqual(await polled(at), ['another', 'press']);
  await turnClock(sql, SILENCE + 1000);
  await tell(
    sql,
    at,
    pieces.map((piece) => event({ providerId: idOf(piece), status: 'delivered' })),
  );
  assert.deepEqual(await polled(at), ['another']);
});
