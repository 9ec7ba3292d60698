/** A poll of Lob goes through the pieces again and again, and loses no round. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contractContext } from '@postrider/core/contract';
import { lobTwinClient, startLob } from '@postrider/twins/lob';
import { temporaryFolder } from '../../../test/helpers.ts';
import { openGuard, piece } from '../../../test/pieces.ts';
import { server } from '../../../test/answering.ts';
import { accountAt, liveKey, printerOf, webhookSecret } from './accounts.ts';

void test('after a list without a piece the next poll asks again', async () => {
  const folder = await temporaryFolder();
  const twin = await startLob({ folder, keys: [liveKey], daysPerSecond: 0, log: () => undefined });
  try {
    const printer = printerOf(accountAt(twin.url));
    const nothing = await printer.poll?.(null, contractContext());
    assert.deepEqual(nothing?.events, []);
    await printer.submit([piece()], openGuard, contractContext());
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

void test('all pages of a day are of one list, which begins at a midnight', async () => {
  const { url, seen } = await server((_, response) => response.end('{"data":[]}'));
  const printer = printerOf(accountAt(url), { pollDays: 2 });
  for (const now of ['2026-12-01T00:00:00.000Z', '2026-12-01T23:59:59.999Z'])
    await printer.poll?.(null, { ...contractContext(), now: () => new Date(now) });
  assert.deepEqual(
    seen.map(({ url: asked }) => new URL(asked, url).searchParams.get('date_created[gte]')),
    ['2026-11-29T00:00:00.000Z', '2026-11-29T00:00:00.000Z'],
  );
});

for (const webhookRetrySignature of ['new', 'first'] as const)
  void test(`what was not heard for an hour is known after it, where retries are signed as ${webhookRetrySignature}`, async () => {
    let isDown = true;
    const { url, seen } = await server((_request, response) =>
      response.writeHead(isDown ? 503 : 200).end(),
    );
    const twin = await startLob({
      folder: await temporaryFolder(),
      keys: [liveKey],
      daysPerSecond: 0,
      webhook: url,
      webhookSecret,
      webhookRetrySignature,
      retryLadder: '3600',
      log: () => undefined,
    });
    try {
      const printer = printerOf(accountAt(twin.url));
      const one = piece();
      await printer.submit([one], openGuard, contractContext());
      const created = () => seen.filter(({ body }) => body.includes('postcard.created'));
      await heard(() => created().length === 1);
      isDown = false;
      await lobTwinClient(twin.url, liveKey).advance({ seconds: 3601 });
      await heard(() => created().length === 2);
      const [, retry] = created();
      assert.ok(retry !== undefined);
      const headers = Object.fromEntries(
        Object.entries(retry.headers).map(([name, value]) => [name, String(value)]),
      );
      // The twin signs by the real time: what is signed anew comes now, and else an hour later.
      const hour = webhookRetrySignature === 'first' ? 3_600_000 : 0;
      const verdict = printer.verifyWebhook(
        { url, headers, body: retry.bytes },
        new Date(Date.now() + hour),
      );
      assert.deepEqual(
        [verdict.valid, 'tooOld' in verdict && verdict.tooOld],
        webhookRetrySignature === 'first' ? [false, true] : [true, false],
      );
      const { events } = (await printer.poll?.(null, contractContext())) ?? assert.fail('no poll');
      assert.ok(
        events.some(
          (told) => 'mailpieceId' in told && told.mailpieceId === one.reference.mailpieceId,
        ),
      );
    } finally {
      await twin.stop();
    }
  });

async function heard(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!isSo() && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 20));
}
