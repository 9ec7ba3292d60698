import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Form } from '../form.ts';
import { answerText, requestText } from '../call-text.ts';
import { redactor } from '../redact.ts';

/** How a secret comes into a text. */
const ways: Readonly<Record<string, (secret: string, beside: string) => string>> = {
  plain: (secret, beside) => `${beside}${secret}${beside}`,
  address: (secret) => `?a=${encodeURIComponent(secret)}&b=1`,
  'address, whole': (secret) => encodeURI(secret),
  'address, twice': (secret) => encodeURIComponent(encodeURIComponent(secret)),
  'small letters of percent': (secret) =>
    encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
  form: (secret) => new URLSearchParams({ word: secret }).toString(),
  JSON: (secret, beside) => JSON.stringify({ [beside]: secret }),
  'JSON in JSON': (secret) => JSON.stringify({ a: JSON.stringify({ b: secret }) }),
  'JSON of ASCII': (secret) =>
    JSON.stringify(secret).replace(
      /[^ -~]/g,
      (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  'JSON with strokes': (secret) => JSON.stringify(secret).replaceAll('/', '\\/'),
  HTML: (secret) =>
    secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;'),
  'numbers of HTML': (secret) =>
    [...secret].map((letter) => `&#${letter.codePointAt(0) ?? 0};`).join(''),
  'basic, the user': (secret) => Buffer.from(`${secret}:`).toString('base64'),
  'basic, the word': (secret, beside) => Buffer.from(`${beside}:${secret}`).toString('base64'),
  'base64 between': (secret, beside) =>
    Buffer.from(`${beside}${secret}${beside}`).toString('base64'),
  'base64 of addresses': (secret, beside) =>
    Buffer.from(`${beside}${secret}${beside}`).toString('base64url'),
  'base64 in an address': (secret, beside) =>
    encodeURIComponent(Buffer.from(`${beside}${secret}`).toString('base64')),
  hex: (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
};

/** What readers of a text make of it. Nothing here knows how secrets are looked for. */
function readings(text: string): string[] {
  const all = [text];
  for (const one of all) {
    const percent = one
      .replaceAll('+', ' ')
      .replace(/(%[0-9a-f]{2})+/gi, (run) =>
        Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
      );
    const strokes = one
      .replace(/\\+u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
      .replace(/\\+n/g, '\n')
      .replace(/\\+r/g, '\r')
      .replace(/\\+t/g, '\t')
      .replace(/\\+b/g, '\b')
      .replace(/\\+f/g, '\f')
      .replace(/\\+(.)/g, '$1');
    const entities = one
      .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
      .replaceAll('&lt;', '<')
      .replaceAll('&quot;', '"')
      .replaceAll('&amp;', '&');
    for (const reading of [percent, strokes, entities])
      if (all.length < 40 && !all.includes(reading)) all.push(reading);
  }
  const coded = all.flatMap((one) => one.match(/[A-Za-z0-9+/_=-]{4,}/g) ?? []);
  for (const run of coded)
    for (const skipped of [0, 1, 2, 3])
      all.push(Buffer.from(run.slice(skipped), 'base64').toString('utf8'));
  for (const run of all.flatMap((one) => one.match(/[0-9a-f]{8,}/gi) ?? []))
    for (const skipped of [0, 1]) all.push(Buffer.from(run.slice(skipped), 'hex').toString('utf8'));
  return all;
}

const keys = fc.oneof(
  fc.stringMatching(/^(sk|test|live)_[A-Za-z0-9]{12,40}$/),
  fc.base64String({ minLength: 12, maxLength: 48 }),
  // No letters of the marker itself, which may stand anywhere.
  fc
    .string({ unit: 'binary', minLength: 8, maxLength: 30 })
    .map((text) => text.toWellFormed().trim())
    .filter((text) => text.length >= 8),
);
const beside = fc.string({ unit: 'grapheme-ascii', maxLength: 7 });

function assertGone(text: string, secret: string, what: string): void {
  assert.ok(
    readings(text).every((reading) => !reading.includes(secret)),
    `${what}: ${JSON.stringify(secret)} stands in ${JSON.stringify(text)}`,
  );
}

describe('What is kept of a call', () => {
  it('holds no secret, wherever it stood and however it was written', () => {
    fc.assert(
      fc.property(keys, beside, fc.constantFrom(...Object.keys(ways)), (secret, around, way) => {
        const written = ways[way]?.(secret, around) ?? '';
        const redact = redactor(['another secret of the connection', secret]);
        const header = { authorization: secret, 'x-other': written.replace(/[\r\n]/g, ' ') };
        const form = new Form();
        form.add('field', written);
        const bytes = Buffer.from(written);
        form.add('file', { name: written, type: 'text/plain', bytes });
        for (const body of [written, form])
          assertGone(
            requestText(
              { method: 'POST', url: `http://127.0.0.1/${written}`, headers: header, body },
              redact,
            ),
            secret,
            way,
          );
        const answer = { status: 200, headers: new Headers(), body: written };
        assertGone(answerText(answer, redact), secret, way);
      }),
      { numRuns: 200 },
    );
  });

  it('holds nothing that stands under the name of a secret, known or not', () => {
    const redact = redactor([]);
    for (const [text, expected] of [
      ['{"access_token":"abc","name":"Ann"}', '{"access_token":"[redacted]","name":"Ann"}'],
      ['{"api_key": "a\\"b", "x":1}', '{"api_key": "[redacted]", "x":1}'],
      ['{"a":"{\\"secret\\":\\"abc\\"}"}', '{"a":"{\\"secret\\":\\"[redacted]\\"}"}'],
      ['{"password":"cut of', '{"password":"[redacted]"'],
      [
        'https://a.b/x?key=1&page=2&signature=3',
        'https://a.b/x?key=[redacted]&page=2&signature=[redacted]',
      ],
      ['client_secret=abc&x=1', 'client_secret=[redacted]&x=1'],
      ['{"idempotency_key":"k","keyboard":"us"}', '{"idempotency_key":"k","keyboard":"us"}'],
      ['?monkey=1&sort_key=2', '?monkey=1&sort_key=2'],
    ] as const)
      assert.equal(redact(text), expected);
  });

  it('is what was said where nothing is secret', () => {
    const text = '{"to":{"name":"Ann Lee","line1":"12 Main St"},"id":"psc_1"}';
    assert.equal(redactor(['a secret of ours', '', ' '])(text), text);
  });

  it('takes a time that grows with its length and no faster', () => {
    const redact = redactor(['a secret of ours', '\\\\\\\\\\\\\\\\', '&&&&&&&&', 'AAAAAAAA']);
    for (const one of ['\\', '&', '"', 'A', '%25', '?token', '"token":"', '&amp;', '+', 'k=']) {
      const text = one.repeat(8192 / one.length);
      const began = performance.now();
      redact(text);
      assert.ok(performance.now() - began < 500, `${one}: ${performance.now() - began} ms`);
    }
  });
});
