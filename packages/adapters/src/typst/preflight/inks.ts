/** The colours that a page's contents paint with. */
import type { PdfAlpha } from './pdf-document.ts';
import { nameOf } from './pdf-syntax.ts';
import type { PdfValue } from './pdf-syntax.ts';

export interface Ink {
  /** Red, green and blue from 0 to 1; null where it is no plain colour. */
  readonly color: readonly [number, number, number] | null;
  readonly alpha: number;
  /** What is painted with instead, by the name that the PDF gives it. */
  readonly pattern?: string;
}

type Color = Ink['color'];

const black = [0, 0, 0] as const;

/** What is lighter counts as paper; the cream of a background does not. */
const paper = 0.96;

/** Whether nobody sees it on white paper. */
export function isPaper({ color, alpha }: Ink): boolean {
  return (
    alpha === 0 || (color !== null && color.every((part) => part * alpha + 1 - alpha >= paper))
  );
}

/** How much light it leaves of the white paper, from 0 to 1; null where nobody knows. */
export function lightness({ color, alpha }: Ink): number | null {
  if (color === null) return null;
  const [red, green, blue] = color.map((part) => part * alpha + 1 - alpha);
  return 0.299 * (red ?? 0) + 0.587 * (green ?? 0) + 0.114 * (blue ?? 0);
}

export class Inks {
  #fill: Color = black;
  #stroke: Color = black;
  #pattern = '';
  #alpha: PdfAlpha = { fill: 1, stroke: 1 };

  get fill(): Ink {
    const { fill: alpha } = this.#alpha;
    return { color: this.#fill, alpha, ...(this.#fill === null ? { pattern: this.#pattern } : {}) };
  }

  get stroke(): Ink {
    return { color: this.#stroke, alpha: this.#alpha.stroke };
  }

  copy(): Inks {
    const copy = new Inks();
    [copy.#fill, copy.#stroke, copy.#alpha] = [this.#fill, this.#stroke, this.#alpha];
    copy.#pattern = this.#pattern;
    return copy;
  }

  blend(alpha: PdfAlpha): void {
    this.#alpha = alpha;
  }

  /** Whether the operator was one for colours. */
  set(operator: string, operands: readonly PdfValue[]): boolean {
    switch (operator) {
      case 'cs':
        this.#fill = operands[0] === '/Pattern' ? null : black;
        return true;
      case 'CS':
        this.#stroke = operands[0] === '/Pattern' ? null : black;
        return true;
      case 'sc':
      case 'scn':
      case 'g':
      case 'rg':
      case 'k':
        this.#fill = colorOf(operands);
        this.#pattern = nameOf(operands.at(-1));
        return true;
      case 'SC':
      case 'SCN':
      case 'G':
      case 'RG':
      case 'K':
        this.#stroke = colorOf(operands);
        return true;
      default:
        return false;
    }
  }
}

function colorOf(operands: readonly PdfValue[]): Color {
  if (!operands.every((part) => typeof part === 'number')) return null;
  const [first = 0, second = 0, third = 0, black = 0] = operands;
  switch (operands.length) {
    case 1:
      return [first, first, first];
    case 3:
      return [first, second, third];
    case 4:
      return [(1 - first) * (1 - black), (1 - second) * (1 - black), (1 - third) * (1 - black)];
    default:
      return null;
  }
}
