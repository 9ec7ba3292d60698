/**
 * Cards are set and looked at before they are printed. What is wrong with one of them takes it out,
 * and the rest is set again; what is wrong with the template refuses them all, so that its campaign
 * is held once instead of its people failing one by one.
 */
import type { CardRequest } from '@postrider/core/ports';
import { cardData } from './card-data.ts';
import type { TypstCompiler } from './compiler.ts';
import type { FontSet } from './fonts.ts';
import type { CardFormat } from './formats.ts';
import type { Failure, SideName } from './marks.ts';
import { inkWithin } from './preflight/ink-within.ts';
import { preflight } from './preflight/preflight.ts';
import { inkFreeBox } from './preflight/sheet.ts';
import type { Fault } from './preflight/sheet.ts';
import type { TemplateFiles } from './template-files.ts';
import { loadFault, typeset } from './typeset.ts';
import type { Typeset, TypesetSource } from './typeset.ts';

export interface Studio {
  readonly typst: TypstCompiler;
  readonly fonts: FontSet;
  readonly prelude: string;
  readonly format: CardFormat;
  readonly template: TemplateFiles;
}

export interface Proofed {
  /** Null where no card may be printed. */
  readonly pdf: Buffer | null;
  /** Cards of the PDF, as indexes into the cards that were given. */
  readonly printed: readonly number[];
  readonly failures: ReadonlyMap<number, Failure>;
  /** What is wrong with the template. */
  readonly refused: readonly Failure[];
}

export async function proof(studio: Studio, requests: readonly CardRequest[]): Promise<Proofed> {
  const source = sourceOf(studio, ['front', 'back']);
  const cards = requests.map(cardData);
  const failures = new Map<number, Failure>();
  const refusing = (refused: readonly Failure[]): Proofed => ({
    pdf: null,
    printed: [],
    failures,
    refused,
  });
  for (let active = cards.map((_, index) => index); active.length > 0;) {
    const set = typeset(
      studio.typst,
      source,
      active.map((index) => cards[index] ?? {}),
      { use: (document) => document.pdf() },
    );
    const at = (position: number): number => active[position] ?? 0;
    for (const [position, failure] of set.failures) failures.set(at(position), failure);
    if (set.output === null) {
      const common = commonFault(studio, source, requests.length, failures);
      return refusing(common === null ? [] : [common]);
    }
    const foreign = foreignFont(set.output, studio.fonts);
    if (foreign !== null) return refusing([foreign]);
    const printed = set.printed.map(at);
    const faults = await lookAt(
      studio,
      set,
      printed.map((index) => requests[index]),
    );
    if (faults.size === 0) return { pdf: set.output, printed, failures, refused: [] };
    if (faults.size === printed.length) {
      const common = await templateFaults(studio, requests[printed[0] ?? 0], [...faults.values()]);
      if (common !== null) return refusing(common);
    }
    for (const [position, found] of faults)
      failures.set(printed[position] ?? 0, {
        reason: found[0]?.reason ?? '',
        message: found.map(({ message }) => message).join('; '),
      });
    active = printed.filter((index) => !failures.has(index));
  }
  return refusing([]);
}

export function sourceOf(
  { prelude, fonts, format, template }: Studio,
  sides: readonly SideName[],
  { guides = false, address = true } = {},
): TypesetSource {
  return {
    prelude,
    template: template.main,
    files: template.files,
    job: { format, fonts: fonts.forTemplate, sides, guides, address },
  };
}

function lookAt(
  studio: Studio,
  { output, printed, told, codes }: Typeset<Buffer>,
  requests: readonly (CardRequest | undefined)[],
): Promise<ReadonlyMap<number, readonly Fault[]>> {
  const cards = requests.map((one) => (one === undefined ? {} : cardData(one)));
  const none = { addresses: [], codes: [] };
  return preflight({
    pdf: output ?? Buffer.alloc(0),
    format: studio.format,
    cards,
    told: printed.map((index) => told.get(index) ?? { front: none, back: none }),
    modules: (text) => codes[text]?.modules ?? 0,
    look: (index) => {
      const back = typeset(
        studio.typst,
        sourceOf(studio, ['back'], { address: false }),
        [cards[index] ?? {}],
        { use: (document) => document.svg() },
      );
      if (back.output === null)
        throw new Error('a card that could be set cannot be set without its address');
      return inkWithin(back.output, inkFreeBox(studio.format));
    },
  });
}

/**
 * The template is broken for every recipient: it cannot be loaded, or breaks off at the same place
 * for all of several cards.
 */
function commonFault(
  { typst }: Studio,
  source: TypesetSource,
  cards: number,
  failures: ReadonlyMap<number, Failure>,
): Failure | null {
  const [first, ...others] = failures.values();
  const isSame = ({ reason, message }: Failure): boolean =>
    reason === first?.reason && message === first.message;
  if (first?.ofTemplate === true && failures.size === cards && others.every(isSame)) return first;
  if (first?.reason !== 'broken_template') return null;
  if (cards > 1 && others.every(isSame)) return first;
  return loadFault(typst, source);
}

/**
 * Every card has a fault. It is the template's where all of several have the very same, or where a
 * card of nobody in particular, with short texts only, has it too.
 */
async function templateFaults(
  studio: Studio,
  request: CardRequest | undefined,
  found: readonly (readonly Fault[])[],
): Promise<readonly Failure[] | null> {
  const [first = [], ...others] = found;
  const isSame = (faults: readonly Fault[]): boolean =>
    faults.length === first.length &&
    faults.every(({ message }, index) => message === first[index]?.message);
  if (others.length > 0 && others.every(isSame)) return first;
  if (request === undefined) return null;
  const twin = twinOf(request);
  const set = typeset(studio.typst, sourceOf(studio, ['front', 'back']), [cardData(twin)], {
    use: (document) => document.pdf(),
  });
  if (set.output === null) return null;
  const faults = (await lookAt(studio, set, [twin])).get(0) ?? [];
  const common = first.filter(({ reason }) => faults.some((one) => one.reason === reason));
  return common.length > 0 ? common : null;
}

// Numbers stay, because a template may count with them.
function twinOf(request: CardRequest): CardRequest {
  const short = (text: string): string => text.replace(/\p{L}/gu, 'x').slice(0, 12);
  return {
    ...request,
    firstName: request.firstName === null ? null : 'Ann',
    lastName: request.lastName === null ? null : 'Lee',
    address: {
      line1: '1 Main Street',
      line2: null,
      city: 'Springfield',
      region: 'IL',
      postalCode: '62701',
      country: 'US',
    },
    merge: Object.fromEntries(
      Object.entries(request.merge).map(([name, text]) => [name, short(text)]),
    ),
  };
}

// typst finds the fonts installed on the machine whether we want it or not; a card must not look
// different on another runner.
function foreignFont(pdf: Buffer, fonts: FontSet): Failure | null {
  for (const [, name] of pdf
    .toString('latin1')
    .matchAll(/\/BaseFont \/(?:[A-Z]{6}\+)?([^\s/<>[\]()]+)/g)) {
    const plain = name?.replace(/-Identity-H$/, '') ?? '';
    if (fonts.postScriptNames.has(plain)) continue;
    const message =
      `the template uses the font ${plain}, ` +
      `which is not among renderer.fonts and may differ on another machine; ` +
      `add its file there`;
    return { reason: 'font_not_provided', message };
  }
  return null;
}
