/** Looks at the two sides of a card, as Lob does before it takes it. */
import type { Artwork } from './entries.ts';
import { lookAtPdf, type PageSize } from '../kit/pdf-look.ts';
import type { ReadBody } from './bodies.ts';
import { Refused } from './refusals.ts';

/** In inches, with bleed. */
export const artworkSizes = {
  '4x6': { width: 6.25, height: 4.25 },
  '6x9': { width: 9.25, height: 6.25 },
  '6x11': { width: 11.25, height: 6.25 },
} as const;
type Size = keyof typeof artworkSizes;

const LARGEST_FILE = 5 * 1024 * 1024;
const DPI = 300;
/** In inches: half a point, which rounding costs. */
const TOLERANCE = 0.007;

/** Throws `Refused`. */
export async function readArtwork(
  side: 'front' | 'back',
  size: Size,
  { fields, files }: ReadBody,
): Promise<Artwork> {
  const file = files[side];
  if (file === undefined) {
    const value = String(fields[side]);
    if (value.startsWith('tmpl_')) return { kind: 'template', value };
    if (value.includes('<')) return { kind: 'html', value };
    // The spec takes the name of a file too, which only Lob's own clients can send.
    if (!value.startsWith('https://'))
      throw new Refused('invalid_file_url', `${side} is not a URL of a file that can be fetched.`);
    return { kind: 'url', value };
  }
  const { bytes, type, sha256 } = file;
  if (bytes.length > LARGEST_FILE) throw new Refused('file_size_exceeds_limit');
  if (type === 'application/pdf') await lookAtPages(side, size, bytes);
  else if (type === 'image/png') lookAtPixels(side, size, bytes);
  else if (type !== 'image/jpeg' && type !== 'text/html')
    throw new Refused('invalid_file', `${side} must be a PDF, PNG, JPEG or HTML file.`);
  return { kind: 'file', sha256, bytes: bytes.length };
}

async function lookAtPages(side: string, size: Size, bytes: Buffer): Promise<void> {
  const look = await lookAtPdf(bytes);
  if ('fault' in look)
    throw new Refused(look.fault === 'encrypted' ? 'pdf_encrypted' : 'invalid_file');
  const [page] = look.pages;
  if (page === undefined) throw new Refused('file_pages_below_min');
  if (look.pages.some((other) => !isOf(other, page)))
    throw new Refused('inconsistent_page_dimensions');
  if (look.pages.length > 1)
    throw new Refused(
      'file_pages_exceed_max',
      `${side} has ${look.pages.length} pages, and must have one.`,
    );
  const wanted = artworkSizes[size];
  if (!isOf(page, wanted))
    throw new Refused(
      'invalid_file_dimensions',
      `${side} is ${inches(page)}, and a ${size} postcard must be ${inches(wanted)}.`,
    );
}

/** Either way up. */
function isOf({ width, height }: PageSize, wanted: PageSize): boolean {
  const near = (a: number, b: number): boolean => Math.abs(a - b) <= TOLERANCE;
  return (
    (near(width, wanted.width) && near(height, wanted.height)) ||
    (near(width, wanted.height) && near(height, wanted.width))
  );
}

function inches({ width, height }: PageSize): string {
  const text = (value: number): string => String(Math.round(value * 1000) / 1000);
  return `${text(height)} in by ${text(width)} in`;
}

function lookAtPixels(side: string, size: Size, bytes: Buffer): void {
  const isPng = bytes.length >= 24 && bytes.toString('latin1', 1, 4) === 'PNG';
  if (!isPng) throw new Refused('invalid_file', `${side} is no PNG.`);
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const { width: wide, height: high } = artworkSizes[size];
  if (Math.abs(width / height - wide / high) > 0.01) throw new Refused('invalid_file_dimensions');
  if (width < Math.floor(wide * DPI)) throw new Refused('invalid_image_dpi');
}
