/** A query of a file that is cancelled while the file is read takes no connection with it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builds, open, outcome } from './rig.ts';

void test('a query of a file that is cancelled before it is read leaves its connection to others', async () => {
  await using place = await open();
  for (const [build, driver] of Object.entries(builds)) {
    const sql = place.client({ max: 1 }, driver);
    await sql`select 1`;
    const query = sql.file(import.meta.filename).execute();
    const told = outcome(query);
    // Asked for, and not read yet.
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    query.cancel();
    assert.equal(await told, '57014', build);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(await outcome(sql`select 1`), 'ok', build);
    await sql.end({ timeout: 1 });
  }
});
