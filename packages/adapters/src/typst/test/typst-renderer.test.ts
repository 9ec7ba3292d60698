import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { contractContext, describeRendererContract } from '@postrider/core/contract';
import { AdapterConfigError } from '@postrider/core/ports';
import type { CardRequest } from '@postrider/core/ports';
import { createTypstRenderer } from '../index.ts';
import { typst } from '../index.ts';
import { temporaryFolder, wiringAt } from '../../../test/helpers.ts';
import { bakery, card, failure, hash, plain, render } from './cards.ts';
import { lookAt, pageBoxes } from '../../../test/pdf.ts';
import { isLong } from '../../../../../test/support/long.ts';

describeRendererContract(
  'typst',
  async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'card.typ'), plain);
    await writeFile(join(folder, 'broken.typ'), '#let front(card) = [\n');
    return {
      renderer: await createTypstRenderer({}, wiringAt(folder)),
      job: {
        template: 'card.typ',
        format: '4x6',
        media: 'application/pdf',
        cards: [card(), card(), card()],
      },
      flawed: () => card({ merge: {} }),
      broken: () => ({
        template: 'broken.typ',
        format: '4x6',
        media: 'application/pdf',
        cards: [card(), card()],
      }),
      close: async () => undefined,
    };
  },
  ['refuses-cards', 'refuses-templates'],
);

