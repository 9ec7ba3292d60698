/** The adapters of examples/library against the contract suites that anybody may use. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CardRequest } from '@postrider/core';
import {
  describeAudienceContract,
  describePrinterContract,
  describeRendererContract,
} from '@postrider/core/contract';
import { backRoomPress } from '../../examples/library/back-room-press.ts';
import { customersWhoLove, prepareCustomers } from '../../examples/library/customers.ts';
import { plainCards } from '../../examples/library/plain-cards.ts';
import { connect, testDatabase } from '../support/server.ts';

const address = {
  line1: '12 Main Street',
  line2: null,
  city: 'Springfield',
  region: 'IL',
  postalCode: '62701',
  country: 'US',
};

describePrinterContract('the press in the back room', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-press-'));
  const artwork = join(folder, 'artwork.txt');
  writeFileSync(artwork, 'front\fback');
  const printed = join(folder, 'printed');
  const url = pathToFileURL(artwork).href;
  return await Promise.resolve({
    printer: backRoomPress(printed),
    piece: () => ({
      reference: {
        organizationId: randomUUID(),
        campaignId: randomUUID(),
        recipientId: randomUUID(),
        mailpieceId: randomUUID(),
      },
      idempotencyKey: randomUUID(),
      mode: 'live' as const,
      format: '4x6',
      mailClass: 'first_class',
      to: { name: 'Ada Miller', address },
      from: null,
      artwork: { front: { url, page: 1 }, back: { url, page: 2 } },
    }),
    created: async () =>
      await Promise.resolve(readdirSync(printed).map((name) => name.replace('.txt', ''))),
    close: async () => await Promise.resolve(rmSync(folder, { recursive: true })),
  });
});

function card(firstName: string): CardRequest {
  return {
    recipientId: randomUUID(),
    firstName,
    lastName: 'Miller',
    address,
    returnAddress: null,
    merge: { loves: 'tulips' },
    reference: firstName,
  };
}

describeRendererContract(
  'plain cards',
  async () =>
    await Promise.resolve({
      renderer: plainCards,
      job: {
        template: 'plain',
        format: '4x6',
        media: 'text/plain',
        cards: [card('Ada'), card('Ben'), card('Cleo')],
      },
      close: async () => await Promise.resolve(),
    }),
);

describeAudienceContract('customers of the garden shop', async () => {
  const database = await testDatabase();
  const sql = connect(database.url, { max: 2 });
  await prepareCustomers(sql);
  const elsewhere = connect(database.url.replace(database.name, 'nowhere'));
  return {
    source: customersWhoLove(sql),
    segmentId: 'everybody',
    rows: 7,
    unreadable: customersWhoLove(elsewhere),
    async close() {
      await Promise.all([sql.end({ timeout: 2 }), elsewhere.end({ timeout: 2 })]);
      await database.drop();
    },
  };
});
