/**
 * An adapter of a printer that comes back while requests of its own are still to be sent: what it
 * did not answer is unknown, and the printer is asked for it soon. Nothing may be sent by then.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoopPrinter } from '@postrider/adapters/noop';
import type { Printer, SubmitResult } from '@postrider/core/ports';
import { open, until } from '../rig.ts';

const unknown: SubmitResult = { outcome: 'unknown', message: 'nobody waited for it' };

for (const [how, end] of [
  ['throws', async () => await Promise.reject(new Error('one of its lanes broke'))],
  ['answers', async () => await Promise.resolve([unknown])],
] as const)
  void test(`a printer that ${how} while it is still at work may send nothing more, also where its cohort goes on`, async () => {
    const [left, later] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const refusals: unknown[] = [];
    let calls = 0;
    const inner = createNoopPrinter();
    const printer: Printer = {
      ...inner,
      timeoutMs: 20_000,
      maxBatch: 1,
      async submit(pieces, lease, context) {
        calls += 1;
        if (calls === 1) {
          void left.promise.then(() => {
            try {
              lease.assertMaySend();
              refusals.push('it may send');
            } catch (error) {
              refusals.push(error);
            }
          });
          return await end();
        }
        // The lease on the cohort holds: this one may be sent.
        left.resolve();
        await until(() => refusals.length > 0);
        const answers = await inner.submit(pieces, lease, context);
        later.resolve();
        return answers;
      },
    };
    await using opened = await open({ people: 2, ports: { printer }, settings: { mailSlots: 1 } });
    await opened.pipeline.start();
    await later.promise;
    assert.match(String(refusals[0]), /SendStoppedError/);
    await until(
      async () =>
        (await opened.sql`select from postrider.recipient_state where state = 'sent'`).length === 1,
    );
  });
