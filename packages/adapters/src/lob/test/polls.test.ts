/** A poll of Lob goes through the pieces again and again, and loses no round. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contractContext } from '@postrider/core/contract';
import { lobTwinClient, startLob } from '@postrider/twins/lob';
import { temporaryFolder } from '../../../test/helpers.ts';
import { heldLease, piece } from '../../../test/pieces.ts';
import { accountAt, liveKey, printerOf } from './accounts.ts';

void test('after a list without a piece the next poll asks again', async () => {
  const folder = await temporaryFolder();
  const twin = await startLob({ folder, keys: [liveKey], daysPerSecond: 0, log: () => undefined });
  try {
    const printer = printerOf(accountAt(twin.url));
    const nothing = await printer.poll?.(null, contractContext());
    assert.deepEqual(nothing?.events, []);
    await printer.submit([piece()], heldLease, contractContext());
    const next = await printer.poll?.(nothing.cursor, contractContext());
    assert.equal(next?.events.length, 1);

    // What modified a piece last is a scan, and no press.
    await lobTwinClient(twin.url, liveKey).advance({ days: 12 });
    const after = await printer.poll?.(null, contractContext());
    const times = (after?.events ?? []).flatMap((event) =>
      'occurredAt' in event ? [[event.status, Date.parse(event.occurredAt)] as const] : [],
    );
    const printed = times.find(([status]) => status === 'in_production')?.[1] ?? Number.NaN;
    const scans = times.flatMap(([status, at]) => (status === 'in_transit' ? [at] : []));
    assert.ok(scans.length > 0 && scans.every((at) => printed <= at), JSON.stringify(times));
  } finally {
    await twin.stop();
  }
});
