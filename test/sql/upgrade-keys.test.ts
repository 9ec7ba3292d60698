/**
 * Whoever was kept with letters around their id that nobody sees is the same person after the
 * upgrade that trims ids, and so is a do-not-mail entry.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { migrate, suppress } from '@postrider/core';
import {
  broken,
  freshMachine,
  launched,
  people,
  syncPeople,
  type Machine,
} from '../support/machine.ts';
import { reasonsOf } from './rig.ts';

const UNSEEN = '\u00a0\u200b';

/** As if the migration had not been there yet. */
async function upgraded(sql: postgres.Sql): Promise<void> {
  await sql`delete from postrider.migration where name like 'migrations/0011%'`;
  assert.deepEqual((await migrate(sql)).migrations, ['migrations/0011_trimmed_keys.sql']);
}

/** Ids and e-mails as they came, the way they were kept before. */
async function untrimmed(sql: postgres.Sql, who = '%'): Promise<void> {
  await sql`update postrider.recipient set external_id = external_id || ${UNSEEN}, email = email || ${UNSEEN}, email_key = email_key || ${UNSEEN}
    where external_id like ${who}`;
}

function withMachine(name: string, work: (machine: Machine) => Promise<void>): void {
  return void test(name, async () => {
    await using machine = await freshMachine();
    await work(machine);
    assert.deepEqual(await broken(machine.sql), []);
  });
}

withMachine('the first sync after the upgrade finds whom it knows', async ({ sql }) => {
  const at = await launched(sql);
  await syncPeople(sql, at, people(3));
  await untrimmed(sql);
  await upgraded(sql);
  const report = await syncPeople(sql, at, people(3));
  assert.deepEqual([report['created'], report['left_segment']], [0, 0]);
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'pending (new)',
    p1: 'pending (new)',
    p2: 'pending (new)',
  });
  assert.equal(await suppress(sql, at.organizationId, { email: 'p1@example.com' }, 'list'), 1);
});

withMachine('of two who become one, whoever was not skipped goes on', async ({ sql }) => {
  const at = await launched(sql);
  await syncPeople(sql, at, people(1));
  await untrimmed(sql);
  // The same person again, as the double of themselves.
  await syncPeople(sql, at, people(1), false);
  const ids = await sql`select id, external_id from postrider.recipient order by id`;
  assert.equal(ids.length, 2);
  await upgraded(sql);
  await syncPeople(sql, at, people(1));
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'pending (new)',
    [`p0 ${ids[1]?.['id']}`]: 'skipped (duplicate)',
  });
});

withMachine(
  'entries of a do-not-mail list stand, the longest of several that become one',
  async ({ sql }) => {
    const at = await launched(sql);
    const entry = async (kind: string, value: string, expires: string | null): Promise<void> =>
      void (await sql`insert into postrider.suppression (organization_id, id, kind, digest, value, reason, source, added_by, created_at, expires_at)
      values (${at.organizationId}, postrider.new_id(), ${kind}, postrider.digest_of(${at.organizationId}, ${kind}, ${value}), ${value}, 'opted out',
        'list', 'ada', postrider.now(), ${expires})`);
    await entry('external_id', `p0${UNSEEN}`, null);
    await entry('external_id', 'p0\u00a0', '2099-01-01');
    await entry('email', `p1@example.com${UNSEEN}`, null);
    await entry('email', 'p1@example.com', '2099-01-01');
    await entry('email', 'p2@example.com', null);
    const before = await sql`select * from postrider.suppression where value = 'p2@example.com'`;
    await upgraded(sql);
    const entries =
      await sql`select kind, value, expires_at from postrider.suppression order by value`;
    assert.deepEqual(
      entries.map((row) => ({ ...row })),
      [
        { kind: 'external_id', value: 'p0', expires_at: null },
        { kind: 'email', value: 'p1@example.com', expires_at: null },
        { kind: 'email', value: 'p2@example.com', expires_at: null },
      ],
    );
    assert.deepEqual(
      await sql`select * from postrider.suppression where value = 'p2@example.com'`,
      before,
    );
    await syncPeople(sql, at, people(3));
    assert.deepEqual(
      new Set(Object.values(await reasonsOf(sql, at))),
      new Set(['blacklisted (suppressed)']),
    );
  },
);
