import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { contractContext } from '@postrider/core/contract';
import type { CardRequest } from '@postrider/core/ports';
import { createTypstRenderer } from '../index.ts';
import { temporaryFolder, wiringAt } from '../../../test/helpers.ts';
import { card, failure, hash, plain, render, renderIn } from './cards.ts';
import { inkWithin, lookAt } from '../../../test/pdf.ts';

describe('Cards that typst cannot set', () => {
  it('names the field and the place where a field is missing or blank, and renders the others', async () => {
    const cards = Array.from({ length: 50 }, (_, index) =>
      card({ merge: index % 10 === 3 ? { favorite: ' ' } : { favorite: `Loaf ${index}` } }),
    );
    const { pdf, results } = await render(plain, cards);
    const looks = await lookAt(pdf, 10);
    assert.equal(looks.length, 90);
    for (const [index, result] of results.entries()) {
      if (index % 10 === 3) {
        const { reason, message } = failure(result);
        assert.equal(reason, 'missing_field');
        // Nobody's id: fifty with the same fault have one cause.
        assert.match(message, /^the field "favorite" is blank or missing \(card\.typ:3:\d+\)$/);
      } else {
        assert.equal(result.outcome, 'rendered');
        if (result.outcome === 'rendered')
          assert.ok(looks[result.front.page - 1]?.text.includes(`Loaf ${index}`));
      }
    }
  });

  it('tells line and column of what is broken in a template', async () => {
    for (const [template, message] of [
      [
        '#import "postrider.typ": *\n#let front(card) = {\n  nonsense(card)\n}\n#let back(card) = []',
        /unknown variable: nonsense \(card\.typ:3:3\)/,
      ],
      ['#let front(card) = [\n#let back(card) = []', /\(card\.typ:1:\d+\)/],
      ['#let front(card) = []', /^the template has no back\(card\): it defines two functions/],
      ['Dear customer,', /^the template has no front\(card\)/],
      [
        '#let front(card) = image("missing.png")\n#let back(card) = []',
        /not found.*missing\.png.*card\.typ:1/s,
      ],
      [
        '#import "@preview/tiaoma:0.3.0": qrcode\n#let front(card) = []\n#let back(card) = []',
        /card\.typ:1: packages are fetched/,
      ],
      [
        '#let front(card) = [#datetime.today()]\n#let back(card) = []',
        /card\.typ:1: datetime\.today/,
      ],
      [
        '#import "postrider.typ": *\n#let front(card) = []\n#let back(card) = qr(card.promo_code, size: 0.5in)',
        /at least 0\.8in/,
      ],
      [
        '#import "postrider.typ": *\n#let front(card) = fit(10pt, [a], [b])\n#let back(card) = []',
        /card\.typ:2:/,
      ],
    ] as const) {
      const { results, pdf } = await render(template, [card(), card()]);
      for (const result of results) {
        const { reason, message: told } = failure(result);
        assert.match(told, message);
        assert.ok(['broken_template', 'refused_by_template'].includes(reason), reason);
      }
      assert.equal(pdf.length, 0);
    }
    const { results } = await renderIn(await temporaryFolder(), [card()]);
    assert.equal(failure(results[0]).reason, 'template_not_found');
    assert.equal(
      failure((await render(plain, [card()], { format: '5x7' })).results[0]).reason,
      'unknown_format',
    );
  });

  it('says what concerns every card of the job, all at once, in contrast to one card', async () => {
    const folder = await temporaryFolder();
    const renderer = await createTypstRenderer({}, wiringAt(folder));
    const refusedFor = async (template: string, cards: readonly CardRequest[], format = '4x6') =>
      (
        await renderer.render(
          { template, format, media: 'application/pdf', cards },
          contractContext(),
        )
      ).refused?.map(({ reason, message }) => `${reason} ${message}`);
    const gone = await refusedFor('gone.typ', [card(), card()], '5x7');
    assert.match(
      gone?.join('\n') ?? '',
      /^unknown_format .*"5x7".*\ntemplate_not_found .*gone\.typ cannot be read \(ENOENT\)/,
    );
    await writeFile(join(folder, 'open.typ'), '#let front(card) = [\n#let back(card) = []');
    assert.match(
      (await refusedFor('open.typ', [card()]))?.join() ?? '',
      /^broken_template .*open\.typ:1:/,
    );
    await writeFile(join(folder, 'word.typ'), '#let front(card) = nonsense\n#let back(card) = []');
    assert.match(
      (await refusedFor('word.typ', [card(), card()]))?.join() ?? '',
      /^broken_template unknown variable: nonsense/,
    );
    // What this card has in it may be what breaks the template.
    await writeFile(
      join(folder, 'sum.typ'),
      '#import "postrider.typ": *\n#let front(card) = [#int(card.favorite)]\n#let back(card) = address-block(card)',
    );
    for (const cards of [
      [card({ merge: { favorite: 'x' } })],
      [card({ merge: { favorite: '7' } }), card({ merge: { favorite: 'x' } })],
    ])
      assert.equal(await refusedFor('sum.typ', cards), undefined);
  });

  it('lets a template refuse a card', async () => {
    const template = `${plain}
#let back(card) = { assert(card.favorite != "Rye", message: "no rye today"); address-block(card) }`;
    const { results } = await render(template, [card(), card({ merge: { favorite: 'Spelt' } })]);
    assert.equal(failure(results[0]).reason, 'refused_by_template');
    assert.match(failure(results[0]).message, /no rye today/);
    hash(results[1]);
  });

  it('finds the one card whose error shows only when pages are laid out', async () => {
    const template = `${plain}
#let back(card) = context {
  if measure(card.favorite).width > 60pt { panic("too wide") }
  address-block(card)
}`;
    const { results } = await render(template, [
      card(),
      card({ merge: { favorite: 'A very long favorite indeed' } }),
      card(),
    ]);
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      ['rendered', 'failed', 'rendered'],
    );
    assert.match(failure(results[1]).message, /too wide/);
  });

  it('shrinks what does not fit, down to the smallest size, and then fails that card', async () => {
    const template = `#import "postrider.typ": *
#let front(card) = place(
  dx: 100pt, dy: 100pt, text(size: 30pt, fit(200pt, min: 8pt, card.favorite))
)
#let back(card) = {
  place(dx: 100pt, dy: 60pt, fit-block(200pt, 40pt, min: 8pt, card.at("text", default: "x")))
  address-block(card)
}`;
    const texts = ['Rye', 'Roasted walnut and dried cranberry levain', 'W'.repeat(60)];
    const blocks = ['word '.repeat(30), 'word '.repeat(90), 'x'.repeat(80)];
    const cards = [
      ...texts.map((favorite) => card({ merge: { favorite } })),
      ...blocks.map((text) => card({ merge: { favorite: 'Rye', text } })),
    ];
    const { pdf, results } = await render(template, cards);
    assert.deepEqual(
      results.map((result) => (result.outcome === 'failed' ? result.reason : result.outcome)),
      [
        'rendered',
        'rendered',
        'text_does_not_fit',
        'rendered',
        'text_does_not_fit',
        'text_does_not_fit',
      ],
    );
    assert.match(failure(results[2]).message, /"W{60}" does not fit/);
    const [, , shrunk, , , block] = await lookAt(pdf, 150);
    for (const [look, height, bottom] of [
      [shrunk, 306, 145],
      [block, 116, 105],
    ] as const) {
      const place = { x: 0, y: 0, width: 450, height };
      const ink = inkWithin(look?.raster ?? assert.fail('a page'), place) ?? assert.fail('ink');
      assert.ok(ink.left >= 99 && ink.right <= 301 && ink.right > 280, JSON.stringify(ink));
      assert.ok(ink.bottom <= bottom);
    }
  });

  it('fails a card whose content runs over to a third page', async () => {
    const template = `${plain}
#let lines(card) = if card.favorite == "Rye" { 3 } else { 300 }
#let back(card) = { for _ in range(lines(card)) [line \\ ]; address-block(card) }`;
    const { results } = await render(template, [
      card({ merge: { favorite: 'Spelt' } }),
      card(),
      card({ merge: { favorite: 'Spelt' } }),
    ]);
    assert.match(failure(results[0]).message, /the back takes \d+ pages/);
    hash(results[1]);
    assert.equal(failure(results[2]).reason, 'text_does_not_fit');
  });

  it('fails a card with letters that no font has, and names them', async () => {
    const { results } = await render(plain, [
      card({ firstName: '李小龙' }),
      card({ lastName: 'Smith 🎉' }),
      card({ firstName: 'Ångström', lastName: 'Đặng Иванов' }),
    ]);
    assert.equal(failure(results[0]).reason, 'missing_glyph');
    assert.match(
      failure(results[0]).message,
      /李 \(U\+674E\), 小 \(U\+5C0F\), 龙 \(U\+9F99\) of firstName; add the file of a font/,
    );
    assert.match(
      failure(results[1]).message,
      /🎉 \(U\+1F389\) of lastName; .* with renderer\.fonts/,
    );
    hash(results[2]);
    // A field that is not printed may hold anything.
    hash((await render(plain, [card({ merge: { favorite: 'Rye', note: '李' } })])).results[0]);
  });

  it('refuses a template with a letter of its own that no font has', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'star.typ'), `${plain}\n#let front(card) = [★ #card.favorite]`);
    const renderer = await createTypstRenderer({}, wiringAt(folder));
    for (const cards of [[card(), card()], [card()]]) {
      const { refused } = await renderer.render(
        { template: 'star.typ', format: '4x6', media: 'application/pdf', cards },
        contractContext(),
      );
      assert.deepEqual(
        refused?.map(({ reason }) => reason),
        ['missing_glyph'],
      );
      assert.match(refused?.[0]?.message ?? '', /★ \(U\+2605\) of the template itself/);
    }
  });

  it('names every field of the card with letters that no font has', async () => {
    const { results } = await render(plain, [
      card({ address: { ...card().address, line1: '1 Chome', city: '東京' } }),
      card({ firstName: 'Ann', lastName: 'כהן', merge: { favorite: 'לחם' } }),
      card({ firstName: 'Zoë-Marie', lastName: 'D’Angelo Łękaž' }),
    ]);
    assert.match(failure(results[0]).message, /東 .*, 京 \(U\+4EAC\) of address\.city;/);
    assert.match(failure(results[1]).message, / of favorite, lastName;/);
    hash(results[2]);
  });
});
