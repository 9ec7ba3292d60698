/** What a printer is given to check a webhook by. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoopPrinter } from '@postrider/adapters/noop';
import type { Printer, WebhookRequest } from '@postrider/core/ports';
import { open } from '../rig.ts';

void test('a printer that signs the address is given it, beside headers and raw bytes', async () => {
  const asked: WebhookRequest[] = [];
  const signsTheAddress: Printer = {
    ...createNoopPrinter(),
    verifyWebhook(request) {
      asked.push(request);
      return new URL(request.url).searchParams.get('signature') === 'ours'
        ? { valid: true, deliveryId: request.url }
        : { valid: false, message: 'signed for another address' };
    },
  };
  await using place = await open({ people: 1, ports: { printer: signsTheAddress } });
  const request = { headers: { 'x-told': 'once' }, body: Buffer.from([0, 255, 10]) };
  const outcome = async (url: string): Promise<string> =>
    (await place.pipeline.receiveWebhook(place.place.organizationId, 'press', { url, ...request }))
      .outcome;
  assert.equal(await outcome('https://cards.example/webhooks/o/press?signature=ours'), 'stored');
  assert.equal(await outcome('https://cards.example/webhooks/o/press?signature=x'), 'forged');
  assert.deepEqual([asked[0]?.headers, asked[0]?.body], [request.headers, request.body]);
});
