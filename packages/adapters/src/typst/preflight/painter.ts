/**
 * What a page's contents paint, in the order in which they paint it: texts, shapes, lines and
 * pictures, each with its place and its colour. Blending, shading and what is inside a picture are
 * not followed; where they matter, the page is looked at as a picture.
 */
import { after, apply, boxAround, boxOf, common, isStraight } from './geometry.ts';
import type { Box, Matrix } from './geometry.ts';
import { Inks } from './inks.ts';
import type {} from './inks.ts';
import type { Painted } from './painted.ts';
import type { PdfFont, PdfPage } from './pdf-document.ts';
import { nameOf, PdfOperator, PdfReader, PdfText } from './pdf-syntax.ts';
import type { PdfDictionary, PdfValue } from './pdf-syntax.ts';

interface State {
  matrix: Matrix;
  clip: Box;
  /** Whether the clip is an upright rectangle. */
  clipFull: boolean;
  inks: Inks;
  font: PdfFont | null;
  size: number;
  width: number;
  textMode: number;
}

const unit: Box = { left: 0, top: 0, right: 1, bottom: 1 };
// Of letters, from the baseline, by the size: what higher accents and deeper tails add is not
// enough to tell a caption from its neighbour.
const [ascent, descent] = [0.75, 0.22];

/** Throws where the contents have an operator that is not known. */
export function paintedOn(page: PdfPage): readonly Painted[] {
  const painter = new Painter(page);
  const reader = new PdfReader(page.contents);
  let operands: PdfValue[] = [];
  for (let next = reader.next(); next !== undefined; next = reader.next()) {
    if (!(next instanceof PdfOperator)) operands.push(next);
    else {
      painter.run(next.name, operands);
      operands = [];
    }
  }
  return painter.painted;
}

/** What is painted, before the clip. full: the whole of its box is. */
type Added = Pick<Painted, 'kind' | 'whole' | 'ink'> &
  Partial<Pick<Painted, 'full' | 'text' | 'picture'>>;

class Painter {
  readonly painted: Painted[] = [];
  readonly #page: PdfPage;
  readonly #saved: State[] = [];
  readonly #alts: (string | null)[] = [];
  #state: State;
  #path: [number, number][] = [];
  #rectangles = 0;
  #steps = 0;
  #clipping = false;
  #text: Matrix = [1, 0, 0, 1, 0, 0];

