/** Places on a page, in points from its left upper corner. */

/** `x' = a x + c y + e`, `y' = b x + d y + f`, as PDF has it. */
export type Matrix = readonly [number, number, number, number, number, number];

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** First `inner`, then `outer`. */
export function after(inner: Matrix, outer: Matrix): Matrix {
  const [a, b, c, d, e, f] = inner;
  const [A, B, C, D, E, F] = outer;
  return [
    a * A + b * C,
    a * B + b * D,
    c * A + d * C,
    c * B + d * D,
    e * A + f * C + E,
    e * B + f * D + F,
  ];
}

export function apply([a, b, c, d, e, f]: Matrix, x: number, y: number): [number, number] {
  return [a * x + c * y + e, b * x + d * y + f];
}

/** Whether it leaves upright boxes upright. */
export function isStraight([a, b, c, d]: Matrix): boolean {
  const most = Math.max(Math.abs(a), Math.abs(b), Math.abs(c), Math.abs(d)) * 1e-4;
  return (
    (Math.abs(b) <= most && Math.abs(c) <= most) || (Math.abs(a) <= most && Math.abs(d) <= most)
  );
}

export function boxAround(points: readonly (readonly [number, number])[]): Box {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x);
    bottom = Math.max(bottom, y);
  }
  return { left, top, right, bottom };
}

export function boxOf(matrix: Matrix, { left, top, right, bottom }: Box): Box {
  return boxAround([
    apply(matrix, left, top),
    apply(matrix, right, top),
    apply(matrix, left, bottom),
    apply(matrix, right, bottom),
  ]);
}

export function grown({ left, top, right, bottom }: Box, by: number): Box {
  return { left: left - by, top: top - by, right: right + by, bottom: bottom + by };
}

export function common(one: Box, other: Box): Box {
  return {
    left: Math.max(one.left, other.left),
    top: Math.max(one.top, other.top),
    right: Math.min(one.right, other.right),
    bottom: Math.min(one.bottom, other.bottom),
  };
}

export function isEmpty({ left, top, right, bottom }: Box): boolean {
  return !(right >= left && bottom >= top);
}

/** Whether they share more than an edge. */
export function overlap(one: Box, other: Box): boolean {
  const { left, top, right, bottom } = common(one, other);
  return right > left && bottom > top;
}

export function holds(outer: Box, inner: Box): boolean {
  return (
    inner.left >= outer.left &&
    inner.top >= outer.top &&
    inner.right <= outer.right &&
    inner.bottom <= outer.bottom
  );
}
