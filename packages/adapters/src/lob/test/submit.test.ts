/** What Lob's answers prove of a piece, and what is never sent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contractContext } from '@postrider/core/contract';
import type { ArtworkCutter, PieceRequest } from '@postrider/core/ports';
import { ArtworkError } from '@postrider/core/ports';
import { openGuard, piece } from '../../../test/pieces.ts';
import { accountAt, liveKey, printerOf, testKey } from './accounts.ts';
import { kindOf, ordersAtTwin } from './orders.ts';

const lob = ordersAtTwin();
const { submitted, madeOf } = lob;

void test('a 429 is waited for and costs no answer; one that does not end is a retry', async () => {
  await lob.twin.fault({ kind: 'rate_limited', endpoint: 'create', count: 2 });
  const one = piece();
  assert.equal((await submitted(one)).outcome, 'accepted');
  assert.equal(await madeOf(one), 1);
});

void test('nothing is sent with a key, or by a connection, of the other mode', async () => {
  const before = (await lob.twin.requests('create')).length;
  const wrong = [
    accountAt(lob.url, { mode: 'test', key: testKey }),
    accountAt(lob.url, { mode: 'live', key: testKey }),
    accountAt(lob.url, { mode: 'live', key: 'nonsense' }),
  ];
  for (const account of wrong) {
    const [result] = await printerOf(account).submit([piece()], openGuard, contractContext());
    assert.equal(result?.outcome, 'refused', JSON.stringify(result));
    assert.equal(result.reason, 'wrong_mode');
  }
  const [test] = await printerOf(accountAt(lob.url)).submit(
    [{ ...piece(), mode: 'test' }],
    openGuard,
    contractContext(),
  );
  assert.equal(test?.outcome, 'refused');
  assert.equal((await lob.twin.requests('create')).length, before);
});

void test('without a key that can be read nothing is sent, and the account is held: no outcome is unknown', async () => {
  const account = accountAt(lob.url);
  const unread = Object.assign(new Error('connection lob-main: env:K is not set here'), {
    name: 'SecretError',
  });
  for (const secrets of [
    () => [],
    () => {
      throw unread;
    },
  ]) {
    const printer = printerOf({ ...account, secrets });
    const [result] = await printer.submit([piece()], openGuard, contractContext());
    assert.equal(result?.outcome, 'refused', JSON.stringify(result));
    assert.match(result.message, /^Not sent: .*(has no API key|env:K is not set here)/);
  }
});

void test('a key of the other mode proves no card absent, and lists none', async () => {
  const made = piece();
  assert.equal((await submitted(made)).outcome, 'accepted');
  const printer = printerOf(accountAt(lob.url, { mode: 'live', key: testKey }));
  await assert.rejects(
    async () => await printer.find([made], contractContext()),
    /lob-main is for live mode, and its key is for test mode/,
  );
  await assert.rejects(
    async () => await printer.list?.(new Date(0), null, contractContext()),
    /cannot be listed: Not sent/,
  );
});

void test('an answer about another mailpiece is never accepted', async () => {
  const first = piece();
  const accepted = await submitted(first);
  assert.equal(accepted.outcome, 'accepted');
  const second = { ...piece(), idempotencyKey: first.idempotencyKey };
  const result = await submitted(second);
  assert.equal(result.outcome, 'mismatched', JSON.stringify(result));
  assert.equal(result.providerId, accepted.providerId);
  assert.match(result.message, new RegExp(first.reference.mailpieceId));
});

void test('a piece tells until when it can be called back, and no price', async () => {
  const result = await submitted(piece());
  assert.equal(result.outcome, 'accepted');
  assert.equal(result.price, null);
  assert.ok(Date.parse(result.cancellableUntil ?? '') > 0);
  assert.match(result.links?.proof ?? '', /^https:/);
});

void test('what Lob does not print is not sent, and nothing is cut', async () => {
  const one = piece();
  const to = (changes: object) => ({ ...one.to, address: { ...one.to.address, ...changes } });
  const before = (await lob.twin.requests('create')).length;
  const misfits: readonly (readonly [PieceRequest, string])[] = [
    [{ ...one, format: '5x7' }, 'artwork'],
    [{ ...one, mailClass: 'courier' }, 'artwork'],
    [{ ...one, mailClass: 'standard' }, 'artwork'],
    [{ ...one, to: to({ country: 'CA' }) }, 'address'],
    [{ ...one, to: to({ line2: 'x'.repeat(40) }) }, 'address'],
    [{ ...one, to: { ...one.to, name: 'N'.repeat(41) } }, 'address'],
  ];
  for (const [wrong, meaning] of misfits)
    assert.equal(kindOf(await submitted(wrong)), meaning, JSON.stringify(wrong.to));
  assert.equal((await lob.twin.requests('create')).length, before);
  const longest = {
    ...one,
    to: { name: 'N'.repeat(40), address: to({ line2: 'x'.repeat(35) }).address },
  };
  assert.equal((await submitted(longest)).outcome, 'accepted');
});

void test('artwork that cannot be had is a retry, and artwork that cannot be printed is the campaign’s', async () => {
  const failing = (kind: 'unreachable' | 'unusable'): ArtworkCutter => ({
    cut: () => Promise.reject(new ArtworkError(kind, 'The document is not there.')),
  });
  const unreachable = contractContext({ artwork: failing('unreachable') });
  assert.equal((await submitted(piece(), {}, unreachable)).outcome, 'retry');
  const unusable = contractContext({ artwork: failing('unusable') });
  assert.equal(kindOf(await submitted(piece(), {}, unusable)), 'artwork');
});

void test('a link is sent only where Lob takes it', async () => {
  const linked = (link: string, page = 1): PieceRequest => ({
    ...piece(),
    artwork: { front: { url: link, page }, back: { url: link, page } },
  });
  const options = { artwork: 'links' };
  const printer = printerOf(accountAt('http://127.0.0.1:1'), options);
  assert.equal(printer.takesWholeFiles, true, 'it is refused at apply where they are none');
  const good = linked('https://cards.example.com/a/front.pdf');
  assert.equal((await submitted(good, options)).outcome, 'accepted');
  const bad = [
    linked('https://cards.example.com/a/front.pdf?token=1'),
    linked('https://imagedelivery.net/hash/id/variant'),
    linked('http://cards.example.com/front.pdf'),
    linked('https://cards.example.com/front.jpeg'),
    linked('https://cards.example.com/a/front.pdf', 2),
  ];
  for (const one of bad) {
    const result = await submitted(one, options);
    assert.equal(kindOf(result), 'artwork', JSON.stringify(result));
    assert.doesNotMatch(JSON.stringify(result), /token=1/);
  }
});

void test('both sides travel as bytes, with our reference and no key but in its header', async () => {
  const one = piece();
  await submitted(one);
  const lines = await lob.twin.ledger();
  const made = lines.find(({ metadata }) => metadata['mailpiece'] === one.reference.mailpieceId);
  assert.equal(made?.key, one.idempotencyKey);
  assert.equal(made.front.kind, 'file');
  assert.equal(made.back.kind, 'file');
  assert.deepEqual(made.metadata, {
    organization: one.reference.organizationId,
    campaign: one.reference.campaignId,
    recipient: one.reference.recipientId,
    mailpiece: one.reference.mailpieceId,
    key: one.idempotencyKey,
  });
});

void test('nothing of a record or a result holds the key of the account', async () => {
  const records: unknown[] = [];
  const context = contractContext({ calls: { record: (call) => records.push(call) } });
  const results = [await submitted(piece(), {}, context)];
  await lob.twin.fault({ kind: 'expired_key', endpoint: 'create' });
  results.push(await submitted(piece(), {}, context));
  assert.equal(records.length, 2);
  const text = JSON.stringify([records, results]);
  assert.doesNotMatch(text, new RegExp(liveKey));
  assert.doesNotMatch(text, new RegExp(Buffer.from(`${liveKey}:`).toString('base64').slice(0, 10)));
});

void test('a key is never taken for known after the 24 hours in which Lob keeps it', () => {
  const made = (keyLifetimeMs: number) => () =>
    printerOf(accountAt('http://127.0.0.1:9'), { keyLifetimeMs });
  assert.throws(made(86_400_001), {
    name: 'AdapterConfigError',
    message: /24 hours.*second card/,
  });
  assert.equal(made(86_400_000)().keyLifetimeMs, 86_400_000);
});
