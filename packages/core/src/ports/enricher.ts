/** The port of address enrichers: batches of people, answered now or hours later. */
import type { AudienceField } from './audience.ts';
import type { Address, CallContext } from './common.ts';

export interface EnrichRequest {
  readonly recipientId: string;
  readonly email: string;
  /** Further addresses of the person, where the source tells any. */
  readonly otherEmails?: readonly string[];
  readonly firstName: string | null;
  readonly lastName: string | null;
}

export type SubmitBatchResult =
  /** The enricher has the batch under its own id, of at most 100,000 characters. */
  | { readonly outcome: 'accepted'; readonly providerBatchId: string }
  /** Proven not created; try again after so many milliseconds. */
  | { readonly outcome: 'retry'; readonly afterMs: number; readonly message: string }
  /** Will never work as it is. */
  | { readonly outcome: 'rejected'; readonly message: string };

export type EnrichResult =
  | { readonly recipientId: string; readonly outcome: 'match'; readonly address: Address }
  | { readonly recipientId: string; readonly outcome: 'no_match' };

export type CollectBatchResult =
  | { readonly outcome: 'pending' }
  /**
   * One result for each recipient submitted; a person who is missing, or whose result cannot be
   * used, counts as not found.
   */
  | { readonly outcome: 'done'; readonly results: readonly EnrichResult[] }
  /** The enricher does not know the batch any more; its people go back. */
  | { readonly outcome: 'lost'; readonly message: string };

/**
 * Finds postal addresses for people known by e-mail. Batches may take hours; core keeps them in
 * rows of their own, asks only the enricher that took a batch, and takes its people back at the
 * deadline, whether `collect` says `pending`, throws, answers what cannot be used, or hangs. A call
 * that takes longer than the runner's `adapterTimeoutMs` is given up, and its signal aborts.
 */
export interface AddressEnricher {
  /**
   * @param reference our id of the batch; the adapter hands it to the provider so that `find`
   * works.
   */
  submit(
    reference: string,
    people: readonly EnrichRequest[],
    context: CallContext,
  ): Promise<SubmitBatchResult>;
  /**
   * The provider's id of a batch that we submitted but whose answer was lost; null where it is
   * proven absent.
   */
  find(reference: string, context: CallContext): Promise<string | null>;
  collect(providerBatchId: string, context: CallContext): Promise<CollectBatchResult>;
  /**
   * What of its own data it cannot use, or has two answers for, in a few sentences. It is asked
   * when a campaign is applied, so that this is seen before anybody is looked up.
   */
  remarks?(context: CallContext): Promise<readonly string[]>;
  /** Which field of its own data is what, where it reads a table: `campaign apply` shows it. */
  describe?(context: CallContext): Promise<readonly AudienceField[]>;
}
