/** A secret that a test has is found wherever it stands in a database, and fails the test. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hold } from '@postrider/core';
import { freshMachine, launched } from './machine.ts';
import { secret, secretsIn } from './secrets.ts';

const KEY = secret('live_of the search/for+secrets');

void test('a secret is found in a text as it stands, in an address, in base64 at any place, and in hex', () => {
  const ways = [
    `key ${KEY}.`,
    `?key=${encodeURIComponent(KEY)}&a=1`,
    ...['', 'a', 'ab'].map((before) => Buffer.from(`${before}${KEY}:`).toString('base64')),
    Buffer.from(`:${KEY}`).toString('base64url'),
    Buffer.from(KEY).toString('hex'),
  ];
  for (const way of ways) assert.deepEqual(secretsIn(way, [KEY]), [KEY], way);
  assert.deepEqual(secretsIn('live_of another', [KEY]), []);
});

for (const [where, write] of [
  ['the reason of a hold', (why: string) => why],
  ['base64 in the reason of a hold', (why: string) => Buffer.from(why).toString('base64')],
] as const)
  void test(`a database with a connection is not dropped in silence with a secret in ${where}`, async () => {
    const machine = await freshMachine();
    const { sql } = machine;
    const place = await launched(sql);
    await sql`
      insert into postrider.connection (
        organization_id, id, name, provider, mode, endpoint_id, created_at)
      values (
        ${place.organizationId}, gen_random_uuid(), 'lob-main', 'lob', 'live',
        gen_random_uuid(), now())`;
    await hold(sql, { ...place, kind: 'campaign', id: place.campaignId }, write(`:${KEY}:`));
    await assert.rejects(
      async () => await machine[Symbol.asyncDispose](),
      /a secret stands in the database[^]*postrider\.(campaign|intervention)/,
    );
  });

void test('bytes of a secret are found as well, and a database without one is dropped', async () => {
  const machine = await freshMachine();
  const { sql } = machine;
  const { organizationId } = await launched(sql);
  await sql`
    select postrider.receive_webhook(${organizationId}, 'press', 'one', ${Buffer.from(KEY)})`;
  await sql`
    insert into postrider.connection (
      organization_id, id, name, provider, mode, endpoint_id, created_at)
    values (
      ${organizationId}, gen_random_uuid(), 'lob-main', 'lob', 'live', gen_random_uuid(), now())`;
  await assert.rejects(
    async () => await machine[Symbol.asyncDispose](),
    /postrider\.waiting_webhook|postrider\.provider_event/,
  );
  const clean = await freshMachine();
  await launched(clean.sql);
  await clean[Symbol.asyncDispose]();
});
