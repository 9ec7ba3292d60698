/** What preflight knows of a card, and what it may say of it. */
import type { CardData } from '../card-data.ts';
import type { CardFormat } from '../formats.ts';
import type { Box } from './geometry.ts';
import type { Painted } from './painted.ts';

export interface Fault {
  readonly reason: string;
  readonly message: string;
}

/** What an address block says that it prints. */
export interface ToldAddress {
  /** Null where it is set in its own way, so that only its place is known. */
  readonly name: string | null;
  /** Whether the name was left to the address block. */
  readonly ownName: boolean;
  readonly lines: readonly string[];
  readonly reference: string;
  /** The smallest size that the template allows, in points. */
  readonly min: number;
}

/** What the template says of one side while it is laid out. */
export interface ToldSide {
  readonly addresses: readonly ToldAddress[];
  /** The texts of its QR codes. */
  readonly codes: readonly string[];
}

export interface Side extends ToldSide {
  readonly name: 'front' | 'back';
  /** In the order of painting. */
  readonly painted: readonly Painted[];
}

export interface Sheet {
  readonly card: CardData;
  readonly format: CardFormat;
  readonly front: Side;
  readonly back: Side;
}

export function inkFreeBox({ inkFree: { x, y, width, height } }: CardFormat): Box {
  return { left: x, top: y, right: x + width, bottom: y + height };
}

/** At most sixty characters of a text, in quotes. */
export function quoted(text: string): string {
  const points = [...text.replace(/\s+/g, ' ').trim()];
  return `"${points.length > 60 ? `${points.slice(0, 60).join('')}…` : points.join('')}"`;
}
