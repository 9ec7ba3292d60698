/** Events of cards in Klaviyo: what is sent, of whom, and what is not sent at all. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exampleEffect } from '@postrider/core/contract';
import { AdapterConfigError } from '@postrider/core/ports';
import { wiringAt } from '../../../test/helpers.ts';
import { createKlaviyoSink } from '../index.ts';
import {
  accountAt,
  again,
  events,
  KEY,
  listening,
  outcomes,
  sinkOf,
  twinHere,
} from './accounts.ts';

describe('Events in Klaviyo', () => {
  it('have the id of the mailpiece and the status, the profile by its id alone, and no more of the person', async () => {
    const { url, twin } = await twinHere();
    const [item] = events(1, {
      status: 'delivered',
      occurredAt: '2026-11-24T13:00:00.250+01:00',
    });
    assert.ok(item);
    const { calls, context } = listening();
    const results = await sinkOf(accountAt(url)).emit([item], context);
    assert.deepEqual(results, [{ outcome: 'done' }]);
    const [request] = await twin.requests('event');
    assert.ok(request && 'text' in request.body);
    assert.deepEqual(JSON.parse(request.body.text), {
      data: {
        type: 'event',
        attributes: {
          properties: {
            mailpiece_id: item.reference.mailpieceId,
            status: 'delivered',
            mode: 'live',
            organization: 'Bakery',
            campaign: 'spring',
            campaign_id: 'c',
            recipient_id: 'r',
            format: '4x6',
            mail_class: 'first_class',
            printer: 'press',
            provider_id: 'psc_1',
            accepted_at: '2026-11-24T12:00:00.000Z',
            rerouted: false,
          },
          time: '2026-11-24T12:00:00.250Z',
          unique_id: `${item.reference.mailpieceId}:delivered`,
          metric: { data: { type: 'metric', attributes: { name: 'Direct Mail Delivered' } } },
          profile: { data: { type: 'profile', id: item.externalId, attributes: {} } },
        },
      },
    });
    const { headers } = request;
    assert.deepEqual(
      [headers['revision'], headers['content-type'], headers['accept']],
      ['2026-07-15', 'application/vnd.api+json', 'application/vnd.api+json'],
    );
    const [line] = await twin.ledger();
    assert.deepEqual([line?.profile, line?.changed], [item.externalId, []]);
    assert.equal(calls[0]?.route, 'POST /api/events');
    assert.deepEqual(calls[0]?.about, [item.reference.mailpieceId]);
    assert.doesNotMatch(JSON.stringify(calls), new RegExp(KEY));
  });

  it('are metrics of their own by status, under a name of one’s own', async () => {
    const { url, twin } = await twinHere();
    const statuses = [
      'sent',
      'in_transit',
      'delivered',
      'returned',
      'failed',
      'cancelled',
    ] as const;
    const items = statuses.flatMap((status) => events(1, { status }));
    await sinkOf(accountAt(url), { metric: 'Postcard' }).emit(items, listening().context);
    assert.deepEqual(
      (await twin.ledger()).map(({ metric }) => metric).toSorted(),
      ['Cancelled', 'Delivered', 'Failed', 'In Transit', 'Returned', 'Sent'].map(
        (word) => `Postcard ${word}`,
      ),
    );
  });

  it('that are history start no flow', async () => {
    const { url, twin } = await twinHere();
    const items = [...events(30), ...events(2, { isBackfill: true })];
    await sinkOf(accountAt(url)).emit(items, listening().context);
    const backfill = (await twin.ledger()).filter((event) => event.backfill);
    assert.deepEqual(
      backfill.map(({ uniqueId, via }) => `${via} ${uniqueId}`).toSorted(),
      items
        .slice(30)
        .map(({ key }) => `single ${key}`)
        .toSorted(),
      'what is history may have been told before: it goes singly',
    );
  });

  it('go in one request where they are many, new, and never were tried', async () => {
    const { url, twin } = await twinHere();
    const sink = sinkOf(accountAt(url));
    const many = events(60);
    const [one, two] = many;
    assert.ok(one && two);
    const other = { ...two, externalId: one.externalId };
    const results = await sink.emit([...many.slice(2), one, other], listening().context);
    assert.deepEqual(outcomes(results), { done: 60 });
    assert.equal((await twin.requests('bulk')).length, 1);
    assert.equal((await twin.requests('event')).length, 0);
    assert.equal((await twin.ledger()).length, 60);
    await sink.emit(events(25), listening().context);
    await sink.emit(again(events(40)), listening().context);
    assert.equal((await twin.requests('bulk')).length, 1, 'few, or tried before: singly');
    assert.equal((await twin.ledger()).length, 125);
  });

  it('are not sent of who was erased, of an id of another kind, and of a card of another mode', async () => {
    const { url, twin } = await twinHere();
    const wrong = [
      ...events(1, { externalId: null }),
      ...events(1, { externalId: 'ada@example.com' }),
      ...events(1, { externalId: '1015' }),
      ...events(1, { mode: 'test' }),
    ];
    const right = events(1);
    const sink = sinkOf(accountAt(url));
    const results = await sink.emit([...wrong, ...right], listening().context);
    assert.deepEqual(outcomes(results), { failed: 4, done: 1 });
    const messages = results.map((result) => ('message' in result ? result.message : ''));
    assert.match(messages[0] ?? '', /^Not sent: the person was erased/);
    assert.match(messages[1] ?? '', /none of a profile of Klaviyo’s/);
    assert.doesNotMatch(messages.join(' '), /ada@example/);
    assert.match(messages[3] ?? '', /of a test card, and connection klaviyo is live/);
    assert.equal((await twin.requests()).length, 1);
    const any = sinkOf(accountAt(url), { profileIds: 'any' });
    assert.deepEqual(outcomes(await any.emit(wrong.slice(1, 3), listening().context)), { done: 2 });
  });

  it('need a connection, and options that can be used', () => {
    const made = (options: object): void =>
      void createKlaviyoSink(options, { ...wiringAt('/'), connection: accountAt('https://x') });
    assert.throws(() => createKlaviyoSink({}, wiringAt('/')), /Klaviyo needs an account/);
    assert.throws(() => made({ bulkFrom: 1001 }), AdapterConfigError);
    assert.throws(() => made({ metrics: 'x' }), /eventSink\.metrics.*did you mean.*metric/s);
    assert.throws(() => made({ metric: ' ' }), AdapterConfigError);
  });

  it('are sent with the key as it is now', async () => {
    const { url, twin } = await twinHere({ keys: [KEY, 'pk_new'] });
    const keys = ['pk_old'];
    const sink = sinkOf(accountAt(url, { keys }));
    const refused = await sink.emit(events(1), listening().context);
    assert.deepEqual(outcomes(refused), { refused: 1 });
    keys[0] = 'pk_new';
    assert.deepEqual(outcomes(await sink.emit(events(1), listening().context)), { done: 1 });
    assert.equal((await twin.ledger()).length, 1);
    keys.pop();
    const none = await sink.emit(
      [exampleEffect({ externalId: 'A'.repeat(26) })],
      listening().context,
    );
    assert.match(JSON.stringify(none), /"retry".*connection klaviyo has no API key/);
  });
});
