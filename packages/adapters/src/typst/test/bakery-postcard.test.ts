import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formats, longestLine } from '../formats.ts';
import { bakery, card, hash, renderIn } from './cards.ts';
import { decodeQr, inkWithin, lookAt } from '../../../test/pdf.ts';

const longName = 'Wolfeschlegelsteinhausenbergerdorff-Smith';

describe('The bakery postcard', () => {
  it('carries names, address, code, reference and a QR code that can be scanned, as vectors', async () => {
    const cards = [
      card(),
      card({ firstName: null, lastName: null }),
      card({ firstName: 'Zoë', lastName: 'Владимирова' }),
    ];
    const { pdf, results } = await renderIn(bakery, cards);
    results.forEach(hash);
    const looks = await lookAt(pdf, 150);
    assert.equal(looks.length, 6);
    for (const [index, one] of cards.entries()) {
      const [front, back] = [looks[2 * index], looks[2 * index + 1]];
      assert.ok(front !== undefined && back !== undefined);
      assert.ok(front.text.includes(`${one.firstName ?? 'neighbor'}.`));
      assert.ok(front.text.includes('Rye'));
      assert.ok(
        back.text.includes(
          one.firstName === null ? 'Current Resident' : `${one.firstName} ${one.lastName}`,
        ),
      );
      for (const part of [
        one.address.line1,
        'Springfield IL 62701',
        one.reference,
        'CRUMB-',
        '12 Elm Street',
      ])
        assert.ok(back.text.includes(part), part);
      assert.equal(decodeQr(back.raster), `https://bakery.example/c/${one.merge['promo_code']}`);
    }
    const bytes = Buffer.from(pdf).toString('latin1');
    assert.doesNotMatch(bytes, /\/Subtype \/Image/);
    assert.ok(
      /\/FontFile[23]/.test(bytes) && !/\/BaseFont \/(?![A-Z]{6}\+Lora)/.test(bytes),
      'all fonts are embedded Lora',
    );
  });

  it('keeps everything but the address out of the ink-free box, and the address above the barcode', async () => {
    const { inkFree, height, bleed } = formats.get('4x6') ?? assert.fail('4x6');
    const long = {
      line1: '12345 Northwest Martin Luther King Junior Boulevard',
      line2: 'Apartment 1203',
      city: 'Llanfairpwllgwyngyll',
    };
    const addresses = [
      { ...long, region: 'IL', postalCode: '62701-1234', country: 'US' },
      { ...long, region: null, postalCode: 'LL61 5UJ', country: 'GB' },
      { ...long, region: 'Bayern', postalCode: '80331', country: 'DE' },
    ];
    const { pdf } = await renderIn(
      bakery,
      addresses.map((address) => card({ firstName: longName, address })),
    );
    for (const [index, look] of (await lookAt(pdf, 150, [2, 4, 6])).entries()) {
      const ink = inkWithin(look.raster, inkFree) ?? assert.fail('there is an address');
      assert.ok(
        ink.left >= inkFree.x + 10 && ink.right <= inkFree.x + inkFree.width - 10,
        JSON.stringify(ink),
      );
      assert.ok(
        ink.top >= inkFree.y + 20 && ink.bottom <= height - bleed - 45,
        `${index} ${JSON.stringify(ink)}`,
      );
      assert.ok(look.text.includes(longName));
      assert.ok(look.text.includes(addresses[index]?.postalCode ?? '?'));
      assert.equal(look.text.includes('UNITED KINGDOM'), index === 1);
    }
  });

  it('says as longest line what no common text of that length fits beside the address', async () => {
    const long =
      '12345 Northwest Martin Luther King Junior Boulevard, Apartment 1203, Building 5, Floor 3';
    for (const format of formats.keys()) {
      const longest = longestLine(format, []) ?? assert.fail(format);
      const outcomes: string[] = [];
      for (const letters of [longest - 8, longest + 1]) {
        const address = { ...card().address, line1: long.slice(0, letters).replace(/ $/, 'x') };
        const { results } = await renderIn(bakery, [card({ address })], format);
        outcomes.push(results[0]?.outcome ?? '');
      }
      assert.deepEqual(outcomes, ['rendered', 'failed'], `${format} ${longest}`);
    }
    assert.equal(longestLine('4x6', ['own.ttf']), null);
    assert.equal(longestLine('5x5', []), null);
  });

  it('keeps a name of 41 letters inside the safe box', async () => {
    assert.equal(longName.length, 41);
    const { width, height, bleed, safe } = formats.get('4x6') ?? assert.fail('4x6');
    const { pdf, results } = await renderIn(bakery, [
      card({ firstName: longName }),
      card({ firstName: 'x' }),
    ]);
    hash(results[0]);
    const [long, short] = await lookAt(pdf, 100, [1, 3]);
    assert.ok(long?.text.includes(longName));
    // What differs between the two fronts is the name; none of it may lie outside.
    const margin = bleed + safe;
    let outside = 0;
    let inside = 0;
    for (let at = 0; at < (long?.raster.data.length ?? 0); at += 4) {
      const [a, b] = [long?.raster.data[at] ?? 0, short?.raster.data[at] ?? 0];
      if (Math.abs(a - b) < 40) continue;
      const [x, y] = [
        ((at / 4) % (long?.raster.width ?? 1)) * 0.72,
        Math.floor(at / 4 / (long?.raster.width ?? 1)) * 0.72,
      ];
      if (x < margin || x > width - margin || y < margin || y > height - margin) outside++;
      else inside++;
    }
    assert.equal(outside, 0);
    assert.ok(inside > 100);
  });
});
