/** A print shop as a command needs it, whether it started it or found it running. */
export interface OpenShop {
  readonly url: string;
  /** The folder that it prints into. */
  readonly folder: string;
  /** Why its cards are not received while somebody waits for them; null where they are. */
  readonly slowBecause: string | null;
  /** Throws where it has ended by itself, for example on a full disk, with what it said last. */
  assertOpen(): void;
  /** Tells it where to send the webhooks of an organization. */
  redirect(organizationId: string, webhook: string): Promise<void>;
  /** Ends it, or leaves it as it was where it ran already. */
  stop(): Promise<void>;
}
