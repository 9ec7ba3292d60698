/** Making, finding and cancelling postcards. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ApiSpec } from '../../kit/openapi.ts';
import { harry, LIVE, lobHere, TEST, type postcard } from './helpers.ts';

const specUrl = new URL('../openapi.json', import.meta.url);

test('a postcard is made as the spec says, and is found again by its id', async (t) => {
  const { create, ask, twin } = await lobHere(t);
  const spec = await ApiSpec.read(specUrl);
  const made = await create({ merge_variables: { a: 1 }, print_speed: 'core' });
  assert.equal(made.status, 200);
  assert.deepEqual(spec.answerViolations('postcard_create', 200, made.body), []);
  const { id, to, metadata, date_created: created, send_date: sent } = made.body;
  assert.match(id, /^psc_[0-9a-f]{16}$/);
  assert.deepEqual(metadata, { mailpiece: 'm-1' });
  assert.equal(to['address_line1'], '210 KING ST');
  assert.equal(to['address_country'], 'UNITED STATES');
  // The window in which it can be cancelled.
  assert.equal(Date.parse(sent) - Date.parse(created), 300_000);
  const found = await ask('GET', `/postcards/${id}`);
  assert.deepEqual({ ...found.body, url: 0 }, { ...made.body, url: 0 });
  const [line, ...more] = await twin.ledger();
  assert.equal(more.length, 0);
  assert.deepEqual(
    [line?.id, line?.mode, line?.state, line?.key, line?.events],
    [id, 'live', 'live', null, ['created']],
  );
});

test('each mode has its own pieces, and a wrong key has none', async (t) => {
  const { create, ask } = await lobHere(t);
  const { id } = (await create()).body;
  assert.equal((await ask('GET', `/postcards/${id}`, { key: TEST })).status, 404);
  assert.equal((await ask('DELETE', `/postcards/${id}`, { key: TEST })).status, 404);
  assert.equal((await ask('GET', '/postcards', { key: TEST })).body.count, 0);
  const wrong = await ask('GET', '/postcards', { key: 'live_other' });
  assert.deepEqual([wrong.status, wrong.body.error.code], [401, 'invalid_api_key']);
  const none = await ask('GET', '/postcards', { headers: { authorization: 'Bearer x' } });
  assert.deepEqual([none.status, none.body.error.code], [401, 'unauthorized']);
  const published = await create({}, { key: 'live_pub_ours' });
  assert.deepEqual(
    [published.status, published.body.error.code],
    [403, 'publishable_key_not_allowed'],
  );
  assert.equal(
    (await ask('GET', '/letters', { key: LIVE })).body.error.code,
    'unrecognized_endpoint',
  );
});

test('forms and multipart forms say the same as JSON', async (t) => {
  const { ask, twin } = await lobHere(t);
  const fields: Record<string, string> = {
    'to[name]': harry.name,
    'to[address_line1]': harry.address_line1,
    'to[address_city]': harry.address_city,
    'to[address_state]': 'CA',
    'to[address_zip]': '94107',
    'metadata[mailpiece]': 'form',
    'merge_variables[name]': 'Harry',
    front: '<html>front</html>',
    back: 'tmpl_1a',
    size: '6x11',
    use_type: 'operational',
    fsc: 'true',
    'qr_code[position]': 'relative',
    'qr_code[redirect_url]': 'https://www.lob.com',
    'qr_code[width]': '2.5',
  };
  const encoded = await ask('POST', '/postcards', {
    body: new URLSearchParams(fields).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  assert.equal(encoded.status, 200, JSON.stringify(encoded.body));
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  const multipart = await ask('POST', '/postcards', { body: form });
  assert.equal(multipart.status, 200, JSON.stringify(multipart.body));
  for (const { body } of [encoded, multipart]) {
    const { metadata, to } = body;
    assert.deepEqual([metadata, to['name']], [{ mailpiece: 'form' }, 'HARRY ZHANG']);
  }
  const ledger = await twin.ledger();
  assert.deepEqual(
    ledger.map(({ back }) => back),
    [
      { kind: 'template', value: 'tmpl_1a' },
      { kind: 'template', value: 'tmpl_1a' },
    ],
  );
  const odd = await ask('POST', '/postcards', {
    body: 'a',
    headers: { 'content-type': 'text/plain' },
  });
  assert.deepEqual([odd.status, odd.body.error.code], [422, 'bad_request']);
});

test('a piece is cancelled for nothing until it is sent, and not after', async (t) => {
  const { create, ask, twin } = await lobHere(t);
  const [one, two] = [(await create()).body.id, (await create()).body.id];
  const cancelled = await ask('DELETE', `/postcards/${one}`);
  assert.deepEqual([cancelled.status, cancelled.body], [200, { id: one, deleted: true }]);
  // Again, as after a lost answer.
  assert.equal((await ask('DELETE', `/postcards/${one}`)).status, 200);
  assert.equal((await ask('GET', `/postcards/${one}`)).body.deleted, true);
  await twin.advance({ seconds: 301 });
  const late = await ask('DELETE', `/postcards/${two}`);
  assert.deepEqual([late.status, late.body.error.code], [422, 'not_deletable']);
  const dated = new Date(Date.now() + 10 * 86_400_000).toISOString();
  const three = (await create({ send_date: dated })).body;
  assert.equal(three.send_date, dated);
  await twin.advance({ days: 5 });
  assert.equal((await ask('DELETE', `/postcards/${three.id}`)).status, 200);
  assert.deepEqual(
    (await twin.ledger()).map(({ state }) => state),
    ['cancelled', 'live', 'cancelled'],
  );
});

test('the examples of the spec are what the twin would take and tell', async (t) => {
  const { ask } = await lobHere(t);
  interface Examples {
    readonly paths: Record<
      string,
      Record<string, { requestBody: { content: Record<string, { example: typeof postcard }> } }>
    >;
  }
  const { paths } = JSON.parse(readFileSync(specUrl, 'utf8')) as Examples;
  const { content } = paths['/postcards']?.['post']?.requestBody ?? { content: {} };
  const example = content['application/json']?.example;
  assert.ok(example !== undefined);
  const in2017 = await ask('POST', '/postcards', { body: example });
  // Of the file's own making: its texts for numbers, and its date is past.
  assert.equal(in2017.body.error.message, 'qr_code.top must be number');
  const form = new FormData();
  const put = (name: string, value: unknown): void => {
    if (typeof value === 'object' && value !== null)
      for (const [inner, one] of Object.entries(value)) put(`${name}[${inner}]`, one);
    else form.set(name, String(value));
  };
  for (const [name, value] of Object.entries(example)) if (name !== 'send_date') put(name, value);
  const taken = await ask('POST', '/postcards', { body: form });
  assert.equal(taken.status, 200, JSON.stringify(taken.body));
});
