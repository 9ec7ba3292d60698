/**
 * What a printer tells beside its answer: price, until when a card can be called back, where it is
 * seen, and in which mode it was made.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { erase, goLive } from '@postrider/core';
import type { MailSettlement, ToldDetails } from '../../../packages/core/src/machine/mail.ts';
import type { Place } from '../../support/machine.ts';
import { login, logout } from '../privileges/logins.ts';
import {
  accepted,
  alarms,
  event,
  idOf,
  mailBegun,
  one,
  pieces,
  place,
  proofAll,
  sending,
  settle,
  settleAll,
  sharedMachine,
  statesOf,
  tell,
  turnClock,
  type Sending,
} from '../rig.ts';

const rig = sharedMachine(undefined, async () => await logout(rig));

const nothing: ToldDetails = { price: null, mode: null, cancellableUntil: null, links: null };

function detailed(told: Partial<ToldDetails>) {
  return (piece: Sending['pieces'][number]): MailSettlement => ({
    ...accepted(piece),
    details: { ...nothing, ...told },
  });
}

const usd = { amount: '5175', scale: 4, currency: 'USD', tax: null };

async function only(sql: typeof rig.sql, at: Place) {
  const [row] = await sql`
    select price::text as price, price_tax::text as tax, price_currency as currency,
      price_source as source, made_mode, cancellable_until
    from postrider.mailpieces
    where organization_id = ${at.organizationId}`;
  return row;
}

void test('a price is kept as it was told, and the spending of the campaign has it by currency', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 4);
  const [first, second, third, fourth] = batch.pieces;
  assert.ok(first && second && third && fourth);
  await settle(sql, at, batch, [
    detailed({ price: usd })(first),
    detailed({ price: { ...usd, amount: '6000', tax: '400' } })(second),
    detailed({ price: { amount: '80', scale: 2, currency: 'GBP', tax: '16' } })(third),
    accepted(fourth),
  ]);
  assert.deepEqual(
    (
      await sql`
        select price::text as price, price_tax::text as tax, price_currency as currency,
          price_source as source
        from postrider.mailpieces
        where organization_id = ${at.organizationId}
        order by price`
    ).map((row) => Object.values(row)),
    [
      ['0.5175', null, 'USD', 'acceptance'],
      ['0.6000', '0.0400', 'USD', 'acceptance'],
      ['0.80', '0.16', 'GBP', 'acceptance'],
      [null, null, null, null],
    ],
  );
  const prices = async () =>
    (
      await sql`
        select printer_prices as prices
        from postrider.spending
        where campaign_id = ${at.campaignId}`
    )[0]?.['prices'] as unknown;
  assert.deepEqual(await prices(), [
    { currency: 'GBP', cards: 1, amount: 0.8, tax: 0.16 },
    { currency: 'USD', cards: 2, amount: 1.1175, tax: 0.04 },
  ]);
  const [row] = await sql<{ story: string }[]>`
    select string_agg(t.detail, E'\n') as story
    from postrider.trace(${second.recipientId}) t
    where t.what = 'mailpiece accepted'`;
  assert.match(row?.story ?? '', /costs 0\.6000 USD, tax 0\.0400/);
});

void test('a printer that tells nothing leaves nothing', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await settleAll(sql, at, await sending(sql, at));
  assert.deepEqual(Object.values((await only(sql, at)) ?? {}), [
    null,
    null,
    null,
    null,
    null,
    null,
  ]);
  const [row] = await sql`
    select printer_prices from postrider.spending where campaign_id = ${at.campaignId}`;
  assert.equal(row?.['printer_prices'], null);
});

void test('what is told with a second id for a card is not noted for the first', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  await settleAll(sql, at, batch, detailed({ price: usd }));
  await settleAll(sql, at, batch, (piece) => ({
    ...detailed({ price: { ...usd, amount: '9999' } })(piece),
    providerId: 'another id',
  }));
  assert.equal((await only(sql, at))?.['price'], '0.5175');
  assert.deepEqual(await alarms(sql, at), ['second_provider_id']);
});

void test('a late answer brings the price of a card that was found meanwhile', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  await settleAll(sql, at, batch);
  await settleAll(sql, at, batch, detailed({ price: usd }));
  assert.equal((await only(sql, at))?.['price'], '0.5175');
  assert.deepEqual(await alarms(sql, at), []);
});

void test('an answer that a webhook overtook counts for the promise of its printer and for the pace', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 2);
  const [first] = batch.pieces;
  assert.ok(first);
  const providerId = idOf(first);
  await tell(sql, at, [event({ providerId, mailpieceId: first.mailpieceId, status: 'accepted' })]);
  await settleAll(sql, at, batch, (piece) => ({
    ...accepted(piece),
    expectedDelivery: '2026-12-07',
  }));
  const rows = await sql`
    select m.expected_delivery::text as expected, p.last_day::int
    from postrider.mailpiece m
    join postrider.pace p using (organization_id, campaign_id)
    where organization_id = ${at.organizationId}`;
  const told = { expected: '2026-12-07', last_day: 2 };
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    [told, told],
  );
});

void test('until when a card can be called back is told, and no longer when that is over', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const until = new Date(Date.now() + 3_600_000).toISOString();
  const batch = await sending(sql, at);
  await settleAll(sql, at, batch, detailed({ cancellableUntil: until }));
  const why = async () =>
    String(
      (await sql`select postrider.why(${batch.pieces[0]?.recipientId ?? ''}) as why`)[0]?.['why'],
    );
  assert.match(await why(), /can be called back for nothing until \d{4}-/);
  await turnClock(sql, 7_200_000);
  assert.doesNotMatch(await why(), /for nothing/);
});

void test('links are shown to operators, and to nobody else', async () => {
  const { sql } = rig;
  const mine = await place(sql);
  const reader = await login(rig, 'postrider_reader', [mine.organizationId]);
  const operator = await login(rig, 'postrider_operator', [mine.organizationId]);
  const batch = await sending(sql, mine);
  const secret = 'https://press.example/card.pdf?signature=abc';
  await settleAll(
    sql,
    mine,
    batch,
    detailed({ links: { status: 'https://press.example/1', proof: secret, thumbnail: null } }),
  );
  const [piece] = batch.pieces;
  const told = async (login: typeof reader) => {
    const [row] = await login.sql<{ why: string; story: string }[]>`
      select string_agg(distinct w.w, '') as why, string_agg(t.detail, '') as story
      from postrider.why(${piece?.recipientId ?? ''}) w (w)
      cross join postrider.trace(${piece?.recipientId ?? ''}) t`;
    return `${row?.why} ${row?.story}`;
  };
  assert.match(await told(operator), /signature=abc/);
  assert.doesNotMatch(await told(reader), /signature|press\.example/);
  await assert.rejects(reader.sql`select * from postrider.mailpiece_link`, /permission denied/);
  await assert.rejects(operator.sql`select * from postrider.mailpiece_link`, /permission denied/);
  await erase(sql, piece?.recipientId ?? '');
  assert.equal((await sql`select from postrider.mailpiece_link`).length, 0);
});

for (const [asked, made, words] of [
  ['test', 'live', /made a card of a test LIVE/],
  ['live', 'test', /made a live card as a test/],
] as const)
  void test(`a card of ${asked} mode that was made in ${made} mode is sent, with an alarm that says what that means, once`, async () => {
    const { sql } = rig;
    const at = await place(sql, {}, asked);
    const batch = await sending(sql, at);
    for (let round = 0; round < 2; round += 1)
      await settleAll(sql, at, batch, detailed({ mode: made }));
    assert.equal((await one(sql, at)).state, 'sent');
    assert.deepEqual(await alarms(sql, at), ['wrong_mode']);
    const [alarm] = await sql<{ meaning: string; helps: string; detail: object }[]>`
      select meaning, what_helps as helps, detail
      from postrider.alarms
      where organization_id = ${at.organizationId}`;
    assert.match(alarm?.meaning ?? '', words);
    assert.match(alarm?.helps ?? '', /release/);
    assert.equal(/call it back at once/.test(alarm?.helps ?? ''), made === 'live');
    assert.deepEqual(alarm?.detail, {
      printer: 'press',
      asked,
      made,
      told: idOf(batch.pieces[0] ?? assert.fail()),
    });
  });

void test('a card of the right mode raises no alarm', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  await settleAll(sql, at, await sending(sql, at), detailed({ mode: 'test' }));
  assert.deepEqual(await alarms(sql, at), []);
});

void test('who has a live card of a test gets no second one when the campaign goes live', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  const batch = await sending(sql, at, 2);
  const [first, second] = batch.pieces;
  assert.ok(first && second);
  await settle(sql, at, batch, [detailed({ mode: 'live' })(first), accepted(second)]);
  const { begunAgain, voided } = await goLive(sql, at);
  assert.deepEqual([begunAgain, voided], [1, 1]);
  await proofAll(sql, at);
  const live = await mailBegun(sql, at);
  assert.deepEqual(
    live.pieces.map(({ recipientId }) => recipientId),
    [second.recipientId],
  );
  assert.deepEqual((await pieces(sql, at)).map(({ status }) => status).toSorted(), [
    'accepted',
    'submitting',
    'voided',
  ]);
  assert.ok(Object.values(await statesOf(sql, at)).includes('sent'));
});
