/** Whose fault Lob's refusals are, and what follows from each. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contractContext } from '@postrider/core/contract';
import { server } from '../../../test/answering.ts';
import { openGuard, piece } from '../../../test/pieces.ts';
import { accountAt, printerOf } from './accounts.ts';
import { kindOf, ordersAtTwin } from './orders.ts';

const lob = ordersAtTwin();
const { submitted, madeOf } = lob;

/** As Lob's reference has its codes, and what follows from each for us. */
const table: readonly (readonly [number, string, string])[] = [
  [401, 'unauthorized', 'refused'],
  [401, 'invalid_api_key', 'refused'],
  [401, 'unauthorized_token', 'refused'],
  [401, 'email_required', 'refused'],
  [401, 'payment_method_unverified', 'refused'],
  [403, 'billing_address_required', 'refused'],
  [403, 'feature_limit_reached', 'refused'],
  [403, 'publishable_key_not_allowed', 'refused'],
  [404, 'unrecognized_endpoint', 'refused'],
  [422, 'mail_use_type_can_not_be_null', 'refused'],
  [422, 'unsupported_lob_version', 'refused'],
  [422, 'failed_deliverability_strictness', 'address'],
  [422, 'address_length_exceeds_limit', 'address'],
  [422, 'invalid_international_feature', 'address'],
  [422, 'file_pages_exceed_max', 'artwork'],
  [422, 'file_size_exceeds_limit', 'artwork'],
  [422, 'invalid_file', 'artwork'],
  [422, 'invalid_file_dimensions', 'artwork'],
  [422, 'invalid_file_url', 'artwork'],
  [422, 'invalid_image_dpi', 'artwork'],
  [422, 'inconsistent_page_dimensions', 'artwork'],
  [422, 'pdf_encrypted', 'artwork'],
  [422, 'unembedded_fonts', 'artwork'],
  [422, 'invalid_template_html', 'artwork'],
  [422, 'merge_variable_required', 'artwork'],
  [422, 'foreign_return_address', 'artwork'],
  [413, 'file_size_exceeds_limit', 'artwork'],
  [422, 'invalid', 'piece'],
  [408, 'request_timeout', 'unknown'],
  [409, 'conflict', 'unknown'],
  [500, 'internal_server_error', 'unknown'],
  [503, 'service_unavailable', 'unknown'],
];

void test('each code of Lob means what follows from it', async () => {
  for (const [status, code, meaning] of table) {
    await lob.twin.fault({ kind: 'refusal', endpoint: 'create', status, code });
    const one = piece();
    const result = await submitted(one);
    assert.equal(kindOf(result), meaning, `${status} ${code}: ${JSON.stringify(result)}`);
    assert.equal(await madeOf(one), 0);
  }
});

void test('a general code is of the address that its words name: that of the person, or the return address', async () => {
  for (const [message, meaning] of [
    ['to.address_zip must be in a valid zip format', 'address'],
    ['to[address_state] is required', 'address'],
    ["the 'to' address cannot be parsed: address_line1", 'address'],
    ['Failed to parse address_line1', 'piece'],
    ['from.address_zip failed to match address_zip', 'artwork'],
    ['Failed to validate: from.address_city is required', 'artwork'],
    ["The 'from' address must belong to address_country US", 'artwork'],
    ['Unable to use the return address: address_state is unknown', 'artwork'],
    ['from.name is too long to name a sender', 'artwork'],
    ['to.address_zip and from.address_zip must differ', 'piece'],
    ['merge_variables must be an object', 'piece'],
  ] as const) {
    await lob.twin.fault({ kind: 'refusal', endpoint: 'create', code: 'invalid', message });
    assert.equal(kindOf(await submitted(piece())), meaning, message);
  }
});

void test('what refuses a card before Lob has seen it holds the connection, and blames no artwork', async () => {
  for (const [status, body] of [
    [413, '<html>413 Request Entity Too Large</html>'],
    [413, ''],
    [413, '{"message":"too large"}'],
    [403, '<html>403 Forbidden</html>'],
    [400, '<html>400 Bad Request</html>'],
  ] as const) {
    const gate = await server((_, response) => response.writeHead(status).end(body));
    const [result] = await printerOf(accountAt(gate.url)).submit(
      [piece()],
      openGuard,
      contractContext(),
    );
    assert.deepEqual(
      result,
      { outcome: 'refused', reason: `http_${status}`, message: `Lob answered ${status}` },
      body,
    );
  }
});

void test('what refuses the account ends the batch: the rest is not sent', async () => {
  await lob.twin.account('billing_address_required');
  try {
    const before = (await lob.twin.requests('create')).length;
    const pieces = Array.from({ length: 20 }, () => piece());
    const results = await printerOf(accountAt(lob.url), { atOnce: 2 }).submit(
      pieces,
      openGuard,
      contractContext(),
    );
    assert.deepEqual([...new Set(results.map(({ outcome }) => outcome))], ['refused']);
    assert.ok((await lob.twin.requests('create')).length - before <= 2);
  } finally {
    await lob.twin.account('ok');
  }
});
