import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryFolder } from '../../../test/helpers.ts';
import { lookAt } from '../../../test/pdf.ts';
import { card, failure, hash, plain, render } from './cards.ts';

const lora = join(
  dirname(createRequire(import.meta.url).resolve('@expo-google-fonts/lora/package.json')),
  '400Regular',
  'Lora_400Regular.ttf',
);

/** A font `Lily` that has one character only: Lora's glyph 40 stands for it. */
async function fontWith(character: string): Promise<string> {
  const map = Buffer.alloc(12 + 28);
  map.writeUInt16BE(1, 2);
  map.writeUInt16BE(3, 4);
  map.writeUInt16BE(10, 6);
  map.writeUInt32BE(12, 8);
  map.writeUInt16BE(12, 12);
  map.writeUInt32BE(28, 16);
  map.writeUInt32BE(1, 24);
  const code = character.codePointAt(0) ?? 0;
  for (const [index, value] of [code, code, 40].entries()) map.writeUInt32BE(value, 28 + 4 * index);
  const wide = (text: string): string => Buffer.from(text, 'utf16le').swap16().toString('latin1');
  const font = Buffer.from(
    readFileSync(lora)
      .toString('latin1')
      .replaceAll(wide('Lora'), wide('Lily'))
      .replaceAll('Lora', 'Lily'),
    'latin1',
  );
  for (let at = 12; at < 12 + 16 * font.readUInt16BE(4); at += 16) {
    if (font.toString('latin1', at, at + 4) !== 'cmap') continue;
    font.writeUInt32BE(font.length, at + 8);
    font.writeUInt32BE(map.length, at + 12);
  }
  const path = join(await temporaryFolder(), 'lily.ttf');
  await writeFile(path, Buffer.concat([font, map]));
  return path;
}

describe('Letters on a card', () => {
  it('are drawn by the font of the campaign that has them', async () => {
    const fonts = [lora, await fontWith('李')];
    const one = card({ firstName: '李', lastName: 'Ann' });
    const { results, pdf } = await render(plain, [one], { options: { fonts } });
    hash(results[0]);
    const [, back] = await lookAt(pdf, 20);
    assert.ok(back?.text.includes('李'), back?.text);
    // Where the template sets a font, no other stands in for it.
    const own = `${plain}\n#let front(card) = text(font: "Lora", card.firstName)`;
    const { message } = failure((await render(own, [one], { options: { fonts } })).results[0]);
    assert.match(message, /李 \(U\+674E\) of firstName; .*name its family where the template sets/);
  });

  it('are refused one person at a time, with the letter and the field', async () => {
    const people = [
      ['Nguyễn', 'Thị Ánh', ''],
      ['Žiga', 'Šćepanović', ''],
      ['O′Neil', 'Kaʻahumanu', ''],
      ['王', '小明', '王 (U+738B), 小 (U+5C0F), 明 (U+660E) of firstName, lastName;'],
      ['Муса', 'Иванов', ''],
      ['משה', 'x', 'מ (U+05DE), ה (U+05D4), ש (U+05E9) of firstName;'],
      ['Ann 😀', 'Ash', '😀 (U+1F600) of firstName;'],
      ['Björn', 'x̂y', ''],
      ['ﬁona', 'Ａ', 'Ａ (U+FF21) of lastName;'],
      ['Ọlá', 'Ẹ̀kọ́', ''],
      ['Ǧ̣', 'ʔ', 'ʔ (U+0294) of lastName;'],
      ['Renée', '№ 5 ½', ''],
      ['‏אבי', 'x', 'of firstName;'],
      ['Ann\u0007', 'x', 'U+0007 of firstName;'],
      ['Ann', 'x\u0001', 'U+0001 of lastName;'],
      ['ŉ', 'Ŀl', ''],
    ] as const;
    const { results } = await render(
      plain,
      people.map(([firstName, lastName]) => card({ firstName, lastName })),
    );
    for (const [index, [firstName, , told]] of people.entries()) {
      const result = results[index];
      if (told === '') hash(result);
      else {
        assert.equal(failure(result).reason, 'missing_glyph', firstName);
        assert.ok(failure(result).message.includes(told), failure(result).message);
      }
    }
  });
});
