/**
 * Whatever Lob, or something in its place, answers: nothing crashes, and an answer that cannot be
 * read is unknown. It never accepts, rejects or proves anything.
 */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { contractContext } from '@postrider/core/contract';
import type { Printer } from '@postrider/core/ports';
import { lobTwinClient, startLob } from '@postrider/twins/lob';
import { pollAnswer } from '../../../../core/src/stages/track/event-answers.ts';
import { temporaryFolder } from '../../../test/helpers.ts';
import { inputsOf } from '../../../test/malformed.ts';
import { answering, loosely, type Answering, type Loose } from '../../../test/malformed-answers.ts';
import { openGuard, piece } from '../../../test/pieces.ts';
import { accountAt, liveKey, printerOf } from './accounts.ts';

let answers: Answering;
let printer: Printer;
const one = piece();
const { mailpieceId } = one.reference;
/** As the twin has them. */
const real: Record<'created' | 'list' | 'travelled' | 'none' | 'deleted' | 'refused', unknown> = {
  created: null,
  list: null,
  travelled: null,
  none: null,
  deleted: null,
  refused: null,
};
let made = '';

before(async () => {
  const folder = await temporaryFolder();
  const twin = await startLob({ folder, keys: [liveKey], daysPerSecond: 0, log: () => undefined });
  try {
    const authorization = `Basic ${Buffer.from(`${liveKey}:`).toString('base64')}`;
    const ask = async (path: string, method = 'GET'): Promise<unknown> =>
      await (
        await fetch(`${twin.url}/v1/postcards${path}`, { method, headers: { authorization } })
      ).json();
    const [result] = await printerOf(accountAt(twin.url)).submit(
      [one],
      openGuard,
      contractContext(),
    );
    assert.ok(result?.outcome === 'accepted');
    made = result.providerId;
    real.created = await ask(`/${made}`);
    real.list = await ask('?limit=10');
    real.none = await ask('?metadata[mailpiece]=nobody');
    real.refused = await ask('/psc_0000000000000000');
    real.deleted = await ask(`/${made}`, 'DELETE');
    await printerOf(accountAt(twin.url)).submit([piece()], openGuard, contractContext());
    await lobTwinClient(twin.url, liveKey).advance({ days: 8 });
    real.travelled = await ask('?limit=10');
  } finally {
    await twin.stop();
  }
  answers = await answering();
  printer = printerOf(accountAt(answers.url));
});

function ours(value: Loose): boolean {
  return (value?.['metadata'] as Loose)?.['mailpiece'] === mailpieceId;
}

/** Asks with answers of these bodies. */
async function answered(
  of: (body: Buffer, status: number) => Promise<void>,
  whole: readonly unknown[],
): Promise<void> {
  await answers.often(inputsOf(6), whole, of);
}

function made200(status: number): boolean {
  return status >= 200 && status < 300;
}

void test('an answer to an order accepts only our own card, and what cannot be read is unknown', async () => {
  await answered(
    async (body, status) => {
      const [result] = await printer.submit([one], openGuard, contractContext());
      const value = loosely(body);
      const id = value?.['id'];
      const code = (value?.['error'] as Loose)?.['code'];
      switch (result?.outcome) {
        case 'accepted':
          assert.ok(made200(status) && ours(value) && id === result.providerId && id !== '');
          return;
        case 'mismatched':
          assert.ok(made200(status) && !ours(value) && id === result.providerId && id !== '');
          return;
        case 'refused':
          assert.ok(status >= 400 && status < 500 && status !== 408 && status !== 409);
          return;
        case 'rejected':
          assert.ok(status >= 400 && status < 500 && typeof code === 'string');
          return;
        case 'unknown':
          assert.ok(!(made200(status) && ours(value) && typeof id === 'string' && id !== ''));
          return;
        case 'retry':
        case undefined:
          assert.fail(`${status} ${body.toString()}: ${JSON.stringify(result)}`);
      }
    },
    [real.created, real.refused, real.deleted, real.list],
  );
});

void test('an answer to a look-up finds only our own card, and only a whole and empty list is absent', async () => {
  await answered(
    async (body, status) => {
      const [result] = await printer.find([one], contractContext());
      const value = loosely(body);
      const data = value?.['data'];
      const list = Array.isArray(data) ? (data as Loose[]) : null;
      if (result?.outcome === 'found') {
        const { providerId } = result;
        assert.ok(
          status === 200 && list?.some((card) => ours(card) && card?.['id'] === providerId),
        );
      }
      if (result?.outcome === 'absent') {
        assert.ok(status === 200 && list?.length === 0, body.toString());
        assert.ok((value?.['count'] ?? 0) === 0, `it counts more: ${body.toString()}`);
        assert.ok((value?.['next_url'] ?? null) === null, `more would follow: ${body.toString()}`);
      }
    },
    [real.list, real.none, real.created, real.refused],
  );
});

