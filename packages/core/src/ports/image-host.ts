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
  | { readonly outcome: 'retry'; readonly afterMs: number; readonly message: string };

/** Keeps proof images where printers and people can fetch them. */
export interface ImageHost {
  /** What may be stored here. Printers and people are given the same. */
  readonly takes: readonly MediaType[];
  /**
   * Stores each document under its name; storing the same name and bytes again is harmless. Ends
   * within the runner's `adapterTimeoutMs`, or its signal aborts and nobody counts as proofed.
   */
  put(documents: readonly RenderedDocument[], context: CallContext): Promise<readonly PutResult[]>;
  /** Removing what is gone already counts as removed. */
  remove(urls: readonly string[], context: CallContext): Promise<readonly RemoveResult[]>;
}
