/** What a printer tells beside its answer: it is kept where it can be read, and costs no answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoopPrinter } from '@postrider/adapters/noop';
import type { PrinterDetails, SubmitResult } from '@postrider/core/ports';
import { open, until } from '../rig.ts';

/** A printer that tells this of its cards, one after the other. */
function telling(details: readonly unknown[], maxBatch = 50) {
  const whole = createNoopPrinter({ maxBatch });
  let told = 0;
  const asked: string[] = [];
  return {
    asked,
    printer: {
      ...whole,
      submit: async (...given: Parameters<typeof whole.submit>) => {
        asked.push(...given[0].map(({ reference }) => reference.mailpieceId));
        return (await whole.submit(...given)).map((result): SubmitResult => {
          const more = details[told++ % details.length] as PrinterDetails;
          return result.outcome === 'accepted' ? { ...result, ...more } : result;
        });
      },
    },
  };
}

void test('details are kept, and those that cannot be read cost no card its answer', async () => {
  const good = {
    price: { amount: 5175n, scale: 4, currency: 'USD', tax: 40n },
    cancellableUntil: '2026-12-01T10:00:00+02:00',
    mode: 'live',
    links: { status: 'https://press.example/1', proof: 'javascript:alert(1)' },
  };
  const { printer } = telling([
    good,
    { price: { amount: 5175, scale: 4, currency: 'USD', tax: null } },
    { price: { amount: -1n, scale: 4, currency: 'USD', tax: null } },
    { price: { amount: 1n, scale: 4, currency: 'dollars', tax: null } },
    { price: 'free', cancellableUntil: 'soon', mode: 'production', links: [] },
    { cancellableUntil: '2026-02-30T00:00:00Z', links: { status: 'a\0b' } },
    {},
  ]);
  await using opened = await open({ people: 7, ports: { printer } });
  const { sql, pipeline } = opened;
  await pipeline.start();
  await until(
    async () =>
      (await sql`select from postrider.recipient_state where state = 'sent'`).length === 7,
  );
  const rows = await sql`
    select price::text as price, price_tax::text as tax, price_currency as currency, made_mode,
      cancellable_until
    from postrider.mailpieces
    where price is not null or cancellable_until is not null or made_mode is not null`;
  assert.deepEqual(
    [...rows],
    [
      {
        price: '0.5175',
        tax: '0.0040',
        currency: 'USD',
        made_mode: 'live',
        cancellable_until: new Date('2026-12-01T08:00:00Z'),
      },
    ],
  );
  assert.deepEqual(
    [...(await sql`select status, proof, thumbnail from postrider.mailpiece_link`)],
    [{ status: 'https://press.example/1', proof: null, thumbnail: null }],
  );
});

void test('a printer that works in the wrong mode is held after the first answer: the card is sent, and the rest is not sent to it', async () => {
  const { printer, asked } = telling([{ mode: 'test' }], 1);
  await using opened = await open({
    people: 10,
    ports: { printer },
    settings: { cohortSize: 10, mailSlots: 1 },
  });
  const { sql, pipeline } = opened;
  await pipeline.start();
  await until(
    async () =>
      (await sql`select from postrider.recipient_state where state = 'proofed' and reason = 'held'`)
        .length === 9,
  );
  assert.equal((await sql`select from postrider.recipient_state where state = 'sent'`).length, 1);
  assert.equal(asked.length, 1);
  const [press] = await sql`select held_why from postrider.printer`;
  assert.match(
    String(press?.['held_why']),
    /works in the wrong mode: it answers in test mode where live mode was asked for/,
  );
  assert.deepEqual(
    (await sql`select kind from postrider.alarms`).map((alarm) => alarm['kind'] as string),
    ['wrong_mode'],
  );
});

void test('an answer about another card is never taken for ours', async () => {
  const whole = createNoopPrinter();
  await using opened = await open({
    people: 2,
    ports: {
      printer: {
        ...whole,
        submit: async (pieces, lease, context) => {
          await whole.submit(pieces, lease, context);
          return pieces.map(({ reference }) => ({
            outcome: 'mismatched',
            providerId: `not ${reference.mailpieceId}`,
            message: 'its metadata is that of another',
          }));
        },
      },
    },
  });
  const { sql, pipeline, place } = opened;
  await pipeline.start();
  await until(
    async () =>
      (await sql`select from postrider.mailpiece where status = 'unknown'`).length === 2 &&
      (await sql`select from postrider.alarms where kind = 'piece_mismatched'`).length === 2,
  );
  await sql`update postrider.mailpiece set available_at = postrider.now()`;
  assert.equal(await pipeline.reconcile(place.organizationId), 2);
  assert.equal(
    (await sql`select from postrider.mailpiece where provider_id = 'noop_' || id`).length,
    2,
  );
});
