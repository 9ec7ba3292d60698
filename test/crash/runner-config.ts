/**
 * What a runner of the crash tests is told by its parent, and what it says to it: JSON, a line
 * each.
 */
import type { PipelineSettings, Point } from '@postrider/core';
import { secret } from '../support/secrets.ts';

/**
 * A place where the runner does something to itself. `adapter` is inside the printer's adapter:
 * between the lease check and the request.
 */
export interface Snare {
  readonly point: Point | 'adapter';
  /** At which pass; 1 is the first. */
  readonly nth: number;
  /**
   * kill: SIGKILL. stop: SIGSTOP, until SIGCONT. wait: this one step waits until the parent says
   * go, everything else in the process goes on.
   */
  readonly how: 'kill' | 'stop' | 'wait';
}

export interface RunnerConfig {
  readonly name: string;
  readonly databaseUrl: string;
  readonly shopUrl: string;
  /** Of a twin of Lob that takes the cards in the place of the shop. */
  readonly lobUrl?: string;
  /** False: the printer has no idempotency keys. */
  readonly keys: boolean;
  readonly timeoutMs: number;
  /**
   * Batches of the enricher and done effects: shared by all runners of a scenario, as a provider
   * is.
   */
  readonly folder: string;
  readonly settings: Partial<PipelineSettings>;
  readonly snares: readonly Snare[];
  /** Kills the process whenever this external id is rendered. */
  readonly poison: string | null;
  /** Takes the shop's webhooks on this port; null: none. */
  readonly webhookPort: number | null;
}

export type RunnerWord =
  | { readonly said: 'ready' | 'stopped' }
  | { readonly said: 'snared'; readonly point: Snare['point'] };

export const RUNNER_VARIABLE = 'POSTRIDER_CRASH_RUNNER';
export const LOB_KEY = secret('live_ours');
export const SHOP_TOKEN = 'a token of the crash tests';
export const SHOP_SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
