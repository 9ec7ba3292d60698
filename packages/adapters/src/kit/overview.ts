/** Many cards in one picture. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Front and back of one card as PNG, with a line above them. */
export interface OverviewTile {
  readonly front: Uint8Array;
  readonly back: Uint8Array;
  /** In Latin letters: the font of the picture has no others. */
  readonly caption: string;
}

const SIDE = 420;
const GAP = 24;
const LINE = 36;
const BACKGROUND = '#e8e6e1';

/** Makes a PNG with a tile for each card, two beside each other. */
export async function overviewOf(tiles: readonly OverviewTile[]): Promise<Uint8Array> {
  const columns = tiles.length > 2 ? 2 : 1;
  const height = Math.max(...tiles.map(({ front, back }) => Math.max(high(front), high(back))));
  const [wide, tall] = [2 * SIDE + GAP / 2 + GAP, LINE + height + GAP];
  const rows = Math.ceil(tiles.length / columns);
  const drawn = tiles.map(({ front, back, caption }, index) => {
    const x = GAP + (index % columns) * wide;
    const y = GAP + Math.floor(index / columns) * tall;
    return (
      `<text x="${x}" y="${y + 24}" font-family="Lora" font-size="20">${escaped(caption)}</text>` +
      picture(front, x, y + LINE) +
      picture(back, x + SIDE + GAP / 2, y + LINE)
    );
  });
  const { Resvg } = await import('@resvg/resvg-js');
  return new Resvg(
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ` +
      `width="${GAP + columns * wide}" height="${GAP + rows * tall}">` +
      `<rect width="100%" height="100%" fill="${BACKGROUND}"/>${drawn.join('')}</svg>`,
    { font: { loadSystemFonts: false, fontFiles: [fontFile()], defaultFontFamily: 'Lora' } },
  )
    .render()
    .asPng();
}

function picture(png: Uint8Array, x: number, y: number): string {
  const data = Buffer.from(png).toString('base64');
  return (
    `<image x="${x}" y="${y}" width="${SIDE}" height="${high(png)}" ` +
    `xlink:href="data:image/png;base64,${data}"/>`
  );
}

/** How high a PNG is when it is as wide as a side of a tile; its header has its size. */
function high(png: Uint8Array): number {
  const header = new DataView(png.buffer, png.byteOffset, png.byteLength);
  return Math.round((SIDE * header.getUint32(20)) / header.getUint32(16));
}

function fontFile(): string {
  const lora = createRequire(import.meta.url).resolve('@expo-google-fonts/lora/package.json');
  return join(dirname(lora), '400Regular', 'Lora_400Regular.ttf');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
