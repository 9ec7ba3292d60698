/** What the routes ask of the shop: apart from it, because the shop imports the routes. */
import type { IncomingMessage } from 'node:http';
import type { TwinClock } from '../kit/clock.ts';
import type { TwinError } from '../kit/errors.ts';
import type { Faults } from '../kit/faults.ts';
import type { Books } from './books.ts';
import type { Commit } from './entries.ts';
import type { Intake } from './intake.ts';
import type { Settings } from './options.ts';
import type { Press } from './press.ts';
import type { WebhookState } from './wire.ts';

export interface Shop {
  readonly settings: Settings;
  readonly books: Books;
  readonly clock: TwinClock;
  readonly faults: Faults;
  readonly intake: Intake;
  readonly press: Press;
  readonly commit: Commit;
  readonly settled: () => Promise<void>;
  /** Events that are on the disk, and may be shown. */
  readonly durableEvents: number;
  readonly broken: TwinError | null;
  readonly closing: boolean;
  readonly webhooks: WebhookState;
  turnClock(days: number): Promise<void>;
  redirectWebhooks(
    url: string | null,
    organizations: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** Waits for the request, and lets a stop wait for it too, as long as its body has come. */
  attend(request: Promise<void>, incoming: IncomingMessage): Promise<void>;
  /** Resolves after `ms`, or when the shop closes. */
  pause(ms: number): Promise<void>;
}
