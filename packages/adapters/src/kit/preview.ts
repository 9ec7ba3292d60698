/** A renderer that can show one card as pictures. No stage needs it: `postrider preview` does. */
import type { CardRequest, JobFault, Renderer, RenderJob } from '@postrider/core/ports';

/** A look at one card. */
export interface CardPreview {
  readonly front: Uint8Array;
  readonly back: Uint8Array;
  /** Why it would not be printed; empty where it would. */
  readonly faults: readonly JobFault[];
}

export interface PreviewOptions {
  /** Width of the PNG in pixels; 1,875 is 300 dpi for a 4x6. Default 1,250. */
  readonly width?: number;
  /** Draws trim (red), safe area (green) and the ink-free box (blue). */
  readonly guides?: boolean;
}

export interface PreviewRenderer extends Renderer {
  /**
   * Front and back of one card as PNG, also where preflight would keep it from the press. Throws an
   * error that says what is wrong where the card cannot be drawn.
   */
  preview(
    job: Omit<RenderJob, 'cards' | 'media'> & { readonly card: CardRequest },
    options?: PreviewOptions,
  ): Promise<CardPreview>;
}
