/**
 * Connections: an organization's account at a provider. Campaigns name connections and hold no
 * keys: one account serves many campaigns, its limits are shared, and its key is rotated once.
 */
import type { z } from 'zod';
import type { CallContext } from './common.ts';

/** As an adapter is handed it. */
export interface Connection {
  readonly organizationId: string;
  /** As the organization calls it, for example `main-account`. */
  readonly name: string;
  /** The kind of its provider, as the registry of adapters has it. */
  readonly provider: string;
  /** What its key is for. Nothing that is made with a test key is ever printed. */
  readonly mode: 'test' | 'live';
  readonly options: Readonly<Record<string, unknown>>;
  /**
   * The values of one of its secrets, for example of `api_key`; the newest first, several while one
   * is being replaced. Empty where none is set. Read anew at each call: a secret that was rotated
   * counts without a restart. Throws `SecretError` where the newest cannot be read; a former one
   * is left out then. Never log or keep one.
   */
  secrets(purpose: string): readonly string[];
}

/** A secret that a provider's accounts have. */
export interface SecretKind {
  /** For example `api_key` or `webhook`. */
  readonly purpose: string;
  /** For people, for example `API key`. */
  readonly title: string;
  /** Whether the connection can be used without it. */
  readonly required: boolean;
  /** What is wrong with a value, in a sentence that does not repeat it; null: it has the form. */
  problem(value: string): string | null;
}

/** What a harmless request found out about an account. */
export type AccountFinding =
  | {
      readonly outcome: 'usable';
      readonly mode: 'test' | 'live';
      /** Whose it is, where the provider tells. */
      readonly account: string | null;
      /** What else is worth knowing, in sentences: a balance, a limit, what is not set up. */
      readonly notes: readonly string[];
    }
  /** The provider does not take the key, or the account cannot be used; why, in a sentence. */
  | { readonly outcome: 'refused'; readonly message: string }
  /** Nobody knows: it did not answer, or not in words that can be read. */
  | { readonly outcome: 'unreachable'; readonly message: string };

/** What a provider says about its accounts. */
export interface ConnectionKind {
  readonly secrets: readonly SecretKind[];
  /** Beside the secrets; checked when somebody connects. */
  readonly options: z.ZodObject;
  /** What a key is for, by its form; null where the form does not tell. */
  modeOf(key: string): 'test' | 'live' | null;
  /** One harmless authenticated request. It also probes a connection whose breaker is open. */
  check(connection: Connection, context: CallContext): Promise<AccountFinding>;
}
