/** What of a request, an answer or a webhook is about one card: the rest is of other people. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepOwnBody, keepOwnText, WITHHELD } from '../src/claims/keep-own.ts';
import { REMOVED, withoutSecrets } from '../src/claims/without-secrets.ts';

const mine = '01a22be6-f796-716b-bec3-e5b915e48582';
const other = '01a22be6-f796-716b-bec3-000000000000';
const card = { ids: [mine, 'psc_mine'], documents: ['https://images.test/cohort.pdf'] };

function kept(body: unknown): string {
  return JSON.stringify(keepOwnBody(JSON.stringify(body), card, 'unknown'));
}

/** A card as a printer tells of it. */
function told(id: string, reference: string, who: string): Record<string, unknown> {
  return {
    id,
    metadata: { mailpiece: reference },
    to: { name: who, address_line1: `1 ${who} Street` },
    tracking_events: [{ name: 'In Transit', location: '94607' }],
  };
}

void test('the answer about the card stays whole, its scans and its own address with it', () => {
  const own = told('psc_mine', mine, 'Ada');
  assert.equal(kept(own), JSON.stringify(own));
});

void test('of a list, a map or a batch only the card itself stays', () => {
  const [own, others] = [told('psc_mine', mine, 'Ada'), told('psc_other', other, 'Mallory')];
  for (const body of [
    { object: 'list', data: [others, own, others], count: 3 },
    [others, own],
    { results: { [mine]: own, [other]: others } },
    {
      batch: {
        cards: [
          { reference: mine, to: own['to'] },
          { reference: other, to: others['to'] },
        ],
      },
    },
    {
      events: [
        { piece: 'psc_mine', body: own },
        { piece: 'psc_other', body: others },
      ],
    },
    { cards: [own], recipients: ['Mallory'], addresses: [{ line1: '1 Mallory Street' }] },
    { first: others, second: own },
    { ...own, replaces: others },
  ]) {
    const text = kept(body);
    assert.doesNotMatch(text, /Mallory/, text);
    assert.match(text, /Ada/);
  }
  assert.match(kept([others, own, others]), /withheld: about other cards\] ×2/);
});

void test('an answer about another card is no answer about this one', () => {
  assert.equal(kept(told('psc_other', other, 'Mallory')), JSON.stringify(WITHHELD));
  assert.doesNotMatch(kept({ data: [told('psc_other', other, 'Mallory')] }), /Mallory/);
  assert.doesNotMatch(kept({ error: { message: 'x', recipient: 'Mallory' } }), /Mallory/);
  assert.match(kept({ error: { message: 'not found', code: 'x' } }), /not found/);
});

void test('what is no JSON stays only where it was sent for the card alone', () => {
  const form = 'to[name]: [3 bytes, SHA-256 x] "Ada"\nfile: [9 bytes]';
  const { head, body } = keepOwnText(`POST https://x.test/cards\n\n${form}`, card, 'own');
  assert.deepEqual([head, body], ['POST https://x.test/cards', form]);
  assert.equal(keepOwnText(`POST https://x.test/cards\n\n${form}`, card, 'unknown').body, WITHHELD);
  assert.equal(keepOwnBody('<p>Mallory</p>', card, 'unknown'), WITHHELD);
  assert.equal(keepOwnBody('not found', card, 'unknown'), 'not found');
  const hashed = `[9000 bytes, SHA-256 ${'a'.repeat(64)}]`;
  assert.equal(keepOwnBody(hashed, card, 'unknown'), hashed);
});

void test('secrets, signed links, documents and places on our disk go from wherever they stand', () => {
  const text = kept({
    id: 'psc_mine',
    url: 'https://assets.test/psc_mine.pdf?version=v1&signature=abcdef',
    api_key: 'something',
    note: 'by live_0123456789abcdef, Bearer abc.def-ghi, https://me:pw@x.test/y, file:///home/me/c.pdf',
    artwork: 'https://images.test/cohort.pdf',
  });
  for (const secret of ['abcdef', 'something', 'ghi', 'pw@', '/home/me', 'cohort.pdf'])
    assert.ok(!text.includes(secret), `${secret} in ${text}`);
  assert.match(text, /https:\/\/assets\.test\/psc_mine\.pdf\?\[removed\]/);
  assert.equal(withoutSecrets('idempotency-key: 7'), 'idempotency-key: 7');
  assert.equal(kept({ id: 'psc_mine', secret: 'x' }), `{"id":"psc_mine","secret":"${REMOVED}"}`);
});
