/** Sizes of the cards that this shop prints. PDF points: 72 to the inch. */

const INCH = 72;
/** 0.125 in on each side: Lob, Poplar and most US printers agree on it. */
export const BLEED = INCH / 8;

export interface CardFormat {
  /** Trim size in points, short edge first. */
  readonly trim: readonly [number, number];
}

const formats: Readonly<Record<string, CardFormat>> = {
  '4x6': { trim: [4 * INCH, 6 * INCH] },
  '6x9': { trim: [6 * INCH, 9 * INCH] },
  '6x11': { trim: [6 * INCH, 11 * INCH] },
};

export const mailClasses: ReadonlySet<string> = new Set(['first_class', 'standard']);

export function formatNamed(name: string): CardFormat | undefined {
  return Object.hasOwn(formats, name) ? formats[name] : undefined;
}

export const formatNames: readonly string[] = Object.keys(formats);

/** A page as a PDF describes it, in points; the boxes as [width, height]. */
export interface PageSize {
  readonly media: readonly [number, number];
  readonly trim: readonly [number, number] | null;
}

/** Renderers round to a pixel of 300 dpi (0.24 pt) or to a tenth of a millimetre (0.28 pt). */
const TOLERANCE = 0.5;

/**
 * Says why a page does not fit, or null where it does. Portrait and landscape are both taken: the
 * guillotine turns the sheet.
 */
export function misfit(name: string, format: CardFormat, page: PageSize): string | null {
  const [short, long] = format.trim;
  const sheet: readonly [number, number] = [short + 2 * BLEED, long + 2 * BLEED];
  if (!sameSize(page.media, sheet)) {
    return (
      `the page is ${inches(page.media)}, and ${name} with 0.125 in bleed ` +
      `on each side is ${inches(sheet)}`
    );
  }
  if (page.trim !== null && !sameSize(page.trim, format.trim)) {
    return (
      `the page's TrimBox is ${inches(page.trim)}, ` +
      `and ${name} is trimmed to ${inches(format.trim)}`
    );
  }
  return null;
}

function sameSize(
  size: readonly [number, number],
  [short, long]: readonly [number, number],
): boolean {
  return (
    Math.abs(Math.min(...size) - short) <= TOLERANCE &&
    Math.abs(Math.max(...size) - long) <= TOLERANCE
  );
}

function inches(size: readonly [number, number]): string {
  return `${round(Math.min(...size) / INCH)} x ${round(Math.max(...size) / INCH)} in`;
}

function round(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}
