import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CardRequest } from '@postrider/core/ports';
import { lookAt } from '../../../test/pdf.ts';
import { answer, fates, ok, preview, refusal, svg } from './answers.ts';
import { card } from './cards.ts';

const inBox = 'dx: 260pt, dy: 150pt';
const white = 'rect(width: format.ink-free.width, height: format.ink-free.height, fill: white)';
const overBox = 'dx: format.ink-free.x, dy: format.ink-free.y';
const ground = 'place(rect(width: 100%, height: 100%, fill: rgb("#fdf6e8")))';

describe('Preflight of the address', () => {
  for (const [what, template, told] of [
    ['is not there', { back: '[Nothing]' }, /^address_missing: the back has no address/],
    ['is on the front', { front: 'address-block(card)', back: '[x]' }, /^address_missing: .*front/],
    ['is on both sides', { front: 'address-block(card)' }, /^address_repeated: .*on the front too/],
    [
      'is there twice',
      { back: 'address-block(card)\naddress-block(card)' },
      /^address_repeated: .*more than once/,
    ],
    [
      'is hidden',
      { back: 'hide(address-block(card))' },
      /^address_missing: the address is not in the print/,
    ],
    [
      'lies behind a white rectangle',
      { back: `address-block(card)\nplace(${overBox}, ${white})` },
      /^address_covered: a white shape is drawn over "Ann Lee \d+" of the address/,
    ],
    [
      'lies behind a picture',
      { back: `address-block(card)\nplace(image("a.svg", width: 100%, height: 100%))` },
      /^address_covered: a picture is drawn over/,
    ],
    [
      'has white text over it',
      {
        back: 'address-block(card)\nplace(dx: 208pt, dy: 175pt, text(white, size: 20pt)[MMMMM])',
      },
      /^address_covered: the text "MMMMM" is drawn over "Ann/,
    ],
    [
      'is scaled to nothing',
      { back: 'scale(1%, reflow: false, address-block(card))' },
      /^address_unreadable: the address is printed at 0\.1 pt, where 8 pt are the least/,
    ],
    [
      'is scaled away altogether',
      { back: 'scale(0%, address-block(card))' },
      /^address_unreadable/,
    ],
    [
      'is set in one point',
      { back: 'address-block(card, size: 1pt, min: 1pt)' },
      /^address_unreadable: the address is printed at 1\.0 pt, where 6 pt are the least/,
    ],
    [
      'is scaled to six points',
      { back: 'scale(55%, reflow: false, origin: bottom + right, address-block(card))' },
      /^address_unreadable/,
    ],
    ['is turned', { back: 'rotate(8deg, address-block(card))' }, /^address_out_of_place: .*turned/],
    [
      'is mirrored',
      { back: 'scale(x: -100%, block(width: 100%, height: 306pt, address-block(card)))' },
      /^address_out_of_place: .*turned/,
    ],
    [
      'is moved out to the left',
      { back: 'place(dx: -150pt, address-block(card))' },
      /^address_out_of_place: "Ann Lee \d+" of the address is outside .* by 136 pt at the left/,
    ],
    [
      'is a rainbow',
      { back: '{ show text: set text(fill: gradient.linear(white, white))\naddress-block(card) }' },
      /^address_unreadable/,
    ],
    [
      'is moved down into the barcode',
      { back: 'place(dy: 50pt, address-block(card))' },
      /^address_out_of_place: .* at the bottom, where the carrier prints its barcode/,
    ],
    [
      'is moved off the card',
      { back: 'move(dx: 999pt, address-block(card))' },
      /^address_out_of_place/,
    ],
    [
      'is cut off',
      { back: 'box(clip: true, width: 260pt, height: 306pt, address-block(card))' },
      /^address_covered: ".*" of the address is cut off/,
    ],
    [
      'is another person’s',
      { back: 'address-block((..card, address: (lines: ("1 Other Road", "Salem OR 97301"))))' },
      /^address_of_another: the address block prints "1 Other Road, Salem OR 97301"/,
    ],
    [
      'has the name of another',
      { back: 'card.insert("name", "Bob Ray")\naddress-block(card)' },
      /^address_of_another: the address block names "Bob Ray", which is not this person/,
    ],
    [
      'has a line changed by the template',
      { back: '{ show "Main": "Side"\naddress-block(card) }' },
      /^address_missing: .*changes what it says/,
    ],
    [
      'is written by hand, another person’s',
      { back: 'place(dx: 210pt, dy: 180pt)[Bob Ray \\ 1 Other Road \\ Salem OR 97301]' },
      /^address_missing[^]*\nink_free_box: the text "Bob Ray"/,
    ],
    [
      'is too light',
      { back: '{ show text: set text(fill: luma(200))\naddress-block(card) }' },
      /^address_unreadable: "Ann Lee \d+" of the address is printed in a colour too light/,
    ],
  ] as const)
    it(`refuses a template whose address ${what}`, async () => {
      const files = { 'a.svg': svg('<rect width="45" height="30" fill="white"/>') };
      assert.match(refusal(await answer({ ...template, files })), told);
      // A job of one card is no fault of the person either.
      assert.match(refusal(await answer({ ...template, files }, [card()])), told);
    });

  it('fails the one card whose address the template leaves out, and prints the others', async () => {
    const back = 'if card.favorite != "none" { address-block(card) }';
    const odd = card({ merge: { favorite: 'none' } });
    const given = await answer({ back }, [card(), odd, card()]);
    const told = fates(given);
    assert.deepEqual([told[0], told[2]], [ok, ok]);
    assert.match(told[1] ?? '', /^address_missing: /);
    assert.equal((await lookAt(given.documents[0]?.bytes ?? new Uint8Array(), 20)).length, 4);
  });

  it('fails the one card whose address has too many lines for its zone', async () => {
    const address = {
      line1: '1 High Street',
      line2: 'Flat 2',
      city: 'Llanfair',
      region: 'Gwynedd',
      postalCode: 'LL61 5UJ',
      country: 'GB',
    };
    const back = 'address-block(card, size: 17pt)';
    const told = fates(await answer({ back }, [card(), card({ address }), card()]));
    assert.deepEqual([told[0], told[2]], [ok, ok]);
    assert.match(told[1] ?? '', /^address_out_of_place: .* at the (?:bottom|top)/);
    // Alone in its job it is still this card's fault.
    assert.match(fates(await answer({ back }, [card({ address })]))[0] ?? '', /^address_out_of/);
  });

  it('takes addresses of every kind, and names that are chosen or set otherwise', async () => {
    const somewhere = (changes: Partial<CardRequest['address']>): CardRequest =>
      card({ address: { ...card().address, ...changes } });
    const cards = [
      card({ firstName: null, lastName: null }),
      card({ firstName: 'Ọlá', lastName: 'Ẹ̀kọ́ x̂y' }),
      card({ firstName: 'Nguyễn', lastName: 'Thị Ánh' }),
      card({ firstName: 'ﬁona', lastName: 'fi ffl “quoted”' }),
      card({ firstName: 'Владимир', lastName: 'Иванов' }),
      somewhere({ line1: '10-123 1/2 Main St NW', city: 'Montréal', region: 'QC', country: 'CA' }),
      somewhere({ line1: '1 Main St # 4', line2: 'c/o Smith & Sons', country: 'NA' }),
      somewhere({ line1: '1  Elm   St', line2: 'Ünit ½ №5', region: null, country: 'DE' }),
    ];
    for (const format of ['4x6', '6x9', '6x11']) {
      const back = 'address-block(card)';
      assert.deepEqual(
        fates(await answer({ back }, cards, format)),
        cards.map(() => ok),
        format,
      );
    }
    for (const back of [
      'address-block(card, name: "Our neighbor")',
      'address-block(card, name: [*Ann* _Lee_])',
      'address-block(card, name: upper[To ] + smallcaps(card.reference))',
      'upper(address-block(card))',
      'context address-block(card)',
      'set text(font: "Lora", weight: "bold", style: "italic", size: 30pt)\naddress-block(card)',
      'place(dx: 4pt, dy: 2pt, address-block(card))',
      'address-block(card, size: 8pt, min: 6pt)',
    ])
      assert.deepEqual(
        fates(await answer({ back }, cards)),
        cards.map(() => ok),
        back,
      );
  });
});

