/** Whether the person's address is printed on the back, inside its zone, and can be read. */
import { grown, holds, isEmpty, overlap } from './geometry.ts';
import { isPaper, lightness } from './inks.ts';
import { findLines, isWritten } from './letters.ts';
import type { Written } from './letters.ts';
import { inkFreeBox, quoted } from './sheet.ts';
import type { Fault, Sheet, ToldAddress } from './sheet.ts';

/** From the lower trim edge, in points: there the carrier prints its barcode. */
const barcode = 0.625 * 72;

/** Below this, in points, sorting machines do not read. */
const smallestPrint = 6;

export interface AddressFinding {
  readonly faults: readonly Fault[];
  /** What the address block has painted, as far as it was found. */
  readonly block: ReadonlySet<unknown>;
}

export function checkAddress(sheet: Sheet): AddressFinding {
  const told = toldOnce(sheet);
  if ('reason' in told) return { faults: [told], block: new Set() };
  const wrong = notThisCard(sheet, told);
  if (wrong !== null) return { faults: [wrong], block: new Set() };

  const wanted = [told.name, ...told.lines, told.reference].filter((line) => line?.trim() !== '');
  const blocks = findLines(sheet.back.painted.filter(isWritten), wanted);
  const zone = zoneOf(sheet);
  const within = (block: (typeof blocks)[number]): boolean =>
    block.flat().every(({ whole }) => holds(zone, whole));
  const block = blocks.find(within) ?? blocks[0];
  if (block === undefined)
    return {
      faults: [
        {
          reason: 'address_missing',
          message:
            'the address is not in the print: the template hides its address-block(card), or changes what it says',
        },
      ],
      block: new Set(),
    };
  const lines = block.flat();
  return {
    faults: [...placing(sheet, told, block), ...reading(sheet, lines)],
    block: new Set(lines),
  };
}

function toldOnce({ front, back }: Sheet): ToldAddress | Fault {
  const [told, ...others] = back.addresses;
  if (told === undefined)
    return {
      reason: 'address_missing',
      message:
        front.addresses.length > 0
          ? 'the address-block(card) is on the front; its place is the back'
          : 'the back has no address, so nobody would get the card; ' +
            'put address-block(card) at its end',
    };
  if (others.length > 0 || front.addresses.length > 0)
    return {
      reason: 'address_repeated',
      message: `the template has address-block(card) ${
        others.length > 0 ? 'more than once' : 'on the front too'
      }; a card has one address, on the back`,
    };
  return told;
}

function notThisCard({ card }: Sheet, told: ToldAddress): Fault | null {
  if (told.ownName && told.name !== (card['name'] ?? 'Current Resident'))
    return {
      reason: 'address_of_another',
      message:
        `the address block names ${quoted(told.name ?? '')}, which is not this person; ` +
        'give it the card as it is, and another name by address-block(card, name: …)',
    };
  const { lines } = card['address'] as { readonly lines: readonly string[] };
  const isOwn =
    told.lines.length === lines.length && told.lines.every((one, at) => one === lines[at]);
  if (isOwn && told.reference === card['reference']) return null;
  return {
    reason: 'address_of_another',
    message:
      `the address block prints ${quoted(told.lines.join(', '))}, which is not this person's ` +
      'address; give it the card as it is: address-block(card)',
  };
}

function zoneOf({ format }: Sheet): ReturnType<typeof inkFreeBox> {
  const bottom = format.height - format.bleed - barcode;
  return grown({ ...inkFreeBox(format), bottom }, 0.5);
}

function placing(
  sheet: Sheet,
  { min }: ToldAddress,
  block: readonly (readonly Written[])[],
): readonly Fault[] {
  const lines = block.flat();
  const zone = zoneOf(sheet);
  const printed = Math.min(
    ...block
      .slice(0, -1)
      .flat()
      .map(({ text }) => text.size),
  );
  const least = Math.max(smallestPrint, min);
  if (printed < least - 0.05)
    return [
      {
        reason: 'address_unreadable',
        message:
          `the address is printed at ${printed.toFixed(1)} pt, ` +
          `where ${least} pt are the least; do not scale address-block(card)`,
      },
    ];
  if (lines.some(({ text }) => !text.upright))
    return [{ reason: 'address_out_of_place', message: 'the address is turned or slanted' }];
  const outside = lines.filter(({ whole }) => !holds(zone, whole));
  const [first] = outside;
  if (first === undefined) return [];
  const { left, top, right, bottom } = first.whole;
  const over = (
    [
      ['left', zone.left - left],
      ['top', zone.top - top],
      ['right', right - zone.right],
      ['bottom', bottom - zone.bottom],
    ] as const
  ).toSorted((a, b) => b[1] - a[1])[0];
  return [
    {
      reason: 'address_out_of_place',
      message:
        `${quoted(first.text.content)} of the address is outside its zone by ` +
        `${(over?.[1] ?? 0).toFixed(0)} pt at the ${over?.[0]}` +
        (over?.[0] === 'bottom' ? ', where the carrier prints its barcode' : '') +
        '; place address-block(card) by itself, it knows where it belongs',
    },
  ];
}

function reading({ back }: Sheet, lines: readonly Written[]): readonly Fault[] {
  const own = new Set<unknown>(lines);
  for (const line of lines) {
    const what = quoted(line.text.content);
    if ((lightness(line.ink) ?? 1) > 0.5)
      return [
        {
          reason: 'address_unreadable',
          message: `${what} of the address is printed in a colour too light to be read, or in no plain one`,
        },
      ];
    if (!holds(grown(line.seen, 0.3), line.whole))
      return [{ reason: 'address_covered', message: `${what} of the address is cut off` }];
    const place = grown(line.seen, -0.3);
    const cover = back.painted
      .slice(back.painted.indexOf(line) + 1)
      .find(
        (one) =>
          !own.has(one) && one.ink.alpha > 0 && !isEmpty(one.seen) && overlap(one.seen, place),
      );
    if (cover !== undefined) {
      const thing = isWritten(cover)
        ? `the text ${quoted(cover.text.content)}`
        : cover.kind === 'picture'
          ? 'a picture'
          : `a ${isPaper(cover.ink) ? 'white ' : ''}${cover.kind}`;
      return [
        {
          reason: 'address_covered',
          message: `${thing} is drawn over ${what} of the address; put address-block(card) at the end of the back, and nothing else in its box`,
        },
      ];
    }
  }
  return [];
}
