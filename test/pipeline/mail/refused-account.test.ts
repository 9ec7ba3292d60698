/**
 * A printer that refuses to work for an account is the account's fault: one message for the
 * operator, nobody is the worse for it, and everything else goes on.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoopPrinter } from '@postrider/adapters/noop';
import { release } from '@postrider/core';
import type { Printer, SubmitResult } from '@postrider/core/ports';
import { launched, people, syncPeople } from '../../support/machine.ts';
import { open, until } from '../rig.ts';

const refusal: SubmitResult = {
  outcome: 'refused',
  reason: 'bad_key',
  message: 'Your API key is not valid',
};

/** A printer that takes nothing until it is mended, and counts what it was sent. */
function refusing(answer: SubmitResult = refusal) {
  const whole = createNoopPrinter();
  const asked: string[] = [];
  let isMended = false;
  const printer: Printer = {
    ...whole,
    maxBatch: 2,
    submit: async (pieces, lease, context) => {
      lease.assertMaySend();
      asked.push(...pieces.map(({ idempotencyKey }) => idempotencyKey));
      return isMended ? await whole.submit(pieces, lease, context) : pieces.map(() => answer);
    },
  };
  return { printer, asked, mend: () => void (isMended = true) };
}

void test('an account that is refused holds its printer once; the rest is not sent, nobody is in error, others go on, and a release lets all go', async () => {
  const { printer, asked, mend } = refusing();
  const other = createNoopPrinter();
  await using opened = await open({
    people: 40,
    integrations: {
      printer: async ({ organizationId, name }) =>
        organizationId === opened.place.organizationId && name === 'press' ? printer : other,
    },
    settings: { cohortSize: 10, mailSlots: 2 },
  });
  const { sql, place, pipeline, log } = opened;
  // The same organization at another printer, and another organization at one of the same name.
  const second = await launched(sql, { name: 'second', printer_name: 'other-press' });
  const elsewhere = await launched(sql, {}, 'Elsewhere');
  await syncPeople(sql, second, people(10, 'q'));
  await syncPeople(sql, elsewhere, people(10));
  await pipeline.start();
  await until(
    async () => (await sql`select from postrider.printer where held_at is not null`).length === 1,
  );
  await until(
    async () =>
      (await sql`select from postrider.recipient_state where state = 'sent'`).length === 20 &&
      (await sql`select from postrider.recipient_state where state = 'proofed'`).length === 40,
  );
  assert.ok(asked.length <= 4, `of each cohort one request, and no more: ${asked.length} cards`);
  const keys = new Map(
    (
      await sql<{ id: string; key: string }[]>`
        select id, idempotency_key as key from postrider.mailpiece where status = 'submitting'`
    ).map(({ id, key }) => [id, key]),
  );
  assert.equal(
    (await sql`select from postrider.recipient_state where attempt > 0 or losses > 0`).length,
    0,
    'no attempt is counted',
  );
  const held = await sql`select name, held_why, organization_id from postrider.printer
    where held_at is not null`;
  assert.deepEqual(
    [...held],
    [
      {
        name: 'press',
        held_why: 'the printer refuses to work for us: bad_key: Your API key is not valid',
        organization_id: place.organizationId,
      },
    ],
  );
  assert.equal((await sql`select from postrider.intervention where action = 'hold'`).length, 1);
  assert.equal(log.filter((line) => line.startsWith('the printer is held')).length, 1);
  assert.deepEqual(
    (await sql`select kind from postrider.alarms`).map(({ kind }) => kind as string),
    ['connection_refused'],
  );
  const [stuck] = await sql`
    select why, what_helps, people::int as people from postrider.stuck where state = 'proofed'`;
  assert.match(String(stuck?.['why']), /the printer is held: .*bad_key/);
  assert.match(String(stuck?.['what_helps']), /^mend what the reason names, then: .*release/);
  assert.equal(stuck?.['people'], 40);
  mend();
  await release(sql, { ...place, kind: 'printer', id: 'press' }, 'the key was rotated');
  await until(
    async () =>
      (await sql`select from postrider.recipient_state where state = 'sent'`).length === 60,
  );
  assert.equal((await sql`select from postrider.alarms`).length, 0);
  const now = await sql<{ id: string; key: string }[]>`
    select id, idempotency_key as key from postrider.mailpiece`;
  for (const [id, key] of keys) assert.equal(now.find((piece) => piece.id === id)?.key, key);
});

void test('cards that were accepted before the account was refused are sent', async () => {
  const whole = createNoopPrinter();
  let sent = 0;
  await using opened = await open({
    people: 6,
    ports: {
      printer: {
        ...whole,
        maxBatch: 6,
        submit: async (pieces, lease, context) => {
          const answers = await whole.submit(pieces, lease, context);
          return answers.map((answer) => ((sent += 1) <= 2 ? answer : refusal));
        },
      },
    },
  });
  const { sql, pipeline } = opened;
  await pipeline.start();
  await until(
    async () =>
      (
        await sql`select from postrider.recipient_state where state = 'proofed'
      and reason = 'held'`
      ).length === 4,
  );
  assert.equal((await sql`select from postrider.recipient_state where state = 'sent'`).length, 2);
});
