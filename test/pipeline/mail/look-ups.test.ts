/**
 * A printer that is asked what it has, or to call cards back, and answers badly or not at all:
 * nothing is decided by that.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoopPrinter } from '@postrider/adapters/noop';
import type { FindResult, PieceRequest, Printer, SubmitResult } from '@postrider/core/ports';
import { reconcile, workReconcile } from '../../../packages/core/src/stages/mail/reconcile.ts';
import { unknownDue } from '../../sql/rig.ts';
import { launched, people, states, syncPeople } from '../../support/machine.ts';
import { bakery, watched } from '../house/watched.ts';
import { open, until, type Opened } from '../rig.ts';

function printerWith(over: Partial<Printer>): Printer {
  return { ...createNoopPrinter(), ...over };
}

/** Everybody at the printer, and nobody knows what became of it. */
async function asUnknown(place: Opened): Promise<string[]> {
  const { sql } = place;
  await place.pipeline.start();
  await until(
    async () =>
      (await sql`select from postrider.mailpiece where status = 'unknown'`).length === place.people,
  );
  await sql`update postrider.mailpiece set available_at = now()`;
  return (await sql<{ id: string }[]>`select id from postrider.mailpiece order by id`).map(
    ({ id }) => id,
  );
}

async function silent(pieces: readonly PieceRequest[]): Promise<SubmitResult[]> {
  return await Promise.resolve(
    pieces.map(() => ({ outcome: 'unknown' as const, message: 'no answer' })),
  );
}

void test('a look-up that names only the absent ones decides about nobody', async () => {
  const find: Printer['find'] = async () => await Promise.resolve([{ outcome: 'absent' as const }]);
  await using place = await open({
    people: 2,
    ports: { printer: printerWith({ keyLifetimeMs: null, submit: silent, find }) },
  });
  await asUnknown(place);
  await place.pipeline.reconcile(place.place.organizationId);
  assert.deepEqual(await states(place.sql), { sending: 2 });
  assert.ok(place.log.some((line) => line.includes('gave 1 results where 2 were asked for')));
});

void test('one id that cannot be kept costs nobody else the answer', async () => {
  const find: Printer['find'] = async (pieces) =>
    await Promise.resolve(
      pieces.map(({ reference }, index): FindResult => ({
        outcome: 'found',
        providerId: index === 0 ? 'a\0b' : reference.mailpieceId,
      })),
    );
  await using place = await open({
    people: 5,
    ports: { printer: printerWith({ keyLifetimeMs: null, submit: silent, find }) },
  });
  await asUnknown(place);
  assert.equal(await place.pipeline.reconcile(place.place.organizationId), 4);
  assert.deepEqual(await states(place.sql), { sending: 1, sent: 4 });
});

void test('cards whose calling back was answered for some of them are all asked for again', async () => {
  const cancel: Printer['cancel'] = async (ids) =>
    await Promise.resolve(ids.slice(1).map(() => ({ outcome: 'cancelled' as const })));
  await using place = await open({ people: 3, ports: { printer: printerWith({ cancel }) } });
  const { sql } = place;
  await place.pipeline.start();
  await until(async () => (await states(sql))['sent'] === 3);
  await sql`select postrider.cancel(recipient_id) from postrider.recipient_state`;
  await until(() =>
    place.log.some((line) => line.includes('gave 2 results where 3 were asked for')),
  );
  assert.deepEqual(await states(sql), { sent: 3 });
  assert.equal(
    (await sql`select from postrider.recipient_state where cancel_requested_at is not null`).length,
    3,
  );
});

void test('a printer that never answers a look-up keeps no other organization waiting', async () => {
  let good = '';
  const find: Printer['find'] = async (pieces) =>
    pieces[0]?.reference.organizationId === good
      ? pieces.map(({ reference }): FindResult => ({
          outcome: 'found',
          providerId: reference.mailpieceId,
        }))
      : await new Promise(() => undefined);
  await using place = await open({
    people: 1,
    ports: { printer: printerWith({ timeoutMs: 50_000, submit: silent, find }) },
  });
  const { sql } = place;
  const other = await launched(sql, {}, 'Another bakery');
  good = other.organizationId;
  await syncPeople(sql, other, people(1, 'q'));
  await place.pipeline.start();
  await until(
    async () => (await sql`select from postrider.mailpiece where status = 'unknown'`).length === 2,
  );
  await sql`update postrider.mailpiece set available_at = now()`;
  for (const id of [place.place.organizationId, good])
    await sql`
      select postrider.enqueue('reconcile', array[gen_random_uuid()],
        array[jsonb_build_object('organization_id', ${id}::uuid)], ${id})`;
  await until(async () => (await states(sql))['sent'] === 1);
  assert.ok(!place.log.some((line) => line.includes('nothing was heard of printer press')));
});

/** So many cards whose outcome nobody knows, due to be asked for: more than one look-up has. */
async function manyUnknown(find: Printer['find']) {
  const at = await watched({
    integrations: { printer: async () => await Promise.resolve(printerWith({ find })) },
  });
  const shop = await bakery(at.sql, 'Bakery');
  for (const household of ['p', 'q', 'r']) await unknownDue(at.sql, shop, people(50, household));
  return { at, shop };
}

async function allFound(pieces: Parameters<Printer['find']>[0]): Promise<readonly FindResult[]> {
  return await Promise.resolve(
    pieces.map(({ reference }) => ({ outcome: 'found', providerId: reference.mailpieceId })),
  );
}

void test('several look-ups are under way at the same time', async () => {
  let underWay = 0;
  let most = 0;
  const { at, shop } = await manyUnknown(async (pieces) => {
    underWay += 1;
    most = Math.max(most, underWay);
    for (let n = 0; most < 2 && n < 200; n += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    underWay -= 1;
    return await allFound(pieces);
  });
  await using _ = at;
  assert.equal(await reconcile(at.context, shop.organizationId), 150);
  assert.ok(most >= 2);
});

void test('an organization whose turn is over has its job sent again, behind those of others, until nothing is due', async () => {
  const { at, shop } = await manyUnknown(allFound);
  await using _ = at;
  const sentJobs = async (): Promise<number> =>
    (await at.sql`select from postrider_queue.job where name = 'reconcile'`).length;
  await workReconcile(at.context, shop.organizationId, 2);
  assert.deepEqual([await states(at.sql), await sentJobs()], [{ sending: 50, sent: 100 }, 1]);
  await at.sql`delete from postrider_queue.job where name = 'reconcile'`;
  await workReconcile(at.context, shop.organizationId, 2);
  assert.deepEqual([await states(at.sql), await sentJobs()], [{ sent: 150 }, 0]);
});
