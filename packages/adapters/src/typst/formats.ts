/**
 * Postcard formats, in PDF points, landscape. Trim is the finished card; bleed is printed and cut
 * off; text keeps `safe` away from the trim. The ink-free box of the address side is the strictest
 * the trade asks for (0.275 in from the right and 0.25 in from the bottom edge of the bleed): only
 * the address goes there, because barcode and postage are printed over it.
 */
export interface CardFormat {
  readonly name: string;
  /** With bleed: the page of the PDF. */
  readonly width: number;
  readonly height: number;
  readonly bleed: number;
  /** From the trim. */
  readonly safe: number;
  readonly inkFree: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
}

function format(
  name: string,
  widthInches: number,
  heightInches: number,
  inkFreeInches: readonly [number, number],
): CardFormat {
  const [bleed, safe] = [9, 9];
  const [width, height] = [widthInches * 72 + 2 * bleed, heightInches * 72 + 2 * bleed];
  const [inkWidth, inkHeight] = [inkFreeInches[0] * 72, inkFreeInches[1] * 72];
  const inkFree = {
    x: width - 0.275 * 72 - inkWidth,
    y: height - 0.25 * 72 - inkHeight,
    width: inkWidth,
    height: inkHeight,
  };
  return { name, width, height, bleed, safe, inkFree };
}

export const formats: ReadonlyMap<string, CardFormat> = new Map(
  [
    format('4x6', 6, 4, [3.2835, 2.375]),
    format('6x9', 9, 6, [4, 2.375]),
    format('6x11', 11, 6, [4, 2.375]),
  ].map((one) => [one.name, one]),
);

/** As `address-block` has them: the room beside the address, and the smallest letters. */
const inset = 14;
const smallest = 8;
/** Of letters in a line of an address, in Lora: 0.49 em on average. */
const narrow = 0.45;

/** In letters; null where the fonts are others, and may be narrower. */
export function longestLine(formatName: string, fonts: readonly string[]): number | null {
  const known = formats.get(formatName);
  if (known === undefined || fonts.length > 0) return null;
  return Math.floor((known.inkFree.width - 2 * inset) / (smallest * narrow));
}

export const formatNames: readonly string[] = [...formats.keys()];
