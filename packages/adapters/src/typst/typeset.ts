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
import type { Compiled, Mark, Source, TypstCompiler } from './compiler.ts';
import type { Problem } from './diagnostics.ts';
import { qrCode } from './qr-svg.ts';
import type { QrCode } from './qr-svg.ts';

export interface Failure {
  readonly reason: string;
  readonly message: string;
}

export interface Typeset<Output> {
  /** What `use` made of the document; null where no card is left. */
  readonly output: Output | null;
  /** Cards of the document, as indexes into `cards`, in order. */
  readonly printed: readonly number[];
  readonly failures: ReadonlyMap<number, Failure>;
}

export type Side = 'front' | 'back';

export type TypesetSource = Omit<Source, 'cards' | 'codes' | 'job'> & {
  readonly job: { readonly sides: readonly Side[] } & Record<string, unknown>;
};

export function typeset<Output>(
  compiler: TypstCompiler,
  source: TypesetSource,
  cards: readonly CardData[],
  use: (document: Compiled) => Output,
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
  use: (document: Compiled) => Output,
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
  const sides = source.job.sides.length;

  while (active.length > 0) {
    const first = pass({}, active, (document) => {
      const read = readMarks(document.marks(), active, document.pages, sides);
      return read.flawed.size === 0 && read.texts.size === 0
        ? { ...read, output: use(document) }
        : read;
    });
    if ('problem' in first) {
      const culprit = first.card === null ? undefined : active[first.card];
      if (culprit !== undefined) drop(culprit, first);
      else blame(first);
      continue;
    }
    if ('output' in first) return { output: first.output, printed: active, failures };
    const { flawed, texts } = first;
    for (const [index, failure] of flawed) drop(index, failure);
    const codes: Record<string, QrCode> = {};
    for (const [text, users] of texts) {
      try {
        codes[text] = qrCode(text);
      } catch {
        for (const index of users)
          drop(index, {
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
    if (!('problem' in second)) return { output: second.output, printed: active, failures };
    blame(second);
  }
  return { output: null, printed: [], failures };

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

function readMarks(
  marks: readonly Mark[],
  active: readonly number[],
  pages: number,
  sides: number,
): { flawed: Map<number, Failure>; texts: Map<string, Set<number>> } {
  const flawed = new Map<number, Failure>();
  const texts = new Map<string, Set<number>>();
  const glyphs = new Map<number, Set<string>>();
  const starts: { index: number; side: Side; page: number }[] = [];
  let current = active[0] ?? 0;
  for (const mark of marks) {
    switch (mark[0]) {
      case 'side':
        current = active[mark[1]] ?? 0;
        starts.push({ index: current, side: mark[2], page: mark[3] });
        break;
      case 'overflow':
        flawed.set(current, {
          reason: 'text_does_not_fit',
          message: `the text ${show(mark[1])} does not fit, even at its smallest size`,
        });
        break;
      case 'glyph':
        glyphs.set(current, (glyphs.get(current) ?? new Set()).add(mark[1]));
        break;
      case 'qr':
        texts.set(mark[1], (texts.get(mark[1]) ?? new Set()).add(current));
        break;
    }
  }
  for (const [index, characters] of glyphs) {
    const list = [...characters]
      .slice(0, 10)
      .map(
        (c) => `${c} (U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')})`,
      );
    flawed.set(index, {
      reason: 'missing_glyph',
      message: `no font of the renderer has ${list.join(', ')}; add one with renderer.fonts`,
    });
  }
  for (const [place, { index, side, page }] of starts.entries()) {
    const next = starts[place + 1]?.page ?? pages + 1;
    if (next !== page + 1) {
      flawed.set(index, {
        reason: 'text_does_not_fit',
        message: `the ${side} takes ${next - page} pages instead of one: its content is too tall`,
      });
    }
  }
  if (starts.length !== active.length * sides)
    throw new Error(`typst told of ${starts.length} pages instead of ${active.length * sides}`);
  return { flawed, texts };
}

function show(text: string): string {
  const points = [...text.replace(/\s+/g, ' ').trim()];
  return `"${points.length > 60 ? `${points.slice(0, 60).join('')}…` : points.join('')}"`;
}
