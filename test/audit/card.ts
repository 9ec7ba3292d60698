/**
 * One card under the loupe: its two pages, its line in the manifest, and the row of the audience
 * that it was made from.
 */
import type { Verdict } from './oracle.ts';
import type { Box, PdfPage } from './pdf.ts';
import type { ManifestLine } from './prints.ts';
import { standsAsBlock, standsAsWords } from './text.ts';

export interface CardRules {
  readonly format: string;
  readonly mailClass: string;
  /** The QR code is this and the promo code. */
  readonly codeUrl: string;
  /**
   * What the address says of somebody without any name, and what the front says to somebody without
   * a first name.
   */
  readonly nameless: string;
  readonly unnamed: string;
}

// 6.25 by 4.25 inches, of which an eighth of an inch on each side is cut off.
const WIDTH = 450;
const HEIGHT = 306;
const BLEED = 9;
/** In points; a renderer may round. */
const TOLERANCE = 0.05;
// The ink-free box of a 4x6 begins here: the address and nothing else is right of it. Text beside
// it on the same height would join its lines.
const ADDRESS_FIELD: Box = [193, 0, WIDTH, HEIGHT];
// 25.4 mm, less what a reader that counts pixels may be off.
const SMALLEST_QR = 72 - 1.5;

function show(box: Box): string {
  return `[${box.map((side) => Math.round(side * 100) / 100).join(' ')}]`;
}

/** Everything that is read of a page but its QR code, which costs a hundred times as much. */
export interface Sheet {
  readonly text: string;
  /** Only what stands in the address field. */
  readonly address: string;
  readonly boxes: Readonly<Record<'Media' | 'Bleed' | 'Trim', Box | null>>;
}

/** Reads a page once: opening it is what takes the time. */
export function readSheet(page: PdfPage): Sheet {
  return {
    text: page.text(),
    address: page.text(ADDRESS_FIELD),
    boxes: { Media: page.box('Media'), Bleed: page.box('Bleed'), Trim: page.box('Trim') },
  };
}

/** What is wrong with the boxes of a page; null where all is well. */
export function checkBoxes({ boxes }: Sheet): string | null {
  const media: Box = [0, 0, WIDTH, HEIGHT];
  const wanted = {
    Media: media,
    Bleed: media,
    Trim: [BLEED, BLEED, WIDTH - BLEED, HEIGHT - BLEED] satisfies Box,
  };
  const wrong = (['Media', 'Bleed', 'Trim'] as const).flatMap((kind) => {
    const box = boxes[kind];
    if (box === null) return [`it has no ${kind}Box`];
    return box.every((side, index) => Math.abs(side - (wanted[kind][index] ?? 0)) <= TOLERANCE)
      ? []
      : [`its ${kind}Box is ${show(box)} instead of ${show(wanted[kind])}`];
  });
  return wrong.length === 0 ? null : wrong.join(', ');
}

/**
 * Everything that is wrong with the texts of a card, and its line in the manifest, where its row is
 * known.
 */
export function checkTexts(
  { front, back }: { readonly front: Sheet; readonly back: Sheet },
  line: ManifestLine,
  { recipient }: Verdict,
  rules: CardRules,
): string[] {
  const problems: string[] = [];
  if (recipient === null) return problems;
  const { address } = recipient;
  const name =
    [recipient.firstName, recipient.lastName].filter((part) => part !== '').join(' ') ||
    rules.nameless;
  const wanted: Record<string, string> = {
    name,
    line1: address.line1,
    line2: address.line2,
    city: address.city,
    region: address.region,
    postal_code: address.postalCode,
    country: address.country,
    format: rules.format,
    mail_class: rules.mailClass,
  };
  for (const [column, value] of Object.entries(wanted)) {
    const cell = line.cells[column] ?? '';
    if (cell.normalize('NFC') !== value.normalize('NFC'))
      problems.push(`the manifest has ${column} "${cell}" instead of "${value}"`);
  }
  if (Number.isNaN(Date.parse(line.cells['printed_at'] ?? '')))
    problems.push(`the manifest has no time in printed_at: "${line.cells['printed_at']}"`);

  const greeted = recipient.firstName || rules.unnamed;
  if (!standsAsWords(front.text, greeted)) problems.push(`the front does not greet "${greeted}"`);

  const block = [
    name,
    address.line1,
    address.line2,
    `${address.city} ${address.region} ${address.postalCode}`,
  ].filter((part) => part !== '');
  if (!standsAsBlock(back.address, block))
    problems.push(`the address field does not have the lines "${block.join(' / ')}"`);
  return problems;
}

/** What is wrong with the QR code of a back. */
export function checkQr(page: PdfPage, { promoCode }: Verdict, { codeUrl }: CardRules): string[] {
  const wanted = `${codeUrl}${promoCode}`;
  const code = page.qrInLeftHalf(WIDTH, HEIGHT);
  if (code === null) return ['no QR code can be read in the left half of the back'];
  const problems =
    code.data === wanted ? [] : [`the QR code leads to ${code.data} instead of ${wanted}`];
  const [left, bottom, right, top] = code.box;
  if (Math.min(right - left, top - bottom) < SMALLEST_QR) {
    problems.push(
      `the QR code is ${Math.round(((right - left) / 72) * 254) / 10} mm wide, less than 25.4`,
    );
  }
  return problems;
}