describe('Preflight of the ink-free box', () => {
  const files = {
    'full.svg': svg('<rect width="45" height="30" fill="#234"/>'),
    'hole.svg': svg(
      '<rect width="45" height="30" fill="#234"/><rect x="18" y="10" width="27" height="20" fill="white"/>',
    ),
  };
  for (const [what, back, told] of [
    ['text', `place(${inBox})[Sale]`, /the text "Sale" is printed in the ink-free box/],
    ['a name', `place(${inBox}, card.firstName)`, /the text "Ann"/],
    ['a line', `place(${inBox}, line(length: 9pt))`, /a line is printed/],
    ['a hairline', `place(${inBox}, line(length: 9pt, stroke: 0.25pt + luma(60%)))`, /a line/],
    ['a picture', 'place(image("full.svg", width: 100%, height: 100%))', /a picture/],
    ['a ground', ground, /a coloured shape or ground/],
    [
      'a pale gradient',
      'place(rect(width: 100%, height: 100%, fill: gradient.linear(white, yellow)))',
      /shape/,
    ],
    [
      'a ground with a field that is too small',
      `${ground}\nplace(dx: 210pt, dy: 120pt, ${white})`,
      /ground/,
    ],
    [
      'a ground that shows through',
      `${ground}\nplace(${overBox}, rect(width: 100%, height: 100%, fill: rgb(255, 255, 255, 50%)))`,
      /ground/,
    ],
    [
      'an edge of a box beside',
      'place(dx: 100pt, dy: 200pt, rect(width: 97pt, height: 20pt, fill: red))',
      /shape/,
    ],
    [
      'a second address by hand',
      `place(${inBox}, card.address.lines.first())`,
      /the text "\d+ Main/,
    ],
  ] as const)
    it(`refuses a template with ${what} in it`, async () => {
      const given = refusal(await answer({ back: `${back}\naddress-block(card)`, files }));
      assert.match(given, /^ink_free_box: /);
      assert.match(given, told);
    });

  for (const [what, back] of [
    ['nothing', ''],
    ['a white field on a ground', `${ground}\nplace(${overBox}, ${white})`],
    [
      'white fields that make up one',
      `${ground}\nplace(dx: 190pt, dy: 110pt, rect(width: 100%, height: 80pt, fill: white))\nplace(dx: 190pt, dy: 190pt, rect(width: 100%, height: 200pt, fill: white))`,
    ],
    ['a white corner of a picture', 'place(image("hole.svg", width: 100%, height: 100%))'],
    ['white text', `place(${inBox}, text(white)[Secret])`],
    ['hidden text', `place(${inBox}, hide[Secret])`],
    ['text that ends above it', 'place(dx: 200pt, dy: 100pt, text(size: 12pt)[gypsy quay])'],
    [
      'a frame around it',
      `place(dx: format.ink-free.x - 2pt, dy: format.ink-free.y - 2pt, rect(width: 100% - format.ink-free.x, height: 100%, stroke: 1pt))`,
    ],
    [
      'something that is clipped away',
      `place(box(clip: true, width: 20pt, height: 20pt, ${ground}))`,
    ],
  ] as const)
    it(`takes a template with ${what} in it`, async () => {
      const given = await answer({ back: `${back}\naddress-block(card)`, files });
      assert.deepEqual(fates(given), [ok, ok, ok]);
    });

  it('fails the one card whose text grows into it', async () => {
    const back =
      'place(dx: 20pt, dy: 130pt, block(width: 400pt, card.favorite))\naddress-block(card)';
    const long = card({ merge: { favorite: 'walnut '.repeat(12) } });
    const told = fates(await answer({ back }, [card(), long, card()]));
    assert.deepEqual([told[0], told[2]], [ok, ok]);
    assert.match(told[1] ?? '', /^ink_free_box: the text "walnut walnut/);
    assert.match(fates(await answer({ back }, [long]))[0] ?? '', /^ink_free_box/);
  });
});

describe('Preflight of a preview', () => {
  it('draws the card all the same, and tells what would keep it from the press', async () => {
    const template = {
      front: 'fit(40pt, min: 9pt, "much too wide for this")',
      back: 'place(dx: 260pt, dy: 150pt)[Sale]',
    };
    const { front, back, faults } = await preview(template, card({ firstName: '李' }));
    assert.ok(front.length > 500 && back.length > 500);
    assert.match(faults[0]?.message ?? '', /"much too wide for this" does not fit/);
    const { faults: more } = await preview({ back: template.back }, card());
    assert.deepEqual(
      more.map(({ reason }) => reason),
      ['address_missing', 'ink_free_box'],
    );
    const { faults: letters } = await preview({}, card({ firstName: '李' }));
    assert.match(letters[0]?.message ?? '', /李 \(U\+674E\) of firstName/);
    assert.deepEqual((await preview({}, card())).faults, []);
  });
});
