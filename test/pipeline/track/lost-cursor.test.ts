/**
 * A poll that is asked from a place that the printer does not know any more does not stay there.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { accountAt, liveKey, printerOf } from '../../../packages/adapters/src/lob/test/accounts.ts';
import { openGuard, piece } from '../../../packages/adapters/test/pieces.ts';
import { contractContext } from '@postrider/core/contract';
import type { Printer } from '@postrider/core/ports';
import { lobTwinClient, startLob } from '@postrider/twins/lob';
import { pollPrinters } from '../../../packages/core/src/stages/track/poll.ts';
import { sent, turnClock } from '../../sql/rig.ts';
import { bakery, watched } from '../house/watched.ts';

const SILENCE_MS = 5 * 60_000;
const DAY = 24 * 3_600_000;

void test('a poll whose place has fallen out of what Lob is asked for begins anew, and comes to its end', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'lost-cursor-'));
  const lob = await startLob({
    folder,
    keys: [liveKey],
    daysPerSecond: 0,
    limit: 0,
    log: () => undefined,
  });
  t.after(async () => {
    await lob.stop();
    await rm(folder, { recursive: true });
  });
  const twin = lobTwinClient(lob.url, liveKey);
  const printer = printerOf(accountAt(lob.url), { pollDays: 1 });
  let turnedMs = 0;
  const turned: Printer = {
    ...printer,
    poll: async (cursor, call) =>
      (await printer.poll?.(cursor, {
        ...call,
        now: () => new Date(call.now().getTime() + turnedMs),
      })) ?? assert.fail('it can be polled'),
  };
  // More than a page has.
  await printer.submit(Array.from({ length: 101 }, piece), openGuard, contractContext());
  await using at = await watched({
    integrations: { printer: async () => await Promise.resolve(turned) },
  });
  const { sql, context } = at;
  const shop = await bakery(sql, 'Bakery');
  await sent(sql, shop);
  const feed = async () => {
    const [row] = await sql<{ cursor: string | null; caughtUp: boolean }[]>`
      select poll_cursor as cursor, caught_up_at is not null as "caughtUp"
      from postrider.printer_feed`;
    return row;
  };
  await twin.fault(
    { kind: 'latency', endpoint: 'list', ms: 0 },
    { kind: 'error_before_effect', endpoint: 'list' },
  );
  await pollPrinters(context);
  // To fail once is bad luck: the place is kept.
  assert.match((await feed())?.cursor ?? '', /^ey/);
  turnedMs = 3 * DAY;
  await twin.advance({ days: 3 });
  await turnClock(sql, turnedMs);
  for (let round = 0; round < 2; round += 1) {
    await pollPrinters(context);
    await turnClock(sql, SILENCE_MS + 1000);
  }
  assert.deepEqual(await feed(), { cursor: 'from the top', caughtUp: true });
});
