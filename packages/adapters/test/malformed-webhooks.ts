/** What must hold of the webhooks of any printer, however they are damaged. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Printer, WebhookRequest } from '@postrider/core/ports';
import { webhookAnswer } from '../../core/src/stages/track/event-answers.ts';
import { bodies } from './malformed.ts';

export interface MalformedWebhooks {
  readonly printer: Pick<Printer, 'verifyWebhook' | 'parseWebhook'>;
  /** Bodies that the printer sends. */
  readonly whole: readonly unknown[];
  readonly signed: (body: Buffer) => WebhookRequest;
  /** The headers that its signature stands in. */
  readonly headers: readonly string[];
  readonly inputs: number;
}

/**
 * A webhook is trusted by its signature alone, and its events are read, kept or refused.
 *
 * @returns every status that was read.
 */
export function checkWebhooks(given: MalformedWebhooks): ReadonlySet<string | null> {
  const { printer, whole, signed, headers, inputs } = given;
  const statuses = new Set<string | null>();
  const oddHeaders = fc.dictionary(
    fc.constantFrom(...headers, 'x-other'),
    fc.oneof(
      fc.string(),
      fc.constantFrom('v1,', 'v1,AAAA', '0'.repeat(64), String(Date.now()), '9'.repeat(16)),
    ),
  );
  fc.assert(
    fc.property(bodies(whole), oddHeaders, (body, odd) => {
      const request = signed(body);
      const now = new Date();
      assert.ok(!printer.verifyWebhook({ ...request, headers: odd }, now).valid);
      assert.ok(printer.verifyWebhook(request, now).valid);
      let told: unknown;
      try {
        told = printer.parseWebhook(body);
      } catch (error) {
        assert.match(String(error), /^Error: The webhook is signed but not in the format of /);
        return;
      }
      for (const { status } of webhookAnswer(told, now.toISOString()).events) statuses.add(status);
    }),
    { numRuns: inputs },
  );
  return statuses;
}
