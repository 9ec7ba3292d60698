/** The twin is believed because Lob's own client works against it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AddressEditable,
  Configuration,
  MailType,
  MultipleComponents,
  MultipleComponentsList,
  PostcardEditable,
  PostcardSize,
  PostcardsApi,
  UsVerificationsApi,
  UsVerificationsWritable,
} from '@lob/lob-typescript-sdk';
import { harry, LIVE, lobHere, TEST } from './helpers.ts';

function card(mailpiece: string): PostcardEditable {
  return new PostcardEditable({
    to: new AddressEditable(harry),
    front: 'https://cdn.example.com/front.pdf',
    back: '<html>back</html>',
    size: '6x9',
    use_type: 'marketing',
    metadata: { mailpiece, campaign: 'spring sale' },
  });
}

test('the official client makes, repeats, finds, lists and cancels postcards', async (t) => {
  const lob = await lobHere(t);
  const postcards = new PostcardsApi(
    new Configuration({ username: LIVE, basePath: `${lob.url}/v1` }),
  );
  const first = await postcards.create(card('m-0'), 'key-0');
  assert.match(first.id, /^psc_/);
  assert.equal((await postcards.create(card('m-0'), 'key-0')).id, first.id);
  const ids = [first.id];
  for (const number of [1, 2, 3, 4])
    ids.unshift((await postcards.create(card(`m-${number}`), `key-${number}`)).id);
  const found = await postcards.get(first.id);
  assert.deepEqual(
    [found.metadata, found.size, found.carrier],
    [{ mailpiece: 'm-0', campaign: 'spring sale' }, '6x9', 'USPS'],
  );

  const all = { campaign: 'spring sale' };
  const list = (before?: string, after?: string) =>
    postcards.list(2, before, after, ['total_count'], undefined, all);
  const one = await list();
  assert.equal(one.total_count, 5);
  const two = await list(undefined, one.nextPageToken);
  const three = await list(undefined, two.nextPageToken);
  assert.deepEqual(
    [one, two, three].map(({ data = [] }) => data.map(({ id }) => id)),
    [ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)],
  );
  assert.equal(three.nextPageToken, undefined);
  const back = await list(three.previousPageToken);
  assert.deepEqual(
    back.data?.map(({ id }) => id),
    ids.slice(2, 4),
  );
  const byPiece = await postcards.list(
    10,
    undefined,
    undefined,
    undefined,
    { gt: '2020-01-01' },
    { mailpiece: 'm-3' },
    [PostcardSize._6x9],
    false,
    undefined,
    MailType.FirstClass,
    { date_created: 'asc' },
  );
  assert.deepEqual(
    byPiece.data?.map(({ id }) => id),
    [ids[1]],
  );

  assert.equal((await postcards.cancel(first.id)).deleted, true);
  await lob.twin.advance({ seconds: 301 });
  const late: unknown = await postcards.cancel(String(ids[0])).catch((error: unknown) => error);
  assert.ok(late instanceof Error);
  const [line] = await lob.twin.ledger();
  assert.equal(line?.state, 'cancelled');
});

test('the official client verifies addresses, and is told what is wrong with its key', async (t) => {
  const lob = await lobHere(t);
  const at = (username: string) => new Configuration({ username, basePath: `${lob.url}/v1` });
  const verifications = new UsVerificationsApi(at(TEST));
  const asked = { primary_line: 'missing unit', zip_code: '11111' };
  const single = await verifications.verifySingle(new UsVerificationsWritable(asked));
  assert.equal(single.deliverability, 'deliverable_missing_unit');
  const addresses = [1, 2].map(() => new MultipleComponents(asked));
  const bulk = await verifications.verifyBulk(new MultipleComponentsList({ addresses }));
  assert.equal(bulk.addresses?.length, 2);
  const stranger = new PostcardsApi(at('live_stranger'));
  const refused: unknown = await stranger.list().catch((error: unknown) => error);
  assert.match(String(refused), /not valid|401/i);
});