void test('an answer to a call-back says that it was called back only where it says so of this card', async () => {
  await answered(
    async (body, status) => {
      const [result] = await printer.cancel([made], contractContext());
      const value = loosely(body);
      if (result?.outcome === 'cancelled')
        assert.ok(status === 200 && value?.['id'] === made && value['deleted'] === true);
      if (result?.outcome === 'too_late')
        assert.match(String((value?.['error'] as Loose)?.['code']), /^not_deletable$/i);
    },
    [
      real.deleted,
      real.refused,
      real.created,
      { error: { code: 'not_deletable', message: 'Too late.', status_code: 422 } },
    ],
  );
});

void test('a page of a list is one, or is refused in words; what it tells is read or left out', async () => {
  await answered(
    async (body, status) => {
      const since = new Date(0);
      const { list, poll } = printer;
      assert.ok(list !== undefined && poll !== undefined);
      const [listed, polled] = await Promise.allSettled([
        list(since, null, contractContext()),
        poll(null, contractContext()),
      ]);
      for (const answer of [listed, polled]) {
        if (answer.status !== 'rejected') continue;
        assert.match(String(answer.reason), /^Error: Its pieces cannot be listed: /);
      }
      if (polled.status === 'rejected') assert.equal(listed.status, 'rejected', body.toString());
      if (polled.status !== 'fulfilled') return;
      const value = loosely(body);
      const data = value?.['data'];
      assert.ok(status === 200 && Array.isArray(data));
      if (listed.status === 'fulfilled') {
        assert.equal(listed.value.pieces.length, data.length, body.toString());
        assert.equal((value?.['next_url'] ?? null) === null, listed.value.cursor === null);
      }
      pollAnswer(polled.value, new Date());
    },
    [real.list, real.travelled, real.none, real.refused],
  );
});

void test('words that are names of anything else in a program are words like others', async () => {
  const names = ['constructor', 'toString', '__proto__', 'valueOf', 'Re-Routed'];
  const events = names.map((name, index) => ({ id: `evnt_${index}`, name, time: null }));
  const card = { id: 'psc_1', tracking_events: events, date_created: '2026-11-24T10:00:00Z' };
  answers.give(200, Buffer.from(JSON.stringify({ data: [card] })));
  const polled = await printer.poll?.(null, contractContext());
  assert.deepEqual(
    polled?.events.map((event) => ('unusable' in event ? null : event.status)),
    ['accepted', null, null, null, null, 'rerouted'],
  );
});

for (const [what, body] of [
  ['counts more than it has', { data: [], object: 'list', count: 1, next_url: null }],
  [
    'says that more follows',
    { data: [], object: 'list', next_url: 'https://api.lob.com/?after=a' },
  ],
  ['has cards of others only', { data: [{ id: 'psc_1', metadata: { mailpiece: 'x' } }], count: 1 }],
] as const)
  void test(`a list that ${what} does not prove that a card is absent`, async () => {
    answers.give(200, Buffer.from(JSON.stringify(body)));
    const [result] = await printer.find([one], contractContext());
    assert.equal(result?.outcome, 'cannot_tell', JSON.stringify(result));
  });

for (const [what, page] of [
  ['a card that cannot be read', { data: [{ id: 'psc_1' }, { id: 7 }], next_url: null }],
  ['a link to more without a place', { data: [{ id: 'psc_1' }], next_url: 'https://api.lob.com' }],
  ['a link to more that is none', { data: [{ id: 'psc_1' }], next_url: { after: 'a' } }],
  ['fewer cards than it counts', { data: [{ id: 'psc_1' }], next_url: null, count: 2 }],
] as const)
  void test(`a page with ${what} is no page of a list by which a restore is concluded, and is polled all the same`, async () => {
    answers.give(200, Buffer.from(JSON.stringify(page)));
    const listed = printer.list?.(new Date(0), null, contractContext());
    await assert.rejects(
      listed ?? assert.fail('it lists'),
      /^Error: Its pieces cannot be listed: /,
    );
    const polled = await printer.poll?.(null, contractContext());
    assert.equal(polled?.events.length, 1);
  });
