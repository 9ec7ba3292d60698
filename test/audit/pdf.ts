/**
 * Looks at a printed PDF the way a mail house does: page boxes, the text that stands on a page, and
 * what a camera reads from the QR code.
 *
 * PDFium is called directly, because its usual wrapper has no page boxes and renders whole pages
 * only; the QR code needs half a page, in grey, at a resolution of a cheap phone, and three hundred
 * of them must not take longer than the mailing itself.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { PDFiumModule } from '@hyzyla/pdfium';
import jsqr from 'jsqr';

/** In points: left, bottom, right, top. */
export type Box = readonly [number, number, number, number];

export interface QrCode {
  readonly data: string;
  /** Of the code without its quiet zone, in points from the left and the bottom of the page. */
  readonly box: Box;
}

/**
 * The parts of PDFium that are used here, and that its type declarations leave out. Handles and
 * pointers are numbers; 0 is null.
 */
interface Pdfium {
  _FPDF_InitLibrary(): void;
  _FPDF_LoadMemDocument(data: number, size: number, password: number): number;
  _FPDF_CloseDocument(document: number): void;
  _FPDF_GetPageCount(document: number): number;
  _FPDF_LoadPage(document: number, index: number): number;
  _FPDF_ClosePage(page: number): void;
  _FPDFPage_GetMediaBox(
    page: number,
    left: number,
    bottom: number,
    right: number,
    top: number,
  ): number;
  _FPDFPage_GetTrimBox(
    page: number,
    left: number,
    bottom: number,
    right: number,
    top: number,
  ): number;
  _FPDFPage_GetBleedBox(
    page: number,
    left: number,
    bottom: number,
    right: number,
    top: number,
  ): number;
  _FPDFText_LoadPage(page: number): number;
  _FPDFText_ClosePage(text: number): void;
  _FPDFText_CountChars(text: number): number;
  _FPDFText_GetText(text: number, start: number, count: number, buffer: number): number;
  _FPDFText_GetBoundedText(
    text: number,
    left: number,
    top: number,
    right: number,
    bottom: number,
    buffer: number,
    length: number,
  ): number;
  _FPDFBitmap_CreateEx(
    width: number,
    height: number,
    format: number,
    pixels: number,
    stride: number,
  ): number;
  _FPDFBitmap_FillRect(
    bitmap: number,
    left: number,
    top: number,
    width: number,
    height: number,
    color: number,
  ): void;
  _FPDFBitmap_Destroy(bitmap: number): void;
  _FPDF_RenderPageBitmap(
    bitmap: number,
    page: number,
    x: number,
    y: number,
    width: number,
    height: number,
    rotate: number,
    flags: number,
  ): void;
  readonly HEAPU8: Uint8Array;
  readonly wasmExports: { malloc(size: number): number; free(pointer: number): void };
}

const GREY_BITMAP = 1;
const RENDER_GREY = 0x08;

let loaded: Promise<Pdfium> | undefined;

async function pdfium(): Promise<Pdfium> {
  const { buffer } = Uint8Array.from(
    readFileSync(createRequire(import.meta.url).resolve('@hyzyla/pdfium/pdfium.wasm')),
  );
  const module = (await PDFiumModule({ wasmBinary: buffer })) as unknown as Pdfium;
  module._FPDF_InitLibrary();
  return module;
}

/**
 * Throws where the bytes are not a PDF. Close it: the memory is outside the garbage collector's
 * reach.
 */
export async function openPdf(bytes: Uint8Array): Promise<PdfDocument> {
  loaded ??= pdfium();
  return new PdfDocument(await loaded, bytes);
}

export class PdfDocument {
  readonly #pdfium: Pdfium;
  readonly #data: number;
  readonly #document: number;
  readonly pageCount: number;

