/** Whether the QR codes of a side can be scanned as they are printed. */
import { grown, holds, isEmpty, isStraight, overlap } from './geometry.ts';
import type { Box } from './geometry.ts';
import { isPaper } from './inks.ts';
import type { Painted, PaintedPicture } from './painted.ts';
import { quoted } from './sheet.ts';
import type { Fault, Sheet, Side } from './sheet.ts';

const inch = 72;
const millimetre = 72 / 25.4;

/**
 * The side of a module, in points: four dots of a press with 300 to the inch, 0.34 mm. Below that
 * ink spread makes modules of unequal size. Retail asks for 0.396 mm, at best light and print.
 */
const smallestModule = (4 / 300) * inch;

/** Below it phones begin to fail on printed cards. The prelude asks the same of its argument. */
const smallestCode = 0.8 * inch;

/** In modules, by the standard. */
const quietModules = 4;

type Drawn = Painted & { readonly picture: PaintedPicture };

/** @param modules how many a code of this text has on a side. */
export function checkCodes(
  sheet: Sheet,
  side: Side,
  modules: (text: string) => number,
): readonly Fault[] {
  const faults: Fault[] = [];
  for (const text of new Set(side.codes)) {
    const count = modules(text);
    const wanted = side.codes.filter((one) => one === text).length;
    const found = side.painted.filter(
      (one): one is Drawn => one.picture?.alt === text && one.picture.size?.[0] === count,
    );
    const fault =
      found.length < wanted
        ? 'is not in the print: the template hides it'
        : found.map((one) => faultOf(sheet, side, one, count)).find((one) => one !== null);
    if (fault !== undefined && fault !== null)
      faults.push({
        reason: 'qr_code',
        message: `the QR code of ${quoted(text)} on the ${side.name} ${fault}`,
      });
  }
  return faults;
}

function faultOf({ format }: Sheet, side: Side, code: Drawn, count: number): string | null {
  const [a, b, c, d] = code.picture.matrix;
  const [width, height] = [Math.hypot(a, b), Math.hypot(c, d)];
  const size = Math.min(width, height);
  const inches = (points: number): string => `${(points / inch).toFixed(2)} in`;
  if (!isStraight(code.picture.matrix) || Math.abs(width - height) > 0.01 * size)
    return 'is turned or distorted';
  if (size < smallestCode - 0.1)
    return (
      `is printed ${inches(size)} wide, where ${inches(smallestCode)} are the least; ` +
      'do not scale it'
    );
  const module = size / count;
  const enough = Math.ceil((count * smallestModule * 100) / inch) / 100;
  if (module < smallestModule - 0.001)
    return (
      `has ${count} modules on ${inches(size)}: ${(module / millimetre).toFixed(2)} mm each, ` +
      `where ${(smallestModule / millimetre).toFixed(2)} mm are the least for a phone to read; ` +
      `draw it ${enough.toFixed(2)} in wide or more, or give it a shorter text`
    );
  if (!holds(grown(code.seen, 0.2), code.whole)) return 'is cut off by what it is placed in';

  const quiet = grown(code.whole, quietModules * module);
  const { bleed } = format;
  const trim = {
    left: bleed,
    top: bleed,
    right: format.width - bleed,
    bottom: format.height - bleed,
  };
  if (!holds(grown(trim, 0.2), quiet))
    return (
      'is too near the edge of the card: ' +
      'four white modules around it must stay inside the trim'
    );
  return disturbance(side, code, quiet, module);
}

function disturbance(side: Side, code: Drawn, quiet: Box, module: number): string | null {
  const near = grown(quiet, -module / 4);
  const at = side.painted.indexOf(code);
  let under: Painted | undefined;
  for (const one of side.painted.slice(0, at)) {
    const covers = one.full && one.ink.alpha === 1 && isPaper(one.ink);
    if (covers && holds(grown(one.seen, module / 4), quiet)) under = undefined;
    else if (isInk(one) && overlap(one.seen, near)) under ??= one;
  }
  if (under !== undefined) return `has ${nameOf(under)} under it or in the white around it`;
  const over = side.painted
    .slice(at + 1)
    .filter((one) => one.ink.alpha > 0 && !isEmpty(one.seen))
    .find(
      (one) =>
        overlap(one.seen, grown(code.whole, -0.2)) || (isInk(one) && overlap(one.seen, near)),
    );
  if (over === undefined) return null;
  return overlap(over.seen, grown(code.whole, -0.2))
    ? `has ${nameOf(over)} drawn over it`
    : `has ${nameOf(over)} in the white of four modules that it needs around it`;
}

function isInk(one: Painted): boolean {
  return !isPaper(one.ink) && !isEmpty(one.seen);
}

function nameOf({ kind, text }: Painted): string {
  return text === null ? `a ${kind}` : `the text ${quoted(text.content)}`;
}
