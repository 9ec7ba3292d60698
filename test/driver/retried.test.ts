/**
 * A prepared statement whose plan is no good any more is sent again by the driver. Not where its
 * transaction has failed: it would come after its end.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builds, open, outcome } from './rig.ts';

void test('a statement that failed with its transaction is not sent again after it', async () => {
  await using place = await open();
  for (const [build, driver] of Object.entries(builds)) {
    const sql = place.client({ max: 1 }, driver);
    await place.admin`drop table if exists wide`;
    await place.admin`create table wide (who text)`;
    const insert = (tx: typeof sql) => tx`insert into wide values ('first') returning *`;
    await insert(sql);
    await place.admin`truncate wide`;
    await place.admin`alter table wide add column more int`;
    // Not waited for: the COMMIT is under way behind it.
    const began = sql.begin(
      (tx) => void insert(tx as unknown as typeof sql).catch(() => undefined),
    );
    assert.match(await outcome(began), /^(0A000|TRANSACTION_ABORTED)$/, build);
    assert.equal(await outcome(sql`select 1`), 'ok');
    assert.deepEqual([...(await place.admin`select who from wide`)], [], build);
    // The next one is prepared anew.
    assert.equal(
      await outcome(sql.begin(async (tx) => await insert(tx as unknown as typeof sql))),
      'ok',
      build,
    );
    await sql.end({ timeout: 1 });
  }
});