  constructor(module: Pdfium, bytes: Uint8Array) {
    this.#pdfium = module;
    this.#data = module.wasmExports.malloc(bytes.length);
    module.HEAPU8.set(bytes, this.#data);
    this.#document = module._FPDF_LoadMemDocument(this.#data, bytes.length, 0);
    if (this.#document === 0) {
      module.wasmExports.free(this.#data);
      throw new Error('not a PDF that can be opened');
    }
    this.pageCount = module._FPDF_GetPageCount(this.#document);
  }

  close(): void {
    this.#pdfium._FPDF_CloseDocument(this.#document);
    this.#pdfium.wasmExports.free(this.#data);
  }

  /** @param number counted from 1. */
  withPage<T>(number: number, use: (page: PdfPage) => T): T {
    const handle = this.#pdfium._FPDF_LoadPage(this.#document, number - 1);
    if (handle === 0) throw new Error(`page ${number} of ${this.pageCount} cannot be read`);
    try {
      return use(new PdfPage(this.#pdfium, handle));
    } finally {
      this.#pdfium._FPDF_ClosePage(handle);
    }
  }
}

export class PdfPage {
  readonly #pdfium: Pdfium;
  readonly #page: number;

  constructor(module: Pdfium, page: number) {
    this.#pdfium = module;
    this.#page = page;
  }

  /** Null where the page does not say. */
  box(kind: 'Media' | 'Trim' | 'Bleed'): Box | null {
    return this.#withMemory(16, (at) => {
      const get = {
        Media: '_FPDFPage_GetMediaBox',
        Trim: '_FPDFPage_GetTrimBox',
        Bleed: '_FPDFPage_GetBleedBox',
      } as const;
      if (this.#pdfium[get[kind]](this.#page, at, at + 4, at + 8, at + 12) === 0) return null;
      const view = new DataView(this.#pdfium.HEAPU8.buffer, at, 16);
      return [
        view.getFloat32(0, true),
        view.getFloat32(4, true),
        view.getFloat32(8, true),
        view.getFloat32(12, true),
      ];
    });
  }

  /** The text in reading order, with line breaks. Only inside `within` where given. */
  text(within?: Box): string {
    const text = this.#pdfium._FPDFText_LoadPage(this.#page);
    try {
      const room = this.#pdfium._FPDFText_CountChars(text) * 2 + 64;
      return this.#withMemory(room * 2, (at) => {
        const units =
          within === undefined
            ? this.#pdfium._FPDFText_GetText(text, 0, room / 2, at)
            : this.#pdfium._FPDFText_GetBoundedText(
                text,
                within[0],
                within[3],
                within[2],
                within[1],
                at,
                room,
              );
        const written = new Uint8Array(this.#pdfium.HEAPU8.buffer, at, Math.max(0, units) * 2);
        return new TextDecoder('utf-16le').decode(written).replace(/\0.*$/s, '');
      });
    } finally {
      this.#pdfium._FPDFText_ClosePage(text);
    }
  }

  /**
   * The QR code in the left half of the page, as a camera would read it; null where none can be
   * read.
   */
  qrInLeftHalf(width: number, height: number): QrCode | null {
    // A hundred dots to the inch read almost every code, and are four times as fast as two hundred.
    return this.#qr(width, height, 100) ?? this.#qr(width, height, 200);
  }

  #qr(width: number, height: number, dpi: number): QrCode | null {
    const scale = dpi / 72;
    const columns = Math.ceil((width / 2) * scale);
    const rows = Math.ceil(height * scale);
    return this.#withMemory(columns * rows, (at) => {
      const bitmap = this.#pdfium._FPDFBitmap_CreateEx(columns, rows, GREY_BITMAP, at, columns);
      this.#pdfium._FPDFBitmap_FillRect(bitmap, 0, 0, columns, rows, 0xffffffff);
      // The whole page is drawn to scale; what falls off the bitmap, the right half, costs next to
      // nothing.
      this.#pdfium._FPDF_RenderPageBitmap(
        bitmap,
        this.#page,
        0,
        0,
        Math.round(width * scale),
        rows,
        0,
        RENDER_GREY,
      );
      this.#pdfium._FPDFBitmap_Destroy(bitmap);
      const grey = new Uint8Array(this.#pdfium.HEAPU8.buffer, at, columns * rows);
      // Four equal bytes for each grey one.
      const rgba = Uint32Array.from(grey, (value) => value * 0x01010101);
      const code = jsqr.default(new Uint8ClampedArray(rgba.buffer), columns, rows, {
        inversionAttempts: 'dontInvert',
      });
      if (code === null) return null;
      const corners = [
        code.location.topLeftCorner,
        code.location.topRightCorner,
        code.location.bottomLeftCorner,
        code.location.bottomRightCorner,
      ];
      const xs = corners.map(({ x }) => x / scale);
      const ys = corners.map(({ y }) => height - y / scale);
      return {
        data: code.data,
        box: [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)],
      };
    });
  }

  #withMemory<T>(size: number, use: (pointer: number) => T): T {
    const pointer = this.#pdfium.wasmExports.malloc(size);
    if (pointer === 0) throw new Error(`no memory for ${size} bytes`);
    try {
      return use(pointer);
    } finally {
      this.#pdfium.wasmExports.free(pointer);
    }
  }
}
