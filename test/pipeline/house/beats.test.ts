/** Beats go on, whatever a printer that is polled, or an enricher, does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoopPrinter } from '@postrider/adapters/noop';
import type { Printer } from '@postrider/core/ports';
import { launched, people, states, syncPeople } from '../../support/machine.ts';
import { open, until, type Opened } from '../rig.ts';

function polled(poll: NonNullable<Printer['poll']>): Printer {
  return { ...createNoopPrinter(), poll };
}

/** Puts a beat of so many seconds into the queue; returns whether it is over. */
async function beat({ sql }: Opened, seconds: number): Promise<() => Promise<boolean>> {
  const id = crypto.randomUUID();
  const job = JSON.stringify({ seconds });
  await sql`
    select postrider.enqueue('beat', ${[id]}::uuid[], ${[job]}::text[]::jsonb[], null)`;
  return async () =>
    (
      await sql`
        select from postrider_queue.job where name = 'beat' and id = ${id} and state = 'completed'`
    ).length === 1;
}

void test('a printer that never answers its poll holds up no beat; it is given up after its own time-out', async () => {
  let polls = 0;
  const printer = polled(async () => {
    polls += 1;
    return await new Promise(() => undefined);
  });
  await using place = await open({ people: 2, ports: { printer }, settings: { beats: true } });
  await place.pipeline.start();
  await until(async () => (await states(place.sql))['sent'] === 2);
  const house = await beat(place, 60);
  await until(() => polls === 1);
  await until(house);
  await until(await beat(place, 15));
  await until(() =>
    place.log.some((line) =>
      /could not be polled \{"organization":"[0-9a-f-]+".*nothing was heard of printer \S+ for 1000 ms/.test(
        line,
      ),
    ),
  );
});

void test('one printer that never answers does not keep the others from being asked', async () => {
  let polls = 0;
  const hung = polled(async () => {
    polls += 1;
    return await new Promise(() => undefined);
  });
  await using place = await open({ people: 1, ports: { printer: { ...hung, timeoutMs: 50_000 } } });
  for (const name of ['second', 'third']) {
    const other = await launched(place.sql, { name, printer_name: name });
    await syncPeople(place.sql, other, people(1, name));
  }
  await place.pipeline.start();
  await until(async () => (await states(place.sql))['sent'] === 3);
  const once = place.pipeline.once({ sync: false });
  await until(() => polls === 3);
  await place.pipeline.stop();
  await once;
});

void test('a printer that goes round in a circle of cursors is asked once for each', async () => {
  let polls = 0;
  const printer = polled(async (cursor) => {
    polls += 1;
    const event = {
      eventId: `${polls}`,
      providerId: null,
      mailpieceId: crypto.randomUUID(),
      organizationId: null,
      status: null,
      providerStatus: 'on its way',
      occurredAt: new Date().toISOString(),
      confidence: 'scan' as const,
    };
    return await Promise.resolve({ events: [event], cursor: cursor === 'a' ? 'b' : 'a' });
  });
  await using place = await open({ people: 1, ports: { printer } });
  await place.pipeline.once({ sync: false });
  await place.pipeline.once({ sync: false });
  // null, a, b of the second; the first came before anybody was sent.
  assert.equal(polls, 3);
});

void test('a printer that an organization knows by two names tells each of all: an event is kept under the name of its piece only', async () => {
  const events = async () => {
    const pieces = await place.sql<
      { id: string; provider_id: string }[]
    >`select id, provider_id from postrider.mailpiece`;
    const unheardOf = { id: crypto.randomUUID(), provider_id: 'somebody' };
    return [...pieces, unheardOf].map(({ id, provider_id: providerId }) => ({
      eventId: id,
      providerId,
      mailpieceId: id,
      organizationId: place.place.organizationId,
      status: 'in_transit' as const,
      providerStatus: 'on its way',
      occurredAt: new Date().toISOString(),
      confidence: 'scan' as const,
    }));
  };
  const printer = polled(async (cursor) => ({
    events: cursor === null ? await events() : [],
    cursor: 'end',
  }));
  await using place = await open({ people: 2, ports: { printer } });
  await syncPeople(
    place.sql,
    await launched(place.sql, { name: 'second', printer_name: 'second' }),
    people(3, 'second'),
  );
  await place.pipeline.start();
  await until(async () => (await states(place.sql))['sent'] === 5);
  await place.pipeline.once({ sync: false });
  const kept = await place.sql<{ printer: string; own: boolean | null; count: number }[]>`
    select e.printer_name as printer, m.printer_name = e.printer_name as own, count(*)::int
    from postrider.mailpiece_event e
    left join postrider.mailpiece m
      on m.organization_id = e.organization_id and m.id::text = e.event_id
    group by 1, 2
    order by 1, 2`;
  assert.deepEqual(
    kept.map(({ printer: name, own, count }) => [name, own, count]),
    [
      ['press', true, 2],
      ['press', null, 1],
      ['second', true, 3],
      ['second', null, 1],
    ],
  );
});

void test('of what a printer tells when polled, what can be used counts, and nothing of it stops the others', async () => {
  const asked: (string | null)[] = [];
  const event = (eventId: unknown, over: object = {}): object => ({
    eventId,
    providerId: null,
    mailpieceId: crypto.randomUUID(),
    organizationId: null,
    status: 'in_transit',
    providerStatus: 'on its way',
    occurredAt: '2026-01-02T03:04:05+01:00',
    confidence: 'scan',
    ...over,
  });
  const pages: readonly object[] = [
    {
      cursor: 'a',
      events: [
        null,
        event('n\u0000'),
        event(7),
        event('x'.repeat(3000)),
        event('good'),
        event('odd', {
          status: 'lost\u0000',
          providerStatus: '\ud83d',
          confidence: 'sure',
          mailpieceId: 'mine',
          providerId: 'p\u0000',
        }),
        event('when', { occurredAt: '0000-13-45' }),
        event('far', { occurredAt: '2026-13-45' }),
      ],
    },
    { cursor: '\u0000', events: [event('last', { occurredAt: '2026-01-02' })] },
  ];
  const printer = polled(async (cursor) => {
    asked.push(cursor);
    return await Promise.resolve(
      pages[asked.length - 1] as Awaited<ReturnType<NonNullable<Printer['poll']>>>,
    );
  });
  await using place = await open({ people: 1, ports: { printer } });
  await place.pipeline.once({ sync: false });
  await place.pipeline.once({ sync: false });
  assert.deepEqual(asked, [null, 'a']);
  const kept = await place.sql`
    select event_id, status, confidence, occurred_at < '2026-01-03' as long_ago
    from postrider.mailpiece_event
    order by event_id`;
  assert.deepEqual(
    kept.map(({ event_id: id, ...rest }) => [id, ...Object.values(rest)]),
    [
      ['far', 'in_transit', 'scan', false],
      ['good', 'in_transit', 'scan', true],
      ['last', 'in_transit', 'scan', true],
      ['odd', null, 'estimated', true],
      ['when', 'in_transit', 'scan', false],
    ],
  );
  assert.ok(
    place.log.some(
      (line) =>
        line.includes('cannot be used') &&
        line.includes('"eventId":3') &&
        line.includes('"occurredAt":2'),
    ),
  );
});

void test('an enricher that throws stops nobody else: once goes on to its end', async () => {
  const port = {
    submit: async () => await Promise.reject(new Error('the enricher has burnt down')),
    find: async () => await Promise.resolve(null),
    collect: async () => await Promise.reject(new Error('the enricher has burnt down')),
  };
  const eve = {
    row: 1,
    externalId: 'eve',
    email: 'eve@example.com',
    firstName: 'Eve',
    lastName: null,
    address: null,
    merge: {},
  };
  const audience = {
    async *members() {
      yield await Promise.resolve({ members: [eve], rejects: [], waitedMs: 0 });
    },
  };
  await using place = await open({
    people: 0,
    ports: { audience, enricher: { name: 'look-up', port } },
  });
  const other = await launched(place.sql, { name: 'other' }, 'Another bakery');
  await syncPeople(place.sql, other, people(2));
  await place.pipeline.once();
  assert.ok(
    place.log.some((line) => line.includes('enrichment failed') && line.includes('burnt down')),
  );
});
