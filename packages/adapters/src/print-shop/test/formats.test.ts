/** What the adapter lists, asked of the shop itself. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { contractContext } from '@postrider/core/contract';
import { startPrintShop } from '@postrider/twins/print-shop';
import { temporaryFolder } from '../../../test/helpers.ts';
import { printShop } from '../index.ts';
import { openGuard, piece } from '../../../test/pieces.ts';
import { printerAt, token } from './pieces.ts';

it('The print shop takes the formats and mail classes that its adapter lists, and no others', async (t) => {
  const shop = await startPrintShop({
    folder: await temporaryFolder(),
    token,
    acceptNoopArtwork: true,
    printAfterMs: 3_600_000,
    log: () => undefined,
  });
  t.after(() => shop.stop());
  const printer = printerAt(shop.url);
  const { formats = [], mailClasses = [] } = printer;
  const outcome = async (format: string, mailClass: string): Promise<string | undefined> => {
    const order = { ...piece(), format, mailClass };
    return (await printer.submit([order], openGuard, contractContext()))[0]?.outcome;
  };
  for (const format of formats)
    for (const mailClass of mailClasses)
      assert.equal(await outcome(format, mailClass), 'accepted', `${format} ${mailClass}`);
  assert.equal(await outcome('5x7', 'standard'), 'rejected');
  assert.equal(await outcome('4x6', 'pigeon'), 'rejected');
  assert.deepEqual([formats, mailClasses], [printShop.formats, printShop.mailClasses]);
});
