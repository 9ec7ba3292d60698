/** COPY streams of a session that is lost, refused or left alone end in nobody else's. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable, type Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { builds, open, outcome, until, type Sql } from './rig.ts';
import { lost } from './other-caller.ts';

async function copyIn(sql: Sql): Promise<Writable> {
  return await sql`copy note from stdin`.writable();
}

for (const way of ['terminate', 'reset'] as const) {
  void test(`a COPY that was lost by ${way} writes nothing into the COPY of somebody else, and does not fail it`, async () => {
    await using place = await open();
    for (const how of ['writes', 'ends', 'is destroyed'] as const) {
      await place.admin`truncate note`;
      const sql = place.client({ max: 1 });
      const first = await copyIn(sql);
      const told = outcome(finished(first));
      first.write('lost\n');
      await until(
        async () =>
          (
            await place.admin`
              select from pg_stat_activity
              where datname = current_database()
                and state = 'active'
                and query ilike 'copy note%'`
          ).length === 1,
      );
      await place[way]();
      assert.match(await told, lost);
      const second = await copyIn(sql);
      second.write('second a\n');
      if (how === 'writes') first.write('lost\n', () => undefined);
      else if (how === 'ends') first.end('lost\n', () => undefined);
      else first.destroy();
      second.end('second b\n');
      await finished(second);
      await until(async () => (await place.written()).length === 2);
      assert.deepEqual(await place.written(), ['second a', 'second b'], how);
    }
  });
}

void test('a COPY is over with its last byte: its stream does not fail the next COPY of the same connection', async () => {
  await using place = await open();
  const sql = place.client();
  for (let n = 0; n < 20; n += 1) {
    const stream = await copyIn(sql);
    stream.end(`${n}\n`);
    await finished(stream);
  }
  await until(async () => (await place.written()).length === 20);
});

void test('the writer of a COPY is told at its end that the server refused it, or has gone', async () => {
  await using place = await open();
  const sql = place.client();
  await place.admin`alter table note add check (who <> 'bad')`;
  assert.equal(
    await outcome(pipeline(Readable.from(['good\n', 'bad\n']), await copyIn(sql))),
    '23514',
  );
  // The commit waits for somebody else, and is lost there.
  await place.admin`alter table note add unique (who) deferrable initially deferred`;
  await place.admin.begin(async (tx) => {
    await tx`insert into note values ('same')`;
    const stream = await copyIn(sql);
    const told = outcome(pipeline(Readable.from(['same\n']), stream));
    await until(
      async () =>
        (
          await tx`
            select from pg_stat_activity
            where datname = current_database()
              and wait_event_type = 'Lock'
              and query ilike 'copy note%'`
        ).length === 1,
    );
    await tx`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database()
        and application_name = 'driver test'`;
    assert.match(await told, lost);
  });
  await pipeline(Readable.from(['good\n']), await copyIn(sql));
  await until(async () => (await place.written()).includes('good'));
});

void test('a COPY that is refused amid what is still to be written leaves its connection to the caller that holds it', async () => {
  await using place = await open();
  await place.admin`create table number (n int)`;
  const large = Buffer.alloc(8 << 20, 'x\n');
  for (const [build, driver] of Object.entries(builds)) {
    await place.admin`truncate note`;
    const sql = place.client({ max: 1 }, driver);
    // The server refuses the first line; megabytes of the rest are written after that.
    const refused = async (by: Sql): Promise<void> => {
      const stream = await by`copy number from stdin`.writable();
      const told = outcome(finished(stream));
      for (let n = 0; n < 4; n += 1) stream.write(large);
      assert.equal(await told, '22P02', build);
    };
    // All that the socket still holds; nothing says when that is.
    const written = async (): Promise<void> => await sleep(300);
    const reserved = await sql.reserve();
    await refused(reserved as unknown as Sql);
    const asked: Promise<string>[] = [outcome(sql`insert into note values ('pool')`)];
    await written();
    assert.deepEqual(await place.written(), [], `${build}: somebody else was served`);
    reserved.release();
    assert.deepEqual(await Promise.all(asked), ['ok']);

    await place.admin`truncate note`;
    const inside = outcome(
      sql.begin(async (tx) => {
        await tx
          .savepoint(async (inner) => {
            await refused(inner as unknown as Sql);
            asked.push(outcome(sql`insert into note values ('pool')`));
            await written();
            throw new Error('back to the savepoint');
          })
          .catch(() => undefined);
        for (let n = 0; n < 10; n += 1) {
          asked.push(outcome(sql`insert into note values ('pool')`));
          await tx`select pg_sleep(0.01)`;
        }
        throw new Error('rolled back');
      }),
    );
    assert.equal(await inside, 'Error: rolled back');
    assert.deepEqual(new Set(await Promise.all(asked)), new Set(['ok']));
    assert.equal((await place.written()).length, asked.length - 1, build);
    await sql.end({ timeout: 1 });
  }
});

void test('a COPY that is read ends with an error when it is lost, and does not keep the connection where its reader has gone', async () => {
  await using place = await open();
  const sql = place.client();
  const reader = await sql`
      copy (select n, repeat('x', 1000) from generate_series(1, 100000) as n)
      to stdout`.readable();
  const [chunk] = (await once(reader, 'data')) as [Buffer];
  assert.ok(chunk.length > 0);
  const told = outcome(finished(reader));
  await place.terminate();
  assert.match(await told, lost);

  const abandoned = await sql`
      copy (select n, repeat('x', 1000) from generate_series(1, 20000) as n)
      to stdout`.readable();
  await once(abandoned, 'data');
  abandoned.destroy();
  assert.equal(await outcome(sql`select 1`), 'ok');
});
