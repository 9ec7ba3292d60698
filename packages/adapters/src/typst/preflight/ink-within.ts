/** Looks for ink in a part of a page. */
import type { Box } from './geometry.ts';

const dotsPerPoint = 2;
/** What is lighter in all colours is paper: pictures have noise. */
const paper = 245;

/**
 * The box around what is not white in a part of a drawing, in points; null where all is white.
 *
 * @param svg one page, its units points.
 */
export async function inkWithin(svg: string, part: Box): Promise<Box | null> {
  const { Resvg } = await import('@resvg/resvg-js');
  const [width, height] = [part.right - part.left, part.bottom - part.top];
  const view =
    `viewBox="${part.left} ${part.top} ${width} ${height}" ` +
    `width="${width}" height="${height}"`;
  const cropped = svg.replace(/^<svg[^>]*>/, (head) =>
    head.replace(/ (?:viewBox|width|height)="[^"]*"/g, '').replace(/^<svg/, `<svg ${view}`),
  );
  const image = new Resvg(cropped, {
    fitTo: { mode: 'zoom', value: dotsPerPoint },
    background: '#fff',
    font: { loadSystemFonts: false },
  }).render();
  const { pixels, width: columns, height: rows } = image;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  // The outermost dots may be half of what lies beside the part.
  for (let y = 1; y < rows - 1; y++) {
    for (let x = 1; x < columns - 1; x++) {
      const at = 4 * (y * columns + x);
      const darkest = Math.min(pixels[at] ?? 255, pixels[at + 1] ?? 255, pixels[at + 2] ?? 255);
      if (darkest >= paper) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y + 1);
    }
  }
  if (left > right) return null;
  return {
    left: part.left + left / dotsPerPoint,
    top: part.top + top / dotsPerPoint,
    right: part.left + right / dotsPerPoint,
    bottom: part.top + bottom / dotsPerPoint,
  };
}