describe('Typst renderer', () => {
  it('prints typst code in names as text', async () => {
    const names = [
      '#panic("x")',
      '*bold* _it_ $x^2$',
      '"); #panic(1) //',
      '\\ @label <x> `raw` = H',
      "=cmd|' /C calc'!A0",
      '-- ... ~ \u00ad',
    ];
    const { pdf, results } = await render(
      plain,
      names.map((firstName) => card({ firstName })),
    );
    results.forEach(hash);
    const looks = await lookAt(pdf, 20);
    for (const [index, name] of names.slice(0, 5).entries()) {
      assert.ok(looks[2 * index]?.text.includes(name), `${name} in ${looks[2 * index]?.text}`);
      assert.ok(looks[2 * index + 1]?.text.includes(name));
    }
  });

  for (const [format, media, trim] of [
    ['4x6', '0 0 450 306', '9 9 432 288'],
    ['6x9', '0 0 666 450', '9 9 648 432'],
    ['6x11', '0 0 810 450', '9 9 792 432'],
  ] as const) {
    it(`writes MediaBox, BleedBox and TrimBox of a ${format}`, async () => {
      const { pdf } = await render(plain, [card(), card()], { format });
      assert.deepEqual(
        await pageBoxes(pdf),
        Array.from({ length: 4 }, () => ({ media, trim, bleed: media })),
      );
      assert.equal((await lookAt(pdf, 20)).length, 4);
    });
  }

  it('lists the formats that it sets, as its provider does', async () => {
    const { formats } = await createTypstRenderer({}, wiringAt('/'));
    assert.deepEqual(formats, ['4x6', '6x9', '6x11']);
    assert.deepEqual(formats, typst.formats);
  });

  it('keeps the table of offsets true, and no date, so that the same cards are the same bytes on another day', async () => {
    const pdf = Buffer.from((await render(plain, [card(), card()])).pdf).toString('latin1');
    const table = Number(/startxref\n(\d+)\n%%EOF/.exec(pdf)?.[1]);
    const [, count, entries] =
      /^xref\n0 (\d+)\n([^t]+)trailer/.exec(pdf.slice(table)) ?? assert.fail('a table of offsets');
    assert.equal(entries?.length, 20 * Number(count));
    for (let index = 1; index < Number(count); index++) {
      const offset = Number(entries?.slice(20 * index, 20 * index + 10));
      assert.ok(pdf.startsWith(`${index} 0 obj\n`, offset), `object ${index} is at ${offset}`);
    }
    assert.doesNotMatch(pdf, /CreationDate|CreateDate|ModDate/);
  });

  it('takes no font but its own, also where the machine or the compiler has it', async () => {
    for (const font of ['Libertinus Serif', 'DejaVu Sans Mono']) {
      const { results, pdf } = await render(
        `${plain}\n#let back(card) = text(font: "${font}")[hello]`,
        [card()],
      );
      assert.equal(failure(results[0]).reason, 'font_not_provided');
      assert.match(failure(results[0]).message, new RegExp(font.replaceAll(' ', '')));
      assert.equal(pdf.length, 0);
    }
  });

  it('takes fonts by file and by folder, and says what is wrong with one', async () => {
    const lora = dirname(
      createRequire(import.meta.url).resolve('@expo-google-fonts/lora/package.json'),
    );
    const regular = join(lora, '400Regular', 'Lora_400Regular.ttf');
    const { results } = await render(plain, [card()], {
      options: { fonts: [regular, join(lora, '700Bold')] },
    });
    hash(results[0]);
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'fake.ttf'), 'not a font');
    for (const [path, message] of [
      ['fake.ttf', /fake\.ttf is not a TrueType or OpenType font/],
      ['missing.ttf', /missing\.ttf cannot be read \(ENOENT\)/],
      [join(lora, '..', 'lora', 'LICENSE'), /is not a TrueType/],
    ] as const) {
      await assert.rejects(
        createTypstRenderer({ fonts: [path] }, wiringAt(folder)),
        (error) =>
          error instanceof AdapterConfigError &&
          error.option === 'renderer.fonts' &&
          message.test(error.message),
      );
    }
  });

  it('hashes what is printed: template, assets, format and card, and nothing that lies beside them', async () => {
    const template = `${plain}
#let back(card) = {
  image("images/" + "logo.svg", width: 20pt)
  image("assets/deep/a.svg", width: 10pt)
  address-block(card)
}
#let logo = "images/logo.svg"`;
    const svg = (color: string): string =>
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1" fill="${color}"/></svg>`;
    const base = {
      'images/logo.svg': svg('red'),
      'assets/deep/a.svg': svg('blue'),
      'recipients.csv': 'id\n1\n',
    };
    const one = card();
    const of = async (
      files: Record<string, string>,
      source = template,
      changes: Partial<CardRequest> = {},
      format = '4x6',
    ): Promise<string> =>
      hash((await render(source, [{ ...one, ...changes }], { files, format })).results[0]);
    const first = await of(base);
    assert.equal(await of({ ...base, 'recipients.csv': 'id\n1\n2\n' }), first);
    assert.equal(await of(base, template, { recipientId: 'other' }), first);
    const others = [
      await of({ ...base, 'images/logo.svg': svg('green') }),
      await of({ ...base, 'assets/deep/a.svg': svg('green') }),
      await of(base, `${template} `),
      await of(base, template, { reference: 'R-other' }),
      await of(base, template, { merge: { ...one.merge, favorite: 'Spelt' } }),
      await of(base, template, {}, '6x9'),
    ];
    assert.equal(new Set([first, ...others]).size, 7);
  });

  it('keeps its memory flat', { skip: isLong ? false : 'in the long form' }, async () => {
    const renderer = await createTypstRenderer({}, wiringAt(bakery));
    const cohorts = async (count: number): Promise<void> => {
      for (let index = 0; index < count; index++) {
        await renderer.render(
          {
            template: 'postcard.typ',
            format: '4x6',
            media: 'application/pdf',
            cards: Array.from({ length: 50 }, () => card()),
          },
          contractContext(),
        );
      }
    };
    await cohorts(4);
    const before = process.memoryUsage.rss();
    await cohorts(12);
    const grown = (process.memoryUsage.rss() - before) / 1024 / 1024;
    // Without emptying typst's memory it grows by about 250 MiB here.
    assert.ok(grown < 130, `grown by ${grown.toFixed(0)} MiB`);
  });

  it('shows one card as PNG, with guides on demand', async () => {
    const renderer = await createTypstRenderer({}, wiringAt(bakery));
    const job = { template: 'postcard.typ', format: '4x6', card: card() };
    const { front, back } = await renderer.preview(job, { width: 450 });
    for (const png of [front, back].map((bytes) => Buffer.from(bytes))) {
      assert.equal(png.toString('latin1', 1, 4), 'PNG');
      assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [450, 306]);
    }
    assert.notDeepEqual((await renderer.preview(job, { width: 450, guides: true })).back, back);
    await assert.rejects(
      renderer.preview({ ...job, card: card({ merge: {} }) }),
      /the field "(favorite|promo_code)" is blank or missing/,
    );
  });
});
