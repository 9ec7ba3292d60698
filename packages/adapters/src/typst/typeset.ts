/**
 * From cards to pages: which cards can be printed, and the document of those that can.
 *
 * Two passes. The first compiles without QR codes and reads the marks: what texts are to be
 * encoded, which texts do not fit, which characters no font has. A card that raises an error takes
 * the whole document with it, so it is found by the error's trace, put aside, and the rest is tried
 * again. The second pass is the document that is printed. Both together take about 0.5 ms a card;
 * compiling cards one by one takes 5 to 9.
 */
import type { CardData } from './card-data.ts';
import type { Compiled, Source, TypstCompiler } from './compiler.ts';
import type { Problem } from './diagnostics.ts';
import { readMarks } from './marks.ts';
import type { Failure, SideName, Told } from './marks.ts';
import { qrCode } from './qr-svg.ts';
import type { QrCode } from './qr-svg.ts';

export interface Typeset<Output> {
  /** What `use` made of the document; null where no card is left. */
  readonly output: Output | null;
  /** Cards of the document, as indexes into `cards`, in order. */
  readonly printed: readonly number[];
  readonly failures: ReadonlyMap<number, Failure>;
  /** What the cards of the document say of their sides. */
  readonly told: ReadonlyMap<number, Told>;
  /** By their texts. */
  readonly codes: Readonly<Record<string, QrCode>>;
}

export interface TypesetUse<Output> {
  readonly use: (document: Compiled) => Output;
  /**
   * Default true. False: a card that can be drawn stays in the document, also where it is among the
   * failures.
   */
  readonly flawless?: boolean;
}

export type TypesetSource = Omit<Source, 'cards' | 'codes' | 'job'> & {
  readonly job: { readonly sides: readonly SideName[] } & Record<string, unknown>;
};

export function typeset<Output>(
  compiler: TypstCompiler,
  source: TypesetSource,
  cards: readonly CardData[],
  use: TypesetUse<Output>,
): Typeset<Output> {
  try {
    return passes(compiler, source, cards, use);
  } finally {
    compiler.forget();
  }
}

/** What is wrong with a template before any card is set; null where it can be loaded. */
export function loadFault(compiler: TypstCompiler, source: TypesetSource): Failure | null {
  try {
    return compiler.compile({ ...source, cards: [], codes: {} }, () => null);
  } finally {
    compiler.forget();
  }
}

function passes<Output>(
  compiler: TypstCompiler,
  source: TypesetSource,
  cards: readonly CardData[],
  { use, flawless = true }: TypesetUse<Output>,
): Typeset<Output> {
  const failures = new Map<number, Failure>();
  let active = cards.map((_, index) => index);
  const pass = <Result>(
    codes: Readonly<Record<string, QrCode>>,
    of: readonly number[],
    then: (document: Compiled) => Result,
  ): Result | Problem =>
    compiler.compile({ ...source, cards: of.map((index) => cards[index]), codes }, then);
  const drop = (index: number, failure: Failure): void => {
    failures.set(index, failure);
    active = active.filter((other) => other !== index);
  };
  const stays = (failure: Failure): boolean => !flawless && failure.undrawable !== true;
  const fail = (index: number, failure: Failure): void => {
    if (stays(failure)) failures.set(index, failure);
    else drop(index, failure);
  };
  const sides = source.job.sides.length;

  while (active.length > 0) {
    const first = pass({}, active, (document) => {
      const read = readMarks({
        marks: document.marks(),
        pages: document.pages,
        active,
        cards,
        sides,
      });
      const clean = [...read.flawed.values()].every(stays) && read.texts.size === 0;
      return clean ? { ...read, output: use(document) } : read;
    });
    if ('problem' in first) {
      const culprit = first.card === null ? undefined : active[first.card];
      if (culprit !== undefined) drop(culprit, first);
      else blame(first);
      continue;
    }
    const { flawed, texts, told } = first;
    for (const [index, failure] of flawed) fail(index, failure);
    const codes: Record<string, QrCode> = {};
    if ('output' in first) return { output: first.output, printed: active, failures, told, codes };
    for (const [text, users] of texts) {
      try {
        codes[text] = qrCode(text);
      } catch {
        for (const index of users)
          fail(index, {
            reason: 'qr_code',
            message: `a text of ${text.length} characters is too long for a QR code`,
          });
      }
    }
    if (active.length === 0) break;
    const second = pass(codes, active, (document) => {
      if (document.pages !== active.length * sides)
        throw new Error(`typst made ${document.pages} pages for ${active.length} cards`);
      return { output: use(document) };
    });
    if (!('problem' in second))
      return { output: second.output, printed: active, failures, told, codes };
    blame(second);
  }
  return { output: null, printed: [], failures, told: new Map(), codes: {} };

  // typst did not say which card it was, or it was none: each card alone tells.
  function blame(problem: Problem): void {
    const [only] = active;
    if (active.length === 1 && only !== undefined) return drop(only, problem);
    let found = false;
    for (const index of active) {
      const alone = pass({}, [index], () => null);
      if (alone === null) continue;
      found = true;
      drop(index, alone);
    }
    if (!found) for (const index of active) drop(index, problem);
  }
}
