/**
 * Webhooks are read by event: one that cannot be used costs no other, is kept by itself, and is
 * read again when the adapter is mended.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoopPrinter } from '@postrider/adapters/noop';
import {
  bodyOf,
  eventOf,
  printerAt,
  signed,
} from '../../../packages/adapters/src/print-shop/test/pieces.ts';
import { launched, states } from '../../support/machine.ts';
import { connect } from '../../support/server.ts';
import { open, until } from '../rig.ts';
import { accepted, alarms, delivered, events, hooks, looked, reading, tell } from './webhooks.ts';

const odd: readonly (readonly [what: string, event: (id: string) => unknown, reason: RegExp])[] = [
  ['nothing', () => null, /it is no event/],
  ['a word', () => 'delivered', /it is no event/],
  ['without an id', (id) => delivered(id, { eventId: undefined }), /no id that can be kept/],
  ['with a number for an id', (id) => delivered(id, { eventId: 7 }), /no id that can be kept/],
  [
    'with an id that no index takes',
    (id) => delivered(id, { eventId: 'e'.repeat(501) }),
    /no id that can be kept/,
  ],
  [
    'with an id that holds a NUL',
    (id) => delivered(id, { eventId: 'e\0' }),
    /no id that can be kept/,
  ],
  [
    'of a piece whose id is none',
    (id) => delivered(id, { mailpieceId: 'card 7' }),
    /names a piece by what is no id/,
  ],
  [
    'that the adapter cannot read',
    (id) => ({ unusable: 'the word abducted \0', raw: { id } }),
    /the word abducted/,
  ],
  ['that no JSON holds', () => ({ eventId: 7n }), /no id that can be kept/],
];

void test('an event that cannot be used costs no other of its webhook, and is kept with the reason', async () => {
  const read: { with: (body: string) => unknown } = { with: () => [] };
  await using place = await accepted(odd.length * 2, reading(read));
  for (const [number, [what, event, reason]] of odd.entries()) {
    const [first = '', second = ''] = place.pieces.slice(number * 2);
    read.with = () => [event(second), delivered(first), event(second)];
    await tell(place, Buffer.from(what));
    await looked(place);
    const hook = (await hooks(place)).at(-1);
    assert.equal(hook?.applied, false, what);
    assert.match(
      hook.error ?? '',
      new RegExp(`^2 of its events cannot be used: .*${reason.source}`),
      what,
    );
    assert.equal(hook.unusable?.length, 2, what);
    assert.match(hook.unusable[0]?.reason ?? '', reason, what);
    assert.equal(typeof hook.unusable[0]?.raw, 'string', what);
    assert.equal((await states(place.sql))['received'], number + 1, what);
  }
  const [alarm, ...more] = await alarms(place);
  assert.equal(alarm?.kind, 'unusable_event');
  assert.match(alarm.meaning, /^printer press told something that cannot be used: it is no event/);
  assert.match(alarm.what_helps, /retry_webhooks/);
  assert.deepEqual(more, []);
});

void test('an odd status, time or certainty is no reason to lose an event', async () => {
  const read: { with: (body: string) => unknown } = { with: () => [] };
  await using place = await accepted(4, reading(read));
  const [first = '', second = '', third = '', fourth = ''] = place.pieces;
  read.with = () => [
    delivered(first, { occurredAt: 'yesterday' }),
    delivered(second, { confidence: 'rumour', organizationId: 7 }),
    delivered(third, { providerStatus: 'deliv\0ered' }),
    delivered(fourth, { status: 7 }),
  ];
  await tell(place, Buffer.from('[]'));
  await looked(place);
  assert.deepEqual(await states(place.sql), { received: 3, sent: 1 });
  assert.deepEqual(await hooks(place), [
    { applied: true, error: null, unusable: null, body: '[]' },
  ]);
  assert.deepEqual(
    (await alarms(place)).map(({ kind }) => kind),
    ['unknown_status'],
  );
  const [late] = await place.sql`
    select e.occurred_at = h.received_at as so
    from postrider.mailpiece_event e
    join postrider.provider_event h on h.id = e.inbox_id
    where e.mailpiece_id = ${first}`;
  assert.equal(late?.['so'], true);
});

void test('when the adapter is mended the event is applied, the others are not applied twice, and the alarm goes', async () => {
  const read: { with: (body: string) => unknown } = { with: () => [] };
  await using place = await accepted(4, reading(read));
  const bad = new Set<string>([place.pieces[1] ?? '', place.pieces[3] ?? '']);
  read.with = (body) =>
    (JSON.parse(body) as string[]).map((id) =>
      bad.has(id) ? { unusable: 'a new word', raw: id } : delivered(id),
    );
  const [first, second, third, fourth] = place.pieces;
  await tell(place, Buffer.from(JSON.stringify([first, second])));
  await looked(place);
  await tell(place, Buffer.from(JSON.stringify([third, fourth])));
  await looked(place);
  assert.deepEqual(await states(place.sql), { received: 2, sent: 2 });
  assert.equal((await alarms(place)).length, 1);
  const retried = async (): Promise<unknown> => {
    const [row] =
      await place.sql`select postrider.retry_webhooks(${place.place.organizationId}) as again`;
    await looked(place);
    return row?.['again'];
  };
  // One of the two is mended.
  bad.delete(second ?? '');
  assert.equal(await retried(), 2);
  assert.deepEqual(await states(place.sql), { received: 3, sent: 1 });
  assert.equal((await alarms(place)).length, 1);
  // What it names is what is left.
  const [left] = await place.sql`
    select h.unusable -> 0 ->> 'raw' as raw
    from postrider.alarm a
    join postrider.provider_event h on h.id = (a.detail ->> 'webhook')::uuid
    where a.cleared_at is null`;
  assert.match(String(left?.['raw']), new RegExp(fourth ?? ''));
  bad.clear();
  assert.equal(await retried(), 1);
  assert.deepEqual(await states(place.sql), { received: 4 });
  assert.deepEqual(await alarms(place), []);
  assert.equal(await events(place), 4);
  assert.ok(
    (await hooks(place)).every(
      ({ applied, error, unusable }) => applied && error === null && unusable === null,
    ),
  );
  const [doctor] =
    await place.sql`select verdict from postrider.doctor() where check_name = 'webhooks'`;
  assert.equal(doctor?.['verdict'], 'ok');
});

void test('the print shop tells of three cards, and of one in words that nobody can read', async () => {
  const shop = printerAt('http://127.0.0.1:1');
  await using place = await accepted(4, { ...shop, submit: createNoopPrinter().submit });
  const told = place.pieces.map((mailpieceId) =>
    eventOf({ mailpieceId, organizationId: place.place.organizationId }),
  );
  const [first, second, third, fourth] = told;
  const { headers, body } = signed(
    bodyOf([first, { ...second, eventId: null }, { ...third, occurredAt: 'soon' }, fourth]),
  );
  await tell(place, body, headers);
  await looked(place);
  assert.deepEqual(await states(place.sql), { received: 3, sent: 1 });
  const [hook] = await hooks(place);
  assert.match(
    hook?.error ?? '',
    /^1 of its events cannot be used: the print shop told an event that cannot be read: .*eventId/s,
  );
  assert.match(hook?.unusable?.[0]?.raw ?? '', new RegExp(`"mailpieceId":"${place.pieces[1]}"`));
});

void test('an event that the database refuses costs no other', async () => {
  const read: { with: (body: string) => unknown } = {
    with: (body) => (JSON.parse(body) as string[]).map((id) => delivered(id)),
  };
  await using place = await accepted(3, reading(read));
  const admin = connect(place.machine.database.adminUrl);
  await admin.unsafe(
    `alter table postrider.mailpiece_event
      add constraint cursed check (event_id <> '${place.pieces[1]} delivered')`,
  );
  await tell(place, Buffer.from(JSON.stringify(place.pieces)));
  await looked(place);
  assert.deepEqual(await states(place.sql), { received: 2, sent: 1 });
  const [hook] = await hooks(place);
  assert.match(hook?.error ?? '', /^1 of its events cannot be used: .*cursed/);
  assert.equal(hook?.unusable?.[0]?.eventId, `${place.pieces[1]} delivered`);
  await admin.unsafe('alter table postrider.mailpiece_event drop constraint cursed');
  await admin.end();
  await place.sql`select postrider.retry_webhooks(${place.place.organizationId}, 'press')`;
  await looked(place);
  assert.deepEqual(await states(place.sql), { received: 3 });
  assert.deepEqual(await alarms(place), []);
});

void test('a webhook of somebody who was erased is kept until all of it is applied, and is blank then', async () => {
  const read: { with: (body: string) => unknown } = { with: () => [] };
  await using place = await accepted(2, reading(read));
  const [first = '', second = ''] = place.pieces;
  const [person] =
    await place.sql`select recipient_id as id from postrider.mailpiece where id = ${first}`;
  await place.sql`select postrider.erase(${String(person?.['id'])})`;
  read.with = () => [delivered(first), { unusable: 'not yet', raw: 1 }];
  await tell(place, Buffer.from('Ada Byron'));
  await looked(place);
  assert.equal((await hooks(place))[0]?.body, 'Ada Byron');
  read.with = () => [delivered(first), delivered(second)];
  await place.sql`select postrider.retry_webhooks(${place.place.organizationId})`;
  await looked(place);
  assert.deepEqual(await states(place.sql), { received: 2 });
  assert.equal((await hooks(place))[0]?.body, '');
});

void test('a body that cannot be read at all is kept as it is, as is one of which an adapter makes no list', async () => {
  const read: { with: (body: string) => unknown } = {
    with: () => {
      throw new Error('the body is not JSON');
    },
  };
  await using place = await accepted(1, reading(read));
  await tell(place, Buffer.from('?'));
  await looked(place);
  read.with = () => ({ delivered: true });
  await tell(place, Buffer.from('!'));
  await looked(place);
  assert.deepEqual(
    (await hooks(place)).map(({ error, unusable }) => [error, unusable]),
    [
      ['the body is not JSON', null],
      ['the adapter made no list of events of it', null],
    ],
  );
});

void test('a printer that cannot be had, because a file is gone, keeps no other from its webhooks, and is told', async () => {
  const press = reading({
    with: (body) => (JSON.parse(body) as string[]).map((id) => delivered(id)),
  });
  let gone = true;
  await using place = await open({
    people: 1,
    integrations: {
      printer: async ({ name }) => {
        if (name === 'other' && gone)
          throw Object.assign(
            new Error("ENOENT: no such file or directory, open 'var/secrets/other'"),
            { code: 'ENOENT' },
          );
        return await Promise.resolve(press);
      },
    },
  });
  const { sql } = place;
  const { organizationId } = await launched(
    sql,
    { name: 'theirs', printer_name: 'other' },
    'Other',
  );
  await place.pipeline.start();
  await until(async () => (await states(sql))['sent'] === 1);
  const [piece] = await sql<{ id: string }[]>`select id from postrider.mailpiece`;
  // Received by a runner that has the file.
  await sql`select postrider.receive_webhook(${organizationId}, 'other', 'd1', '[]'::bytea)`;
  await tell(place, Buffer.from(JSON.stringify([piece?.id])));
  await looked(place);
  assert.deepEqual(await states(sql), { received: 1 });
  const [doctor] = await sql<{ message: string; help: string }[]>`
    select message, what_helps as help from postrider.doctor() where check_name = 'webhooks'`;
  assert.equal(doctor?.message, '0 wait, 1 could not be read');
  assert.match(doctor.help, /mend the adapter of printer other \(ENOENT/);
  gone = false;
  await sql`select postrider.retry_webhooks(${organizationId})`;
  await looked(place);
  assert.ok((await hooks(place)).every(({ applied }) => applied));
});
