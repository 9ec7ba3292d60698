/** What Lob refuses, by its codes; nothing is made then. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiSpec } from '../../kit/openapi.ts';
import { harry, lobHere, TEST, type Lob } from './helpers.ts';
import { pngHeader, pdfOf } from './files.ts';

const france = {
  name: 'Ada',
  address_line1: '1 Rue',
  address_city: 'Paris',
  address_zip: '75001',
  address_country: 'FR',
};

/** By code: what is changed of a good postcard, so that it is refused. */
const bodies: readonly (readonly [code: string, changes: object])[] = [
  ['mail_use_type_can_not_be_null', { use_type: undefined }],
  ['mail_use_type_can_not_be_null', { use_type: 'fun' }],
  ['invalid', { size: '5x7' }],
  ['invalid', { to: { ...harry, address_zip: '941' } }],
  ['invalid', { to: { ...harry, address_state: 'California' } }],
  ['invalid', { to: { ...harry, name: 'x'.repeat(41) } }],
  ['invalid', { to: { ...harry, name: undefined } }],
  ['invalid', { to: undefined }],
  ['invalid', { front: 'no artwork' }],
  ['invalid', { front: `<${'x'.repeat(10_000)}` }],
  ['invalid', { metadata: { nested: { a: 'b' } } }],
  ['invalid', { metadata: { quoted: 'a"b' } }],
  ['invalid', { metadata: { ['x'.repeat(41)]: 'a' } }],
  ['invalid', { metadata: Object.fromEntries(Array.from({ length: 21 }, (_, n) => [n, ''])) }],
  ['invalid', { send_date: '2020-01-01' }],
  ['invalid', { send_date: 'soon' }],
  ['invalid', { size: '4x6', mail_type: 'usps_standard' }],
  ['invalid', { merge_variables: { text: 'x'.repeat(25_000) } }],
  ['merge_variable_whitespace', { merge_variables: { 'a b': 1 } }],
  ['special_characters_restricted', { merge_variables: { 'a&b': 1 } }],
  ['invalid_file_url', { front: 'https://cdn.example.com/front.jpeg' }],
  ['invalid_file_url', { back: 'https://cdn.example.com/back.pdf?signed=1' }],
  ['invalid_file_url', { back: 'http://cdn.example.com/back.pdf' }],
  [
    'address_length_exceeds_limit',
    { to: { ...harry, address_line1: 'x'.repeat(40), address_line2: 'y'.repeat(11) } },
  ],
  [
    'failed_deliverability_strictness',
    { to: { ...harry, address_line1: 'Undeliverable no match' } },
  ],
  ['foreign_return_address', { from: { ...france, address_state: 'CA' } }],
  ['invalid_international_feature', { to: france, from: harry }],
  ['invalid', { to: france, size: '4x6' }],
  ['not_found', { to: 'adr_0123456789abcdef' }],
];

for (const [code, changes] of bodies) {
  test(`${code}: ${JSON.stringify(changes).slice(0, 60)}`, async (t) => {
    const { create, twin } = await lobHere(t);
    const spec = await ApiSpec.read(new URL('../openapi.json', import.meta.url));
    const { status, body } = await create(changes);
    assert.deepEqual([status, body.error.code], [code === 'not_found' ? 404 : 422, code]);
    assert.deepEqual(spec.answerViolations('postcard_create', status, body), []);
    assert.notEqual(body.error.message, '');
    assert.equal((await twin.ledger()).length, 0);
  });
}

test('a good postcard abroad is taken', async (t) => {
  const { create } = await lobHere(t);
  const abroad = await create({ to: france, from: harry, size: '4x6' });
  assert.equal(abroad.status, 200, JSON.stringify(abroad.body));
  assert.equal(abroad.body.to['address_country'], 'FRANCE');
  const spec = await ApiSpec.read(new URL('../openapi.json', import.meta.url));
  assert.deepEqual(spec.answerViolations('postcard_create', 200, abroad.body), []);
});

test('the message of a refused address says which field it is', async (t) => {
  const { create } = await lobHere(t);
  const { body } = await create({ to: { ...harry, address_zip: 'x' } });
  assert.match(body.error.message, /^to\.address_zip must match pattern/);
  const missing = await create({ to: { ...harry, address_line1: undefined } });
  assert.equal(missing.body.error.message, 'to.address_line1 is required');
});

async function withFile(lob: Lob, bytes: Uint8Array<ArrayBuffer>, type = 'application/pdf') {
  const form = new FormData();
  for (const [name, value] of Object.entries(harry)) form.set(`to[${name}]`, value);
  form.set('size', '6x9');
  form.set('use_type', 'marketing');
  form.set('front', new Blob([bytes], { type }), 'front-1 of 2.pdf');
  form.set('back', '<html>back</html>');
  return await lob.ask('POST', '/postcards', { body: form });
}

