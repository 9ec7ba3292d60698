/**
 * Work that beats send jobs for, and that fails round after round, is seen: in the log, by doctor
 * and as an alarm, until it works.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AddressEnricher } from '@postrider/core/ports';
import { workEnrich } from '../../../packages/core/src/stages/enrich/enrich.ts';
import { workSync } from '../../../packages/core/src/stages/sync/sync.ts';
import { people, syncPeople } from '../../support/machine.ts';
import { DAY, turnClock } from '../../sql/rig.ts';
import {
  address,
  alarms,
  doctor,
  failing,
  folder,
  LIST,
  listed,
  waiting,
  works,
} from './failing-work.ts';
import { open, until } from '../rig.ts';
import { bakery, connected, watched } from './watched.ts';

void test('a sync that fails is told with its cause, counted, and an alarm of its organization after three in a row, until it works', async () => {
  await using dir = await folder();
  const path = join(dir.path, 'customers.csv');
  await using at = await listed(path);
  const { sql, place } = at;
  await workSync(at.context, place.organizationId);
  const line = at.errors().find(({ inARow }) => inARow !== undefined);
  assert.deepEqual([line?.['inARow'], line?.['work'], line?.['campaign']], [1, 'sync', 'spring']);
  assert.match(String(line?.['error']), /customers\.csv/);
  const once = await doctor(sql);
  assert.equal(once?.verdict, 'warn');
  assert.match(
    once?.message ?? '',
    /^the sync of campaign spring \(Bakery\) fails since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, 1 in a row: .*customers\.csv/,
  );
  assert.match(once?.helps ?? '', /postrider sync spring/);
  await workSync(at.context, place.organizationId);
  assert.deepEqual(await alarms(sql), []);
  for (let n = 3; n <= 4; n += 1) await workSync(at.context, place.organizationId);
  assert.equal((await doctor(sql))?.verdict, 'bad');
  const [alarm, ...more] = await alarms(sql);
  assert.deepEqual(more, []);
  assert.equal(alarm?.organization_id, place.organizationId);
  const counted = await sql`select verdict, message from postrider.doctor('alarms')`;
  assert.deepEqual({ ...counted[0] }, { verdict: 'bad', message: '1 open' });
  assert.match(
    alarm?.meaning ?? '',
    /^the sync of campaign spring has failed 4 times in a row: .*customers\.csv/,
  );
  await assert.rejects(sql`select postrider.clear_alarm(${alarm?.id ?? ''}, 'seen')`, {
    code: 'PR017',
  });
  await writeFile(path, LIST);
  at.infos();
  await workSync(at.context, place.organizationId);
  assert.deepEqual(
    at.infos().flatMap(({ work, failures }) => (work === undefined ? [] : [[work, failures]])),
    [['sync', 4]],
  );
  assert.deepEqual(
    [await alarms(sql), (await doctor(sql))?.verdict, await failing(sql)],
    [[], 'ok', []],
  );
});

void test('what fails is for readers of its organization, and for nobody of another', async () => {
  await using dir = await folder();
  await using at = await listed(join(dir.path, 'customers.csv'));
  const { place, other } = at;
  for (let n = 0; n < 3; n += 1) await workSync(at.context, place.organizationId);
  const seenBy = async (organizationId: string): Promise<[number, string | undefined]> => {
    await using admin = connected(at.machine.database.adminUrl);
    await admin.sql`delete from postrider.organization_member`;
    await admin.sql`
      insert into postrider.organization_member values (${organizationId}, 'postrider_reader')`;
    await admin.sql`set role postrider_reader`;
    return [(await alarms(admin.sql)).length, (await doctor(admin.sql))?.verdict];
  };
  assert.deepEqual(await seenBy(place.organizationId), [1, 'bad']);
  assert.deepEqual(await seenBy(other.organizationId), [0, 'ok']);
  await assert.rejects(
    async () => {
      await using admin = connected(at.machine.database.adminUrl);
      await admin.sql`set role postrider_operator`;
      await admin.sql`
        select postrider.work_done(${place.organizationId}, 'sync', ${place.campaignId}, null)`;
    },
    { code: '42501' },
  );
});

void test('an enricher that cannot be reached is told with the reason of the network, whether it is handed people or asked for them', async () => {
  await using place = await address();
  const ask = async (): Promise<void> => void (await fetch(place.url));
  const isOut = { now: false };
  const port: AddressEnricher = {
    submit: async () => {
      if (!isOut.now) await ask();
      return { outcome: 'accepted', providerBatchId: 'b1' };
    },
    find: async () => await Promise.resolve('b1'),
    collect: async () => {
      await ask();
      return { outcome: 'pending' };
    },
  };
  await using at = await watched({
    integrations: { enricher: async () => await Promise.resolve({ name: 'first', port }) },
  });
  const { sql } = at;
  const shop = await bakery(sql, 'Bakery');
  await syncPeople(sql, shop, [waiting('a')]);
  await workEnrich(at.context, shop.organizationId, false);
  const [told] = await failing(sql);
  assert.deepEqual([told?.work, told?.failures, told?.code], ['enrich', 1, 'ECONNREFUSED']);
  assert.match(told?.error ?? '', /^fetch failed: connect ECONNREFUSED 127\.0\.0\.1:/);
  assert.match(String(at.errors().find(({ inARow }) => inARow === 1)?.['error']), /ECONNREFUSED/);
  // The enricher took them, and falls out afterwards.
  isOut.now = true;
  await syncPeople(sql, shop, [waiting('a'), waiting('b')]);
  await workEnrich(at.context, shop.organizationId, false);
  assert.deepEqual(await works(sql), [['collect', 1]]);
  for (let n = 2; n <= 3; n += 1) {
    await turnClock(sql, 60 * 60_000);
    await workEnrich(at.context, shop.organizationId, true);
  }
  assert.deepEqual(await works(sql), [['collect', 3]]);
  assert.match(
    (await alarms(sql))[0]?.meaning ?? '',
    /^asking the enricher of campaign spring for what it found has failed 3 times/,
  );
  await place.open();
  await turnClock(sql, 60 * 60_000);
  await workEnrich(at.context, shop.organizationId, true);
  assert.deepEqual([await works(sql), await alarms(sql)], [[], []]);
});

void test('an enricher that takes nobody is told, round after round', async () => {
  const answers = { submit: { outcome: 'retry', afterMs: 60_000, message: 'over quota' } as const };
  const port: AddressEnricher = {
    submit: async () => await Promise.resolve(answers.submit),
    find: async () => await Promise.resolve(null),
    collect: async () => await Promise.resolve({ outcome: 'pending' }),
  };
  await using at = await watched({
    integrations: { enricher: async () => await Promise.resolve({ name: 'first', port }) },
  });
  const shop = await bakery(at.sql, 'Bakery');
  await syncPeople(at.sql, shop, [waiting('a')]);
  for (let n = 1; n <= 3; n += 1) {
    await workEnrich(at.context, shop.organizationId, false);
    // Nobody is due: that proves nothing.
    await workEnrich(at.context, shop.organizationId, false);
    await turnClock(at.sql, 120_000);
  }
  assert.deepEqual(await failing(at.sql), [
    { work: 'enrich', failures: 3, code: null, error: 'over quota' },
  ]);
});

void test('a job that fails as a whole is counted for its organization, and ends when one is done', async () => {
  await using place = await open({ people: 0 });
  const { sql } = place;
  await place.pipeline.start();
  await sql`revoke update on postrider.mailpiece from current_user`;
  const send = async (): Promise<void> => {
    const job = JSON.stringify({ organization_id: place.place.organizationId });
    await sql`
      select postrider.enqueue('reconcile', ${[crypto.randomUUID()]}::uuid[],
        ${[job]}::text[]::jsonb[], null)`;
  };
  await send();
  await until(async () =>
    (await failing(sql)).some(({ work, code }) => work === 'reconcile' && code === '42501'),
  );
  await sql`grant update on postrider.mailpiece to current_user`;
  await send();
  await until(async () => (await failing(sql)).length === 0);
});

void test('a lost connection and a stop are no fault of the work', async () => {
  const stop = new AbortController();
  let error = Object.assign(new Error('write CONNECTION_CLOSED'), { code: 'CONNECTION_CLOSED' });
  await using at = await watched({
    integrations: { audience: async () => await Promise.reject(error) },
    stopping: stop.signal,
  });
  const shop = await bakery(at.sql, 'Bakery');
  await workSync(at.context, shop.organizationId);
  assert.deepEqual(await works(at.sql), []);
  error = Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:443'), { code: 'ECONNREFUSED' });
  await workSync(at.context, shop.organizationId);
  assert.deepEqual(await works(at.sql), [['sync', 1]]);
  stop.abort();
  await workSync(at.context, shop.organizationId);
  assert.deepEqual(await works(at.sql), [['sync', 1]]);
});

void test('what is kept of an error holds no credentials and no e-mail, and an erasure blanks it', async () => {
  const secret =
    'GET https://bot:hunter2@cdp.example.com/v1/list?api_key=s3cr3t of ada@example.com: 401, ' +
    'Authorization: Bearer abc.def';
  await using at = await watched({
    integrations: { audience: async () => await Promise.reject(new Error(secret)) },
  });
  const shop = await bakery(at.sql, 'Bakery');
  await syncPeople(at.sql, shop, people(1));
  await workSync(at.context, shop.organizationId);
  const kept = (await failing(at.sql))[0]?.error ?? '';
  assert.match(kept, /^GET https:\/\/cdp\.example\.com\/v1\/list.* 401, Authorization/);
  for (const word of ['hunter2', 's3cr3t', 'ada@example.com', 'abc.def'])
    assert.ok(!kept.includes(word), kept);
  await at.sql`select postrider.erase((select recipient_id from postrider.recipient_state))`;
  assert.doesNotMatch((await failing(at.sql))[0]?.error ?? '', /cdp/);
});

void test('what is no longer tried does not fail for ever', async () => {
  await using at = await watched({
    integrations: { audience: async () => await Promise.reject(new Error('gone')) },
  });
  const { sql } = at;
  const [ended, left] = [await bakery(sql, 'Ended'), await bakery(sql, 'Left')];
  for (const { organizationId } of [ended, left]) await workSync(at.context, organizationId);
  await at.beat(60);
  assert.deepEqual((await works(sql)).length, 2);
  await sql`
    select postrider.end_campaign(${ended.organizationId}, ${ended.campaignId}, 'archived')`;
  await at.beat(60);
  assert.deepEqual((await works(sql)).length, 1);
  await turnClock(sql, DAY + 1000);
  await at.beat(60);
  assert.deepEqual(await works(sql), []);
});
