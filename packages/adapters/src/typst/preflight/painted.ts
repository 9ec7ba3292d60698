/** What a page paints. */
import type { Box, Matrix } from './geometry.ts';
import type { Ink } from './inks.ts';
import type { PdfPicture } from './pdf-document.ts';

export interface Painted {
  readonly kind: 'text' | 'shape' | 'line' | 'picture';
  /** Where it is, whether or not something clips it. Of a text only what leaves ink. */
  readonly whole: Box;
  /** What the clip leaves of it; may be empty. */
  readonly seen: Box;
  readonly ink: Ink;
  /** An upright rectangle, so that it covers all of its box. */
  readonly full: boolean;
  /** The corners and handles of a shape or a line. */
  readonly points: readonly (readonly [number, number])[];
  readonly text: PaintedText | null;
  readonly picture: PaintedPicture | null;
}

export interface PaintedText {
  readonly content: string;
  /** As printed, in points. */
  readonly size: number;
  readonly upright: boolean;
  readonly baseline: number;
  /** Has a glyph that is the font's empty box. */
  readonly missing: boolean;
}

export interface PaintedPicture extends PdfPicture {
  readonly alt: string | null;
  readonly matrix: Matrix;
}
