import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { CardRequest } from '@postrider/core/ports';
import { decodeQr, lookAt } from '../../../test/pdf.ts';
import { card } from './cards.ts';
import { answer, fates, ok, refusal, svg } from './answers.ts';

const cases = join(import.meta.dirname, '../../../../../test/cases/lists');
const address = 'address-block(card)';
const at = 'dx: 40pt, dy: 60pt';

function code(given = '1in'): string {
  return `qr("https://example.com/" + card.reference, size: ${given})`;
}

describe('Preflight of QR codes', () => {
  for (const [what, back, told] of [
    ['scaled down', `place(${at}, scale(60%, ${code()}))`, /is printed 0\.60 in wide/],
    ['asked for too small', `place(${at}, ${code('0.5in')})`, /at least 0\.8in/],
    ['hidden', `place(${at}, hide(${code()}))`, /is not in the print/],
    ['turned by ten degrees', `place(${at}, rotate(10deg, ${code()}))`, /is turned or distorted/],
    ['stretched', `place(${at}, scale(x: 130%, ${code()}))`, /is turned or distorted/],
    [
      'clipped',
      `place(${at}, box(clip: true, width: 60pt, height: 90pt, ${code()}))`,
      /is cut off/,
    ],
    ['cut at the edge', `place(dx: -10pt, dy: 60pt, ${code()})`, /too near the edge of the card/],
    ['at the very trim', `place(dx: 9pt, dy: 60pt, ${code()})`, /too near the edge of the card/],
    [
      'covered',
      `place(${at}, ${code()})\nplace(${at}, circle(radius: 9pt, fill: red))`,
      /has a shape drawn over it/,
    ],
    [
      'veiled',
      `place(${at}, ${code()})\nplace(${at}, rect(width: 90pt, height: 90pt, fill: rgb(255, 255, 255, 70%)))`,
      /has a shape drawn over it/,
    ],
    [
      'crowded by a caption',
      `place(${at}, ${code()})\nplace(dx: 40pt, dy: 136pt)[Scan me]`,
      /has the text "Scan me" in the white of four modules/,
    ],
    [
      'crowded by a frame',
      `place(${at}, ${code()})\nplace(${at}, rect(width: 72pt, height: 72pt))`,
      /has a line/,
    ],
    [
      'on a ground, its white clipped off',
      `place(rect(width: 190pt, height: 90%, fill: yellow))\nplace(${at}, box(clip: true, ${code()}))`,
      /has a shape under it or in the white around it/,
    ],
    [
      'too dense for its size',
      `place(${at}, qr("https://example.com/?" + "x=1&" * 90, size: 1in))`,
      /has \d+ modules on 1\.00 in: 0\.\d\d mm each, where 0\.34 mm are the least .*; draw it 1\.\d\d in wide/,
    ],
  ] as const)
    it(`refuses a template with one that is ${what}`, async () => {
      const given = refusal(await answer({ back: `${back}\n${address}` }));
      assert.match(given, /^(?:qr_code|broken_template): /);
      assert.match(given, told);
    });

  it('refuses one in the ink-free box, and on the front as on the back', async () => {
    const inside = `place(dx: 300pt, dy: 130pt, ${code()})`;
    assert.match(
      refusal(await answer({ back: `${inside}\n${address}` })),
      /ink_free_box: a picture/,
    );
    const front = `place(${at}, scale(60%, ${code()}))`;
    assert.match(refusal(await answer({ front })), /^qr_code: .*on the front is printed 0\.60 in/);
  });

  for (const [what, back] of [
    ['alone', `place(${at}, ${code()})`],
    ['at its smallest', `place(${at}, ${code('0.8in')})`],
    [
      'on a coloured ground',
      `place(rect(width: 190pt, height: 90%, fill: yellow))\nplace(${at}, ${code()})`,
    ],
    [
      'with letters of every kind',
      `place(${at}, qr("https://example.com/(a\\\\b)?é=漢&x=\\n" + card.reference, size: 1.2in))`,
    ],
    ['upside down', `place(${at}, rotate(90deg, ${code()}))`],
    ['twice', `place(${at}, ${code()})\nplace(dx: 40pt, dy: 180pt, ${code()})`],
    [
      'beside a picture of the same words',
      `place(${at}, ${code()})\nplace(dx: 150pt, dy: 30pt, image("a.svg", width: 30pt, alt: "https://example.com/" + card.reference))`,
    ],
  ] as const)
    it(`takes one ${what}`, async () => {
      const files = { 'a.svg': svg('<rect width="45" height="30" fill="red"/>') };
      const given = await answer({ back: `${back}\n${address}`, files });
      assert.deepEqual(fates(given), [ok, ok, ok]);
      if (what === 'twice') return;
      const [look] = await lookAt(given.documents[0]?.bytes ?? new Uint8Array(), 150, [2]);
      assert.match(decodeQr(look?.raster ?? assert.fail('a page')) ?? '', /^https:\/\/example/);
    });

  it('fails a card whose own link is too long for the size, and prints the others', async () => {
    const long = (count: number): CardRequest =>
      card({ merge: { url: `https://shop.example.com/offer?token=${'aB3'.repeat(count)}` } });
    const back = `place(${at}, qr(card.url, size: 1in))\n${address}`;
    const told = fates(await answer({ back }, [long(1), long(140), long(20), long(900)]));
    assert.deepEqual([told[0], told[2]], [ok, ok]);
    assert.match(
      told[1] ?? '',
      /^qr_code: the QR code of "https:.*…" on the back has 85 modules on 1\.00 in: 0\.30 mm each, .* draw it 1\.14 in wide/,
    );
    assert.match(told[3] ?? '', /^qr_code: a text of \d+ characters is too long/);
    assert.match(fates(await answer({ back }, [long(140)]))[0] ?? '', /^qr_code/);
  });

  it('refuses, link by link, what is far too dense on the smallest size: d04-qr.csv on qr2.typ', async () => {
    const [, ...rows] = readFileSync(join(cases, 'd04-qr.csv'), 'utf8').trim().split('\n');
    const template = readFileSync(join(cases, 'qr2.typ'), 'utf8');
    const [, front = ''] = /#let front\(card\) = (.*)/.exec(template) ?? [];
    const cards = rows.map((row) => card({ merge: { url: row.split(',').at(-1) ?? '' } }));
    const told = fates(await answer({ front }, cards));
    assert.equal(told[0], ok);
    assert.match(told[1] ?? '', /has 89 modules on 0\.80 in: 0\.23 mm each/);
    assert.match(told[2] ?? '', /has 105 modules on 0\.80 in: 0\.19 mm each/);
    assert.match(told[3] ?? '', /has \d+ modules on 0\.80 in: 0\.1\d mm each/);
    assert.match(told[4] ?? '', /has \d+ modules on 0\.80 in: 0\.1\d mm each/);
  });
});
