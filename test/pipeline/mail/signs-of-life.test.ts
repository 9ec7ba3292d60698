/** A printer that needs several requests for one answer says between them that it is at it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNoopPrinter } from '@postrider/adapters/noop';
import type { CallContext, Printer } from '@postrider/core/ports';
import { open } from '../rig.ts';

const REQUESTS = 5;
const REQUEST_MS = 700;

/** Lists by requests that each keep its time-out, and together take longer than it. */
function listing(beforeEach: (context: CallContext) => unknown): Printer {
  return {
    ...createNoopPrinter(),
    timeoutMs: 1500,
    async list(_since, _cursor, context) {
      for (let request = 0; request < REQUESTS; request += 1) {
        await beforeEach(context);
        await sleep(REQUEST_MS);
        context.signal.throwIfAborted();
      }
      return { pieces: [], cursor: null };
    },
  };
}

async function asked(printer: Printer): Promise<string> {
  await using place = await open({ people: 1, ports: { printer } });
  const since = new Date(Date.now() - 60_000);
  const [told] = await place.pipeline.reconcileSince(place.place.organizationId, since);
  return JSON.stringify(told);
}

void test('a printer that says that it is at it is not given up while it asks page after page', async () => {
  assert.doesNotMatch(await asked(listing((context) => context.alive())), /given up/);
});

void test('waiting for the rate limit is no sign of life', async () => {
  const printer = listing((context) =>
    context.limiter.take({ route: 'list', windows: [] }, 1, context.signal),
  );
  assert.match(await asked(printer), /given up/);
});
