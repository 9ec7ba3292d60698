/**
 * A printer that prints nothing and is done at once: for benches and crash tests of everything
 * around it.
 *
 * Its ledger is in memory, so it is one per process and forgets with it: crash tests that ask what
 * was printed need the folder print shop. A piece's id is made from the mailpiece, hence the same
 * key gives the same id without a second table.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { anyMedia } from '@postrider/core/ports';
import type {
  SendGuard,
  PieceRequest,
  Printer,
  PrinterEvent,
  SubmitResult,
} from '@postrider/core/ports';

export interface NoopPrinterOptions {
  readonly delayMs?: number;
  readonly maxBatch?: number;
  /**
   * Told of `delivered` for what was accepted, batch by batch, after `submit` has answered: what a
   * webhook would bring. Rejections are logged.
   */
  readonly onEvents?: (events: readonly PrinterEvent[]) => void | Promise<void>;
}

export interface NoopPrinter extends Printer {
  /** Pieces accepted and not cancelled. */
  readonly accepted: number;
}

export function createNoopPrinter({
  delayMs = 0,
  maxBatch = 50,
  onEvents,
}: NoopPrinterOptions = {}): NoopPrinter {
  /** Organization by mailpiece. */
  const ledger = new Map<string, string>();
  const idOf = (mailpieceId: string): string => `noop_${mailpieceId}`;
  const pieceOf = (providerId: string): string => providerId.slice('noop_'.length);

  async function accept(
    batch: readonly PieceRequest[],
    guard: SendGuard,
    signal: AbortSignal,
  ): Promise<readonly SubmitResult[]> {
    try {
      signal.throwIfAborted();
      guard.assertMaySend();
    } catch (error) {
      const message = `Not sent: ${error instanceof Error ? error.message : String(error)}`;
      return batch.map(() => ({ outcome: 'retry', afterMs: 0, message }));
    }
    if (delayMs > 0) await sleep(delayMs);
    return batch.map(({ reference }) => {
      const replayed = ledger.has(reference.mailpieceId);
      ledger.set(reference.mailpieceId, reference.organizationId);
      return {
        outcome: 'accepted',
        providerId: idOf(reference.mailpieceId),
        replayed,
        expectedDelivery: null,
      };
    });
  }

  return {
    takes: anyMedia,
    keyLifetimeMs: 86_400_000,
    readLagMs: 0,
    timeoutMs: delayMs + 1_000,
    maxBatch,
    get accepted() {
      return ledger.size;
    },

    async submit(pieces, guard, context) {
      const results: SubmitResult[] = [];
      for (let start = 0; start < pieces.length; start += maxBatch) {
        const batch = pieces.slice(start, start + maxBatch);
        const accepted = await accept(batch, guard, context.signal);
        results.push(...accepted);
        if (onEvents === undefined) continue;
        const occurredAt = context.now().toISOString();
        const events = batch.flatMap(({ reference }, index) =>
          accepted[index]?.outcome === 'accepted'
            ? [delivered(reference.mailpieceId, reference.organizationId, occurredAt)]
            : [],
        );
        // Later, as a webhook is: the caller first gets the answer.
        if (events.length > 0) {
          setImmediate(() => {
            void (async () => onEvents(events))().catch((error: unknown) =>
              context.logger.error({ error }, 'events of the noop printer were not taken'),
            );
          });
        }
      }
      return results;
    },

    async find(pieces, context) {
      context.signal.throwIfAborted();
      return pieces.map(({ reference }) =>
        ledger.has(reference.mailpieceId)
          ? { outcome: 'found', providerId: idOf(reference.mailpieceId) }
          : { outcome: 'absent' },
      );
    },

    async cancel(providerIds, context) {
      context.signal.throwIfAborted();
      return providerIds.map((id) =>
        ledger.delete(pieceOf(id))
          ? { outcome: 'cancelled' }
          : { outcome: 'unknown', message: 'The noop printer of this process has no such piece.' },
      );
    },

    verifyWebhook: () => ({ valid: false, message: 'The noop printer sends no webhooks.' }),
    parseWebhook() {
      throw new Error('The noop printer sends no webhooks.');
    },
  };

  function delivered(
    mailpieceId: string,
    organizationId: string,
    occurredAt: string,
  ): PrinterEvent {
    return {
      eventId: `noop_${mailpieceId}_delivered`,
      providerId: idOf(mailpieceId),
      mailpieceId,
      organizationId,
      status: 'delivered',
      providerStatus: 'delivered',
      occurredAt,
      confidence: 'logical',
    };
  }
}
