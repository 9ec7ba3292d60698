/** The port of image hosts: rendered cards, where printers and people can fetch them. */
import type { CallContext } from './common.ts';
import type { MediaType } from './media.ts';
import type { RenderedDocument } from './renderer.ts';

export type PutResult =
  | { readonly outcome: 'stored'; readonly url: string }
  | { readonly outcome: 'retry'; readonly afterMs: number; readonly message: string }
  | { readonly outcome: 'failed'; readonly message: string };

export type RemoveResult =
  | { readonly outcome: 'removed' }
  | { readonly outcome: 'retry'; readonly afterMs: number; readonly message: string }
  /** It is not ours to remove: another host's, or locked there. A person has to look. */
  | { readonly outcome: 'failed'; readonly message: string };

/** Keeps proof images where printers and people can fetch them. */
export interface ImageHost {
  /** What may be stored here. Printers and people are given the same. */
  readonly takes: readonly MediaType[];
  /**
   * Stores each document under its name; storing the same name and bytes again is harmless. Ends
   * within the runner's `adapterTimeoutMs`, or its signal aborts and nobody counts as proofed.
   */
  put(documents: readonly RenderedDocument[], context: CallContext): Promise<readonly PutResult[]>;
  /**
   * Removes documents whose cards are through, and no others: of a URL that is not its own a host
   * says `failed`. What is gone already counts as removed. A host without it keeps everything.
   */
  remove?(urls: readonly string[], context: CallContext): Promise<readonly RemoveResult[]>;
}