  constructor(page: PdfPage) {
    this.#page = page;
    this.#state = {
      matrix: [1, 0, 0, -1, 0, page.height],
      clip: { left: -Infinity, top: -Infinity, right: Infinity, bottom: Infinity },
      clipFull: true,
      inks: new Inks(),
      font: null,
      size: 0,
      width: 1,
      textMode: 0,
    };
  }

  run(operator: string, operands: readonly PdfValue[]): void {
    const state = this.#state;
    const name = (): string => nameOf(operands.at(-1));
    if (state.inks.set(operator, operands)) return;
    switch (operator) {
      case 'q':
        this.#saved.push({ ...state, inks: state.inks.copy() });
        return;
      case 'Q':
        this.#state = this.#saved.pop() ?? state;
        return;
      case 'cm':
        state.matrix = after(operands as unknown as Matrix, state.matrix);
        return;
      case 'gs':
        state.inks.blend(this.#page.resources.alpha(name()));
        return;
      case 'w':
        state.width = Number(operands[0]);
        return;
      case 'm':
      case 'l':
      case 'c':
      case 'v':
      case 'y':
        this.#steps++;
        for (let index = 0; index + 1 < operands.length; index += 2)
          this.#point(Number(operands[index]), Number(operands[index + 1]));
        return;
      case 're': {
        const [x = 0, y = 0, width = 0, height = 0] = operands.map(Number);
        this.#rectangles++;
        this.#point(x, y);
        this.#point(x + width, y);
        this.#point(x, y + height);
        this.#point(x + width, y + height);
        return;
      }
      case 'W':
      case 'W*':
        this.#clipping = true;
        return;
      case 'f':
      case 'F':
      case 'f*':
        return this.#finish(true, false);
      case 'S':
      case 's':
        return this.#finish(false, true);
      case 'B':
      case 'B*':
      case 'b':
      case 'b*':
        return this.#finish(true, true);
      case 'n':
        return this.#finish(false, false);
      case 'BT':
        this.#text = [1, 0, 0, 1, 0, 0];
        return;
      case 'Tm':
        this.#text = operands as unknown as Matrix;
        return;
      case 'Tf':
        state.font = this.#page.resources.font(nameOf(operands[0]));
        state.size = Number(operands[1]);
        return;
      case 'Tr':
        state.textMode = Number(operands[0]);
        return;
      case 'Tj':
        return this.#write([operands[0] ?? null]);
      case 'TJ':
        return this.#write(operands[0] as readonly PdfValue[]);
      case 'Do':
        return this.#draw(name());
      case 'BDC':
        this.#alts.push(altOf(operands[1]));
        return;
      case 'BMC':
        this.#alts.push(null);
        return;
      case 'EMC':
        this.#alts.pop();
        return;
      case 'h':
      case 'ET':
      case 'J':
      case 'j':
      case 'd':
      case 'M':
      case 'i':
      case 'ri':
        return;
      default:
        throw new Error(`the PDF has the operator ${operator}, which preflight does not know`);
    }
  }

  #point(x: number, y: number): void {
    this.#path.push(apply(this.#state.matrix, x, y));
  }

  #finish(filled: boolean, stroked: boolean): void {
    const { matrix, inks, width } = this.#state;
    if (this.#path.length > 0) {
      const whole = boxAround(this.#path);
      const full = this.#rectangles === 1 && this.#steps === 0 && isStraight(matrix);
      if (filled) this.#add({ kind: 'shape', whole, ink: inks.fill, full });
      if (stroked) {
        const half = (width / 2) * scaleOf(matrix);
        const { left, top, right, bottom } = whole;
        const around = {
          left: left - half,
          top: top - half,
          right: right + half,
          bottom: bottom + half,
        };
        this.#add({ kind: 'line', whole: around, ink: inks.stroke });
      }
      if (this.#clipping) {
        this.#state.clip = common(this.#state.clip, whole);
        this.#state.clipFull &&= full;
      }
    }
    this.#path = [];
    [this.#rectangles, this.#steps, this.#clipping] = [0, 0, false];
  }

  #add({ kind, whole, ink, full = false, text = null, picture = null }: Added): void {
    const { clip, clipFull } = this.#state;
    const seen = common(whole, clip);
    const points = kind === 'shape' || kind === 'line' ? this.#path : [];
    this.painted.push({ kind, whole, seen, ink, full: full && clipFull, points, text, picture });
  }

  #write(parts: readonly PdfValue[]): void {
    const { font, size, matrix, inks, textMode } = this.#state;
    if (font === null) throw new Error('the PDF writes without a font');
    let [at, start, end] = [0, NaN, 0];
    let content = '';
    let missing = false;
    for (const part of parts) {
      if (!(part instanceof PdfText)) {
        at -= (Number(part) / 1000) * size;
        continue;
      }
      for (let index = 0; index + font.bytes <= part.bytes.length; index += font.bytes) {
        const glyph =
          font.bytes === 1
            ? part.bytes.charCodeAt(index)
            : part.bytes.charCodeAt(index) * 256 + part.bytes.charCodeAt(index + 1);
        const text = font.texts.get(glyph) ?? '';
        const next = at + ((font.widths.get(glyph) ?? 0) / 1000) * size;
        content += text;
        missing ||= glyph === 0 && font.bytes === 2;
        if (text === '' || text.trim() !== '') {
          if (Number.isNaN(start)) start = at;
          end = next;
        }
        at = next;
      }
    }
    if (Number.isNaN(start)) return;
    const placed = after(this.#text, matrix);
    const whole = boxOf(placed, {
      left: start,
      top: -descent * size,
      right: end,
      bottom: ascent * size,
    });
    const [a, b, , d] = placed;
    const ink = textMode === 0 ? inks.fill : { ...inks.fill, color: null };
    this.#add({
      kind: 'text',
      whole,
      ink,
      text: {
        content,
        size: size * scaleOf(placed),
        // Up is towards smaller numbers, so letters that stand have a negative d.
        upright: a > 0 && d < 0 && Math.abs(b) < a * 1e-3,
        baseline: placed[5],
        missing,
      },
    });
  }

  #draw(name: string): void {
    const { matrix, inks } = this.#state;
    const picture = this.#page.resources.picture(name);
    const alt = this.#alts.findLast((one) => one !== null) ?? null;
    this.#add({
      kind: 'picture',
      whole: boxOf(matrix, unit),
      ink: { color: null, alpha: inks.fill.alpha },
      picture: { ...picture, alt, matrix },
    });
  }
}

function scaleOf([a, b, c, d]: Matrix): number {
  return Math.sqrt(Math.abs(a * d - b * c));
}

function altOf(properties: PdfValue | undefined): string | null {
  if (!(properties instanceof Map)) return null;
  const alt = (properties as PdfDictionary).get('Alt');
  return alt instanceof PdfText ? alt.toString() : null;
}
