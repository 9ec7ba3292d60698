/** A pipeline asks which database it has, before it works on one that is not of its version. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createPipeline,
  ensureOrganization,
  integrationsOf,
  migrate,
  type Pipeline,
} from '@postrider/core';
import type { Sql } from '@postrider/runner/database';
import { sqlFiles } from '../../../packages/core/src/machine/sql-files.ts';
import { freshMachine } from '../../support/machine.ts';
import { withEmpty } from '../../sql/rig/migrations.ts';
import { noopPorts } from '../rig.ts';

const somebody = '00000000-0000-4000-8000-000000000001';

function pipelineOn(sql: Sql): Pipeline {
  return createPipeline({
    sql,
    integrations: integrationsOf(noopPorts()),
    restoreWatermark: 'not kept',
    settings: { beats: false },
  });
}

/** What the error says, in one line: of what kind, what is wrong, what to do. */
async function refusal(work: Promise<unknown>): Promise<string> {
  const told = await work.then(
    () => ({ kind: 'none' }),
    (error: unknown) => error as { kind?: string; message: string; hint?: string },
  );
  return [told.kind, 'message' in told ? told.message : '', 'hint' in told ? told.hint : ''].join(
    ' | ',
  );
}

/** Everything that begins work is refused alike. */
async function refuses(sql: Sql, pattern: RegExp, pipeline = pipelineOn(sql)): Promise<void> {
  try {
    assert.match(await refusal(pipeline.start()), pattern);
    assert.match(await refusal(pipeline.once()), pattern);
    assert.match(await refusal(pipeline.sync(somebody, somebody)), pattern);
    assert.match(await refusal(pipeline.enrich(somebody, somebody)), pattern);
    assert.match(await refusal(pipeline.reconcile(somebody)), pattern);
  } catch (error) {
    // What has started all the same would keep the process.
    await pipeline.stop({ timeoutMs: 2000 });
    throw error;
  }
}

void test('on an empty database nothing begins, and what helps is said; once it is migrated the same pipeline starts', async () => {
  await withEmpty(async (sql) => {
    const pipeline = pipelineOn(sql);
    try {
      await refuses(
        sql,
        /^not_migrated \| Postrider is not set up in this database \| .*`await migrate\(sql\)`.*Nothing was changed/,
        pipeline,
      );
      const schemas = await sql`
        select from pg_namespace where nspname in ('postrider', 'postrider_queue')`;
      assert.equal(schemas.length, 0);
      await migrate(sql);
      await pipeline.start();
    } finally {
      await pipeline.stop({ timeoutMs: 2000 });
    }
  });
});

void test('so it is on a database that was made before the first release', async () => {
  await withEmpty(async (sql) => {
    await sql.unsafe(sqlFiles().bootstrap.text);
    await sql`insert into postrider.migration (name, checksum)
      values ('migrations/0001_foundations.sql', 'x'), ('repeatables', 'x')`;
    await refuses(sql, /^unsuitable \| .*before the first release \| .*nothing was changed/);
  });
});

void test('so it is on one of a newer or another version, and on one without a queue', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  await sql`insert into postrider.migration (name, checksum)
    values ('migrations/9999_next_year.sql', 'x')`;
  await refuses(sql, /^newer \| .*migrations\/9999_next_year\.sql \| .*newer version/);
  await sql`delete from postrider.migration where name like '%next_year%'`;
  await sql`update postrider.migration set checksum = 'x' where name = 'repeatables'`;
  await refuses(
    sql,
    /^not_migrated \| functions and views of the database are those of another version \| .*migrate/,
  );
  await migrate(sql);
  await sql`delete from postrider_queue.queue where name = 'effects'`;
  await refuses(sql, /^not_migrated \| a queue is missing.* \| .*migrate/);
  await migrate(sql);
  const pipeline = pipelineOn(sql);
  await pipeline.start();
  await pipeline.stop({ timeoutMs: 2000 });
});

void test('what needs no start says so too: the calls of operators, and questions', async () => {
  await withEmpty(async (sql) => {
    const pattern =
      /^not_migrated \| the database is not set up for this version: .*postrider.* \| .*migrate/;
    assert.match(await refusal(ensureOrganization(sql, 'Bakery', null)), pattern);
    assert.match(await refusal(pipelineOn(sql).readyWork()), pattern);
    assert.match(await refusal(pipelineOn(sql).waiting()), pattern);
  });
});
