/**
 * Looks at PDFs with tools that share no code with the renderer: pdfium draws and reads, jsQR
 * decodes.
 */
import { PDFiumLibrary } from '@hyzyla/pdfium';
import jsQR from 'jsqr';
import { PDFDocument } from 'pdf-lib';

export interface Raster {
  readonly width: number;
  readonly height: number;
  /** RGBA. */
  readonly data: Uint8Array;
  readonly dpi: number;
}

export interface PageLook {
  readonly text: string;
  readonly raster: Raster;
}

/** Text and picture of pages, counted from 1; all of them without a list. */
export async function lookAt(
  pdf: Uint8Array,
  dpi: number,
  pages?: readonly number[],
): Promise<readonly PageLook[]> {
  const library = await PDFiumLibrary.init();
  try {
    const document = await library.loadDocument(pdf);
    const wanted =
      pages ?? Array.from({ length: document.getPageCount() }, (_, index) => index + 1);
    // Text first: this pdfium reads no text from a page that was drawn before.
    const texts = wanted.map((page) => document.getPage(page - 1).getText());
    const looks: PageLook[] = [];
    for (const [index, page] of wanted.entries()) {
      const { width, height, data } = await document
        .getPage(page - 1)
        .render({ scale: dpi / 72, render: 'bitmap' });
      looks.push({
        text: texts[index] ?? '',
        raster: { width, height, data: Uint8Array.from(data), dpi },
      });
    }
    return looks;
  } finally {
    library.destroy();
  }
}

/** The text of the QR code in a picture, or null. */
export function decodeQr({ data, width, height }: Raster): string | null {
  const decode = jsQR as unknown as typeof jsQR.default;
  return decode(new Uint8ClampedArray(data), width, height)?.data ?? null;
}

/**
 * The box around everything in a part of the picture that is not white, in points; null where all
 * is white.
 */
export function inkWithin(
  { data, width, height, dpi }: Raster,
  part: { x: number; y: number; width: number; height: number },
): { left: number; top: number; right: number; bottom: number } | null {
  const scale = dpi / 72;
  let box: { left: number; top: number; right: number; bottom: number } | null = null;
  for (
    let y = Math.ceil(part.y * scale);
    y < Math.min(height, Math.floor((part.y + part.height) * scale));
    y++
  ) {
    for (
      let x = Math.ceil(part.x * scale);
      x < Math.min(width, Math.floor((part.x + part.width) * scale));
      x++
    ) {
      const at = 4 * (y * width + x);
      if (Math.min(data[at] ?? 255, data[at + 1] ?? 255, data[at + 2] ?? 255) > 245) continue;
      box ??= { left: x / scale, top: y / scale, right: x / scale, bottom: y / scale };
      box = {
        left: Math.min(box.left, x / scale),
        top: Math.min(box.top, y / scale),
        right: Math.max(box.right, x / scale),
        bottom: Math.max(box.bottom, y / scale),
      };
    }
  }
  return box;
}

/** Page boxes as `x y width height`, in points. */
export async function pageBoxes(
  pdf: Uint8Array,
): Promise<readonly { media: string; trim: string; bleed: string }[]> {
  const document = await PDFDocument.load(pdf, { throwOnInvalidObject: true });
  const show = ({
    x,
    y,
    width,
    height,
  }: {
    x: number;
    y: number;
    width: number;
    height: number;
  }): string => `${x} ${y} ${width} ${height}`;
  return document.getPages().map((page) => ({
    media: show(page.getMediaBox()),
    trim: show(page.getTrimBox()),
    bleed: show(page.getBleedBox()),
  }));
}
