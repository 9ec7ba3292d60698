/** Lists: pages, cursors, filters. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiSpec } from '../../kit/openapi.ts';
import { lobHere, type Answered, type Lob } from './helpers.ts';

async function mailed({ create }: Lob, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let number = 0; number < count; number += 1) {
    const metadata = { mailpiece: `m-${number}`, odd: String(number % 2), campaign: 'a b' };
    ids.push((await create({ metadata })).body.id);
  }
  return ids;
}

function idsOf({ body }: Answered): string[] {
  return body.data.map(({ id }) => id);
}

test('pages go forwards and backwards, the newest first, and say how many there are', async (t) => {
  const lob = await lobHere(t);
  const ids = (await mailed(lob, 7)).toReversed();
  const follow = async (link: string | null): Promise<Answered> =>
    await lob.ask('GET', String(link).slice(`${lob.url}/v1`.length));
  const first = await lob.ask('GET', '/postcards?limit=3&include[]=total_count');
  const spec = await ApiSpec.read(new URL('../openapi.json', import.meta.url));
  assert.deepEqual(spec.answerViolations('postcards_list', 200, first.body), []);
  assert.deepEqual(
    [idsOf(first), first.body.total_count, first.body.count, first.body.previous_url],
    [ids.slice(0, 3), 7, 3, null],
  );
  const second = await follow(first.body.next_url);
  assert.deepEqual(idsOf(second), ids.slice(3, 6));
  const third = await follow(second.body.next_url);
  assert.deepEqual([idsOf(third), third.body.next_url], [ids.slice(6), null]);
  const back = await follow(third.body.previous_url);
  assert.deepEqual(idsOf(back), ids.slice(3, 6));
  assert.deepEqual(idsOf(await follow(back.body.previous_url)), ids.slice(0, 3));
  assert.equal((await lob.ask('GET', '/postcards')).body.total_count, undefined);
});

test('pieces are found by their metadata, however the client writes it', async (t) => {
  const lob = await lobHere(t);
  const ids = await mailed(lob, 4);
  const find = async (query: string): Promise<string[]> =>
    idsOf(await lob.ask('GET', `/postcards?${query}`));
  assert.deepEqual(await find('metadata[mailpiece]=m-2'), [ids[2]]);
  const json = encodeURIComponent(JSON.stringify({ mailpiece: 'm-2', campaign: 'a b' }));
  assert.deepEqual(await find(`metadata=${json}`), [ids[2]]);
  assert.deepEqual(await find('metadata[odd]=1&metadata[campaign]=a+b'), [ids[3], ids[1]]);
  assert.deepEqual(await find('metadata[odd]=1&metadata[mailpiece]=m-2'), []);
  assert.deepEqual(await find('metadata[__proto__]=1'), []);
});

test('a new piece is missing from lists until the read lag is over', async (t) => {
  const lob = await lobHere(t, { readLagMs: 60_000 });
  const [id] = await mailed(lob, 1);
  assert.deepEqual(idsOf(await lob.ask('GET', '/postcards?metadata[mailpiece]=m-0')), []);
  assert.equal((await lob.ask('GET', `/postcards/${id}`)).status, 200);
  await lob.twin.advance({ seconds: 61 });
  assert.deepEqual(idsOf(await lob.ask('GET', '/postcards?metadata[mailpiece]=m-0')), [id]);
});

test('lists are filtered by dates, size, status, class and plan, and sorted', async (t) => {
  const lob = await lobHere(t);
  const old = (await lob.create({ size: '4x6' })).body;
  await lob.twin.advance({ days: 2 });
  const dated = new Date(Date.parse(old.date_created) + 20 * 86_400_000).toISOString();
  const young = (await lob.create({ mail_type: 'usps_standard', send_date: dated })).body;
  const find = async (query: string): Promise<string[]> =>
    idsOf(await lob.ask('GET', `/postcards?${query}`));
  const middle = new Date(Date.parse(old.date_created) + 86_400_000).toISOString();
  assert.deepEqual(await find(`date_created[gt]=${middle}`), [young.id]);
  assert.deepEqual(await find(`date_created[lte]=${middle}`), [old.id]);
  assert.deepEqual(await find(`send_date[gte]=${dated.slice(0, 10)}`), [young.id]);
  assert.deepEqual(await find('size[]=4x6'), [old.id]);
  assert.deepEqual(await find('status=rendered'), [old.id]);
  assert.deepEqual(await find('mail_type=usps_standard'), [young.id]);
  assert.deepEqual(await find('scheduled=true'), [young.id]);
  assert.deepEqual(await find('sort_by[date_created]=asc'), [old.id, young.id]);
  assert.deepEqual(await find('sort_by[send_date]=desc'), [young.id, old.id]);
  await lob.ask('DELETE', `/postcards/${young.id}`);
  assert.equal((await find('')).length, 2);
});

test('what a list cannot be asked is refused', async (t) => {
  const { ask } = await lobHere(t, { listCancelled: false });
  for (const query of [
    'limit=0',
    'limit=101',
    'limit=x',
    'before=a&after=b',
    'after=nonsense',
    'status=lost',
    'date_created[about]=2026-01-01',
    'date_created[gt]=soon',
    'sort_by[size]=asc',
    'size[]=5x5',
  ]) {
    const { status, body } = await ask('GET', `/postcards?${query}`);
    assert.deepEqual([status, body.error.code], [422, 'invalid'], query);
  }
});
