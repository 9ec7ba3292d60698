/** A printer that rejects the artwork of a campaign: three cards are asked for, and not all. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoopPrinter } from '@postrider/adapters/noop';
import { release } from '@postrider/core';
import type { Printer } from '@postrider/core/ports';
import { open, until } from '../rig.ts';

void test('the campaign is held after three cards, nobody stays in error, and after the release all are sent', async () => {
  const whole = createNoopPrinter();
  let isMended = false;
  let asked = 0;
  const printer: Printer = {
    ...whole,
    maxBatch: 1,
    submit: async (pieces, lease, context) => {
      if (isMended) return await whole.submit(pieces, lease, context);
      lease.assertMaySend();
      asked += pieces.length;
      return pieces.map(() => ({
        outcome: 'rejected',
        reason: 'wrong_size',
        message: '4.25 x 6.25 in is wanted',
        badAddress: false,
        badArtwork: true,
      }));
    },
  };
  await using opened = await open({
    people: 20,
    ports: { printer },
    settings: { cohortSize: 10, mailSlots: 1 },
  });
  const { sql, pipeline, place, log } = opened;
  await pipeline.start();
  await until(
    async () => (await sql`select from postrider.campaign where status = 'paused'`).length === 1,
  );
  await until(
    async () =>
      (await sql`select from postrider.recipient_state where state in ('pending', 'proofed')`)
        .length === 20,
  );
  assert.equal(asked, 3);
  const [campaign] = await sql`select held_why from postrider.campaign`;
  assert.equal(
    campaign?.['held_why'],
    'the printer rejects its artwork: wrong_size: 4.25 x 6.25 in is wanted',
  );
  assert.equal(
    log.filter((line) => line.startsWith('the campaign is held: the printer')).length,
    1,
  );
  assert.deepEqual(
    (await sql`select kind from postrider.alarms`).map((alarm) => alarm['kind'] as string),
    ['campaign_refused'],
  );
  isMended = true;
  await release(sql, { ...place, kind: 'campaign', id: place.campaignId }, 'mended');
  await until(
    async () =>
      (await sql`select from postrider.recipient_state where state = 'sent'`).length === 20,
  );
  assert.equal((await sql`select from postrider.alarms`).length, 0);
});
