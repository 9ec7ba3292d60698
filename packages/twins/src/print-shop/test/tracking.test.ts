/** What becomes of a card in the mail, and how it is polled. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { ledgerIn, type PieceStatus } from '../index.ts';
import { allEvents, idsOf, type Page } from './events.ts';
import { cardOf, makeArtwork } from './artwork.ts';
import { anOrder, eventually, shopHere, temporaryFolder, TOKEN } from './helpers.ts';

const journey: readonly PieceStatus[] = [
  'accepted',
  'in_production',
  'in_transit',
  'in_local_area',
  'processed_for_delivery',
  'delivered',
];
const DAY = 86_400_000;

// Side by side, because each mostly waits for a process to start.
suite('tracking', { concurrency: 4 }, () => {
  test('a card travels for six days once it is printed, by a clock that stands still unless it is turned', async (t) => {
    const art = await temporaryFolder(t);
    const shop = await shopHere(t, { daysPerSecond: 0, artwork: [art] });
    const one = anOrder(cardOf(await makeArtwork(join(art, 'card.pdf')), 0));
    await shop.order([one]);
    await shop.post('/v1/clock', { advanceDays: 30 });
    assert.deepEqual(
      (await allEvents(shop)).map(({ status }) => status),
      ['accepted'],
      'it does not travel before it is printed',
    );
    await shop.post('/v1/print', {});
    const seen: (readonly PieceStatus[])[] = [];
    for (let day = 0; day < 8; day += 1) {
      seen.push((await allEvents(shop)).map(({ status }) => status));
      await shop.post('/v1/clock', { advanceDays: 1 });
    }
    const events = await allEvents(shop);
    assert.deepEqual(seen[0], journey.slice(0, 2));
    assert.ok(!seen[5]?.includes('delivered') && seen[7]?.includes('delivered'));
    assert.deepEqual(
      events.map(({ status }) => status),
      journey,
    );
    assert.deepEqual(
      events.map(({ confidence }) => confidence),
      ['scan', 'scan', 'assumed', 'scan', 'scan', 'logical'],
    );
    assert.equal(new Set(events.map(({ eventId }) => eventId)).size, 6);
    for (const event of events)
      assert.deepEqual(
        [event.mailpieceId, event.organizationId],
        [one.reference.mailpieceId, 'org-1'],
      );
    const times = events.map(({ occurredAt }) => Date.parse(occurredAt));
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    const [, printed = 0, , , , delivered = 0] = times;
    // The calendar was turned as well: printed a month from now.
    assert.ok(Math.abs(printed - Date.now() - 30 * DAY) < 60_000);
    assert.ok(delivered - printed > 5.5 * DAY && delivered - printed < 6.5 * DAY);
  });

  test('at a pace, mail travels by itself, and its scans are dated by the calendar', async (t) => {
    const shop = await shopHere(t, { daysPerSecond: 50, printAfterMs: 0 });
    await shop.order([anOrder()]);
    const events = await eventually('delivery', async () => {
      const all = await allEvents(shop);
      return all.length === 6 ? all : null;
    });
    assert.deepEqual(
      events.map(({ status }) => status),
      journey,
    );
    const [accepted = 0, , , , , delivered = 0] = events.map(({ occurredAt }) =>
      Date.parse(occurredAt),
    );
    assert.ok(Math.abs(accepted - Date.now()) < 60_000);
    assert.ok(delivered - accepted > 5.5 * DAY && delivered - accepted < 6.5 * DAY);
  });

  test('scans are lost and cards returned by the piece, so that a restart changes no fate', async (t) => {
    const options = { daysPerSecond: 0, loseScans: 40, returned: 30 };
    const first = await shopHere(t, options);
    await first.order(Array.from({ length: 100 }, () => anOrder()));
    await first.post('/v1/print', {});
    await first.post('/v1/clock', { advanceDays: 4 });
    const before = await allEvents(first);
    await first.shop.stop();
    const second = await shopHere(t, { ...options, folder: first.folder });
    assert.deepEqual(await allEvents(second), before);
    await second.post('/v1/clock', { advanceDays: 10 });
    const events = await allEvents(second);
    assert.deepEqual(events.slice(0, before.length), before, 'a cursor keeps its meaning');
    assert.equal(
      new Set(events.map(({ eventId }) => eventId)).size,
      events.length,
      'nothing happens twice',
    );
    const count = (status: PieceStatus): number =>
      events.filter((event) => event.status === status).length;
    // Drawn from random ids: limits that one run in a hundred million passes.
    assert.ok(
      count('returned') > 8 && count('returned') < 58,
      `${count('returned')} of 100 returned`,
    );
    assert.ok(
      count('in_transit') > 32 && count('in_transit') < 87,
      `${count('in_transit')} of 100 scanned`,
    );
    const returned = new Set(
      events.filter(({ status }) => status === 'returned').map(({ pieceId }) => pieceId),
    );
    assert.ok(
      !events.some(({ status, pieceId }) => status === 'delivered' && returned.has(pieceId)),
    );
  });

  test('with every scan lost nothing is heard after production, but a returned card is', async (t) => {
    const shop = await shopHere(t, { daysPerSecond: 0, loseScans: 100 });
    await shop.order([anOrder()]);
    await shop.post('/v1/print', {});
    await shop.post('/v1/clock', { advanceDays: 30 });
    assert.deepEqual(
      (await allEvents(shop)).map(({ status }) => status),
      journey.slice(0, 2),
    );

    const back = await shopHere(t, { daysPerSecond: 0, loseScans: 100, returned: 100 });
    await back.order([anOrder()]);
    await back.post('/v1/print', {});
    await back.post('/v1/clock', { advanceDays: 30 });
    assert.deepEqual(
      (await allEvents(back)).map(({ status }) => status),
      ['accepted', 'in_production', 'returned'],
    );
  });

  test('what waits or was cancelled does not travel, also after a restart', async (t) => {
    const first = await shopHere(t, { daysPerSecond: 0 });
    const [, second] = await first.order([anOrder(), anOrder()]);
    await first.post(`/v1/pieces/${second?.status === 'accepted' ? second.id : ''}/cancel`, {});
    await first.shop.stop();
    const again = await shopHere(t, { daysPerSecond: 0, folder: first.folder });
    await again.post('/v1/clock', { advanceDays: 30 });
    assert.deepEqual(
      (await allEvents(again)).map(({ status }) => status),
      ['accepted', 'accepted', 'cancelled'],
    );
  });

  test('polling refuses what is no cursor', async (t) => {
    const { get } = await shopHere(t);
    for (const query of ['after=x', 'after=-1', 'limit=0', 'limit=1001'])
      assert.equal((await get(`/v1/events?${query}`)).status, 400, query);
  });

  test('a cursor of another ledger, or beyond the end of this one, begins anew: no scan is lost', async (t) => {
    const one = await shopHere(t);
    await one.order([anOrder()]);
    const another = await shopHere(t);
    await another.order([anOrder(), anOrder()]);
    const { cursor } = (await another.get<Page>('/v1/events')).body;
    const { events, cursor: end } = (await one.get<Page>(`/v1/events?after=${cursor}`)).body;
    assert.deepEqual(idsOf(events), idsOf(await allEvents(one)));
    assert.equal(events.length, 1);
    assert.deepEqual((await one.get(`/v1/events?after=${end}`)).body, {
      events: [],
      cursor: end,
      more: false,
    });
    for (const after of ['5', end.replace(/\d+$/, '5')])
      assert.deepEqual(
        (await one.get<Page>(`/v1/events?after=${after}`)).body.events,
        events,
        after,
      );
  });

  test('every answer names its ledger, which a restart keeps, and another one does nothing of a request', async (t) => {
    const { get, folder, shop } = await shopHere(t);
    const ledger = (await get('/v1/events')).headers.get('print-shop-ledger');
    assert.equal(ledger, shop.ledger);
    assert.equal(await ledgerIn(folder), ledger);
    await shop.stop();
    const again = await shopHere(t, { folder });
    assert.equal(again.shop.ledger, ledger);
    const ask = async (body: object, meant: string): Promise<Response> =>
      await fetch(`${again.shop.url}/v1/pieces`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}`, 'print-shop-ledger': meant },
        body: JSON.stringify(body),
      });
    const refused = await ask({ pieces: [anOrder()] }, 'another');
    assert.equal(refused.status, 412);
    assert.equal(((await refused.json()) as { code: string }).code, 'another_ledger');
    assert.equal((await again.ledger()).length, 0);
    assert.equal((await ask({ pieces: [anOrder()] }, again.shop.ledger)).status, 200);
    assert.equal(await ledgerIn(await temporaryFolder(t)), null);
  });
});
