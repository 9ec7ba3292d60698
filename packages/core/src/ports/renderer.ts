/** The port of renderers: documents, and on which of their pages each card is. */
import type { Address, CallContext } from './common.ts';
import type { MediaType } from './media.ts';

/** What a template may use for one card. */
export interface CardRequest {
  readonly recipientId: string;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly address: Address;
  readonly returnAddress: Address | null;
  /**
   * Merge data, and `reference`: a short code printed beside the address, unique to the recipient.
   */
  readonly merge: Readonly<Record<string, string>>;
  readonly reference: string;
}

export interface RenderJob {
  /** As in the campaign, for example `postcard.typ`; resolved by the adapter. */
  readonly template: string;
  /** One of those that the renderer lists, for example `4x6`. */
  readonly format: string;
  /** One of those that the renderer makes: what its documents are to be. */
  readonly media: MediaType;
  readonly cards: readonly CardRequest[];
}

/** A file that the renderer made; it may hold the cards of many recipients. */
export interface RenderedDocument {
  readonly name: string;
  readonly contentType: MediaType;
  readonly bytes: Uint8Array;
}

export interface RenderedSide {
  /** Index into `documents`. */
  readonly document: number;
  /** Of that document, counted from 1. A picture has one. */
  readonly page: number;
}

export type RenderResult =
  | {
      readonly recipientId: string;
      readonly outcome: 'rendered';
      /** Two artworks: a document of its own for each, or pages of one for both. */
      readonly front: RenderedSide;
      readonly back: RenderedSide;
      /**
       * sha256 hex over template, assets and the card's data: equal content, equal hash. Approval
       * binds to it.
       */
      readonly contentHash: string;
    }
  /**
   * This card cannot be rendered as it is: missing merge field, text that cannot fit, refused by
   * the template. The message names nobody: one fault is one cause.
   */
  | {
      readonly recipientId: string;
      readonly outcome: 'failed';
      readonly reason: string;
      readonly message: string;
    }
  | {
      readonly recipientId: string;
      readonly outcome: 'retry';
      readonly afterMs: number;
      readonly message: string;
    };

/**
 * Why no card of a job can be rendered, for any recipient: the template is not there or broken, or
 * the format is not known.
 */
export interface JobFault {
  readonly reason: string;
  readonly message: string;
}

export interface RenderAnswer {
  readonly documents: readonly RenderedDocument[];
  readonly results: readonly RenderResult[];
  /**
   * Where this names anything, the results do not count: the campaign is held until somebody has
   * mended it, and nobody is in `error` for its sake.
   */
  readonly refused?: readonly JobFault[];
}

export interface Renderer {
  /**
   * What its documents can be, the best first: a campaign gets the first that its image host takes.
   */
  readonly makes: readonly MediaType[];
  /**
   * The formats that it sets, for example `4x6`: the edges in inches, the short one first. Absent:
   * any. A campaign of another one is refused when it is applied, and held where it was not looked
   * at.
   */
  readonly formats?: readonly string[];
  /**
   * The longest line of an address that it sets in this format, in letters; null: any. Where the
   * campaign was applied with it, a person with a longer one is skipped at the sync.
   */
  longestAddressLine?(format: string): number | null;
  /**
   * Cards of one campaign together. `results` has one entry per card, in the order asked. Where a
   * result is not of its card's recipient, or names a document or a page that cannot be, or a
   * document is empty, nothing of the answer is kept, as if the call had thrown: each card is then
   * asked for by itself. Ends within the runner's `adapterTimeoutMs`, or its signal aborts and the
   * people travel alone.
   */
  render(job: RenderJob, context: CallContext): Promise<RenderAnswer>;
}
