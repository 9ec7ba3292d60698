/**
 * The three roles are optional, each by itself: an owner who may not create roles may have been
 * given any of them.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect, migrate, planMigration } from '@postrider/core';
import { owner, startServer } from '../../support/server.ts';

// Roles are the whole server's: one of this test's own.
let server: Awaited<ReturnType<typeof startServer>> | undefined;
before(async () => {
  server = await startServer();
});
after(async () => await server?.drop());

const rights = {
  postrider_reader: { look: true, hold: false, reap: false },
  postrider_operator: { look: true, hold: true, reap: false },
  postrider_runner: { look: true, hold: true, reap: true },
};

for (const given of [
  [],
  ['postrider_runner'],
  ['postrider_operator'],
  ['postrider_reader', 'postrider_runner'],
  ['postrider_reader'],
] as const)
  void test(`with ${given.join(' and ') || 'none of them'}`, async () => {
    assert.ok(server);
    const admin = connect(server.adminUrl, { max: 1 });
    const database = await server.empty();
    const sql = connect(database.url, { max: 2 });
    try {
      await admin.unsafe(`alter role ${owner} nocreaterole`);
      for (const role of given) await admin.unsafe(`create role ${role}`);
      await migrate(sql);
      assert.equal((await planMigration(sql)).grants, false);
      for (const role of given) {
        const [may] = await sql`
          select
            has_table_privilege(${role}, 'postrider.funnel', 'select')
              and has_function_privilege(${role}, 'postrider.why(text, uuid)', 'execute') as look,
            has_function_privilege(
              ${role}, 'postrider.hold(uuid, text, text, text)', 'execute'
            ) as hold,
            has_function_privilege(
              ${role}, 'postrider.reap(interval, interval)', 'execute'
            ) as reap`;
        assert.deepEqual({ ...may }, rights[role], role);
      }
    } finally {
      await sql.end({ timeout: 5 });
      await database.drop();
      for (const role of given) await admin.unsafe(`drop role if exists ${role}`);
      await admin.end({ timeout: 5 });
    }
  });
