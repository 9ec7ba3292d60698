/**
 * A provider that takes nothing for an hour: nobody is kept in sending meanwhile, where no hold, no
 * cancel and no opt-out reaches them.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { accountAt, printerOf } from '../../../packages/adapters/src/lob/test/accounts.ts';
import { server } from '../../../packages/adapters/test/answering.ts';
import { anyMedia, type ArtworkCutter, type Printer } from '@postrider/core/ports';
import { states } from '../../support/machine.ts';
import { open, until } from '../rig.ts';

const picture = Buffer.from([0xff, 0xd8, 0xff, 0xd9]);
const artwork: ArtworkCutter = {
  cut: async () =>
    await Promise.resolve({ mediaType: 'image/jpeg', bytes: picture, hash: 'f'.repeat(64) }),
};

void test('cards that wait for a provider which takes nothing for an hour go back, proven not sent, until it does', async () => {
  const gate = await server((_, response) =>
    response
      .writeHead(429, { 'retry-after': '3600' })
      .end('{"error":{"code":"rate_limit_exceeded","message":"Later.","status_code":429}}'),
  );
  const lob = printerOf(accountAt(gate.url), { atOnce: 3 });
  const printer: Printer = {
    ...lob,
    takes: anyMedia,
    submit: async (pieces, guard, context) =>
      await lob.submit(pieces, guard, { ...context, artwork }),
  };
  await using place = await open({
    people: 20,
    ports: { printer },
    settings: { cohortSize: 10, mailSlots: 1 },
  });
  const { sql, pipeline } = place;
  const { organizationId } = place.place;
  const connectionId = randomUUID();
  await sql`
    insert into postrider.connection (
      organization_id, id, name, provider, mode, endpoint_id, created_at)
    values (
      ${organizationId}, ${connectionId}, 'lob-main', 'lob', 'live', ${randomUUID()}, now())`;
  await sql`
    update postrider.printer set connection_id = ${connectionId}
    where organization_id = ${organizationId}`;
  await pipeline.start();
  const waiting = async (): Promise<number> =>
    (
      await sql`
        select from postrider.recipient_state
        where state = 'proofed' and available_at > now() + interval '50 minutes'`
    ).length;
  await until(async () => (await waiting()) === 20);
  assert.deepEqual(await states(sql), { proofed: 20 });
  const pieces = await sql`select distinct status from postrider.mailpiece`;
  assert.deepEqual([...pieces], [{ status: 'submitting' }]);
  assert.ok(gate.seen.length <= 3, `asked ${gate.seen.length} times`);
});