test('a PDF has one page of the size that was ordered, with bleed', async (t) => {
  const lob = await lobHere(t);
  const codeOf = async (pages: readonly (readonly [number, number])[], plain = true) => {
    const { status, body } = await withFile(lob, await pdfOf(pages, plain));
    return status === 200 ? 'made' : body.error.code;
  };
  for (const plain of [true, false]) {
    assert.equal(await codeOf([[9.25, 6.25]], plain), 'made');
    assert.equal(await codeOf([[6.25, 9.25]], plain), 'made');
    assert.equal(await codeOf([[9, 6]], plain), 'invalid_file_dimensions');
    assert.equal(await codeOf([[11.25, 6.25]], plain), 'invalid_file_dimensions');
    const two: readonly (readonly [number, number])[] = [
      [9.25, 6.25],
      [9.25, 6.25],
    ];
    assert.equal(await codeOf(two, plain), 'file_pages_exceed_max');
    assert.equal(
      await codeOf(
        [
          [9.25, 6.25],
          [4, 4],
        ],
        plain,
      ),
      'inconsistent_page_dimensions',
    );
  }
  const [line, ...more] = (await lob.twin.ledger()).toReversed();
  assert.equal(more.length, 3);
  assert.equal(line?.front.kind, 'file');
  const [logged] = await lob.twin.requests('create');
  assert.deepEqual(Object.keys((logged?.fields as { front: object } | undefined)?.front ?? {}), [
    'file',
    'type',
    'bytes',
    'sha256',
  ]);
});

test('what is no file that Lob can print is refused by what is wrong with it', async (t) => {
  const lob = await lobHere(t);
  const codeOf = async (bytes: Uint8Array<ArrayBuffer>, type?: string): Promise<string> =>
    (await withFile(lob, bytes, type)).body.error?.code ?? 'made';
  const text = (words: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(words);
  assert.equal(await codeOf(text('no PDF')), 'invalid_file');
  assert.equal(await codeOf(text('%PDF-1.7 cut off')), 'invalid_file');
  assert.equal(await codeOf(new Uint8Array(5 * 1024 * 1024 + 1)), 'file_size_exceeds_limit');
  assert.equal(await codeOf(pngHeader(2775, 1875), 'image/png'), 'made');
  assert.equal(await codeOf(pngHeader(1000, 675), 'image/png'), 'invalid_image_dpi');
  assert.equal(await codeOf(pngHeader(2775, 2775), 'image/png'), 'invalid_file_dimensions');
  assert.equal(await codeOf(text('GIF89a'), 'image/gif'), 'invalid_file');
  const encrypted = Buffer.from(await pdfOf([[9.25, 6.25]], true)).toString('latin1');
  const dictionary = encrypted.replace('/Root', '/Encrypt << /V 1 >> /Root');
  assert.equal(await codeOf(Uint8Array.from(Buffer.from(dictionary, 'latin1'))), 'pdf_encrypted');
});

test('artwork of any https address is taken where the pattern is not enforced', async (t) => {
  const { create, twin } = await lobHere(t, { urlPattern: false });
  const front = 'https://cdn.example.com/front.jpeg?signed=1';
  assert.equal((await create({ front })).status, 200);
  assert.deepEqual((await twin.ledger())[0]?.front, { kind: 'url', value: front });
  assert.equal((await create({ front: 'http://cdn.example.com/a.pdf' })).status, 422);
});

test('an account with a default use type needs none', async (t) => {
  const { create } = await lobHere(t, { defaultUseType: 'operational' });
  const { status, body } = await create({ use_type: undefined });
  assert.deepEqual(
    [status, (body as unknown as { use_type: string }).use_type],
    [200, 'operational'],
  );
});

test('which addresses are refused is the account’s strictness', async (t) => {
  const missing = { to: { ...harry, address_line1: 'missing unit' } };
  const nowhere = { to: { ...harry, address_line1: 'undeliverable no match' } };
  for (const [strictness, ...statuses] of [
    ['strict', 422, 422],
    ['normal', 200, 422],
    ['relaxed', 200, 200],
  ] as const) {
    const { create } = await lobHere(t, { strictness });
    assert.deepEqual(
      [(await create(missing)).status, (await create(nowhere)).status],
      statuses,
      strictness,
    );
  }
});

test('an account that may not mail live is refused live, and not in test', async (t) => {
  const { create, twin } = await lobHere(t);
  for (const [state, status] of [
    ['billing_address_required', 403],
    ['payment_method_unverified', 401],
    ['email_required', 401],
    ['feature_limit_reached', 403],
    ['unauthorized', 401],
  ] as const) {
    await twin.account(state);
    const { status: got, body } = await create();
    assert.deepEqual([got, body.error.code], [status, state]);
    assert.equal((await create({}, { key: TEST })).status, 200);
  }
  await twin.account('ok');
  assert.equal((await create()).status, 200);
});

test('a version that Lob does not serve is refused', async (t) => {
  const { ask } = await lobHere(t);
  const at = async (version: string) =>
    await ask('GET', '/postcards', { headers: { 'lob-version': version } });
  assert.equal((await at('2020-02-11')).status, 200);
  assert.equal((await at('2017-01-01')).body.error.code, 'unsupported_lob_version');
});

test('bodies that cannot be read are refused, and the twin goes on', async (t) => {
  const { ask } = await lobHere(t);
  const send = async (body: string, type: string) =>
    (await ask('POST', '/postcards', { body, headers: { 'content-type': type } })).body.error.code;
  assert.equal(await send('{"to":', 'application/json'), 'bad_request');
  assert.equal(await send('[]', 'application/json'), 'bad_request');
  assert.equal(await send('--x\r\nno end', 'multipart/form-data; boundary=x'), 'bad_request');
  assert.equal(await send('x', 'multipart/form-data'), 'bad_request');
  assert.equal(await send('__proto__[a]=b&to=1', 'application/x-www-form-urlencoded'), 'invalid');
  assert.equal((await ask('GET', '/postcards')).status, 200);
});
