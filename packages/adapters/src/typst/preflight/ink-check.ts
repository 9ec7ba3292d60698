/**
 * Whether anything but the address is printed in the ink-free box.
 *
 * What a page paints tells at once of most cards that the box is clean. Where something else lies
 * there, only a look at the picture tells whether it leaves ink: a photograph may have a white
 * corner, a coloured ground a white field on it.
 */
import { grown, holds, isEmpty, overlap } from './geometry.ts';
import type { Box } from './geometry.ts';
import { isPaper } from './inks.ts';
import type { Painted } from './painted.ts';
import { inkFreeBox, quoted } from './sheet.ts';
import type { Fault, Sheet } from './sheet.ts';

/** What a card has in the box beside its address; `key` is the same where the picture is. */
export interface Suspects {
  readonly key: string;
  readonly painted: readonly Painted[];
}

/** Null where the box is clean. */
export function suspectsIn({ format, back }: Sheet, block: ReadonlySet<unknown>): Suspects | null {
  const box = inkFreeBox(format);
  const inside = grown(box, -0.5);
  let painted: Painted[] = [];
  for (const one of back.painted) {
    if (block.has(one) || isEmpty(one.seen) || !overlap(one.seen, inside)) continue;
    const covers = one.full && one.ink.alpha === 1 && isPaper(one.ink);
    if (covers && holds(grown(one.seen, 0.3), box)) painted = [];
    else painted.push(one);
  }
  if (painted.every(({ ink }) => isPaper(ink))) return null;
  return { key: JSON.stringify(painted), painted };
}

/** @param found where the picture has ink. */
export function inkFault({ format }: Sheet, { painted }: Suspects, found: Box): Fault {
  const box = inkFreeBox(format);
  const inks = painted.filter((one) => !isPaper(one.ink) && overlap(one.seen, grown(found, 1)));
  const culprit =
    inks.find(({ text }) => text !== null) ??
    inks.find(({ kind }) => kind === 'picture') ??
    inks[0];
  const what =
    culprit === undefined
      ? 'something'
      : culprit.text !== null
        ? `the text ${quoted(culprit.text.content)}`
        : culprit.kind === 'picture'
          ? 'a picture'
          : culprit.kind === 'line'
            ? 'a line'
            : 'a coloured shape or ground';
  const at = (points: number): string => points.toFixed(0);
  return {
    reason: 'ink_free_box',
    message:
      `${what} is printed in the ink-free box of the back, from ${at(found.left)} pt from the ` +
      `left and ${at(found.top)} pt from the top on; that box (from ${at(box.left)} pt and ` +
      `${at(box.top)} pt on, ${at(box.right - box.left)} by ${at(box.bottom - box.top)} pt) is ` +
      'white but for the address, because the carrier prints there',
  };
}
