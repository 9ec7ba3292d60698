/** The demonstration through the twin of Lob where something else is in its place. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { newLobDemo, type LobDemo } from './demo-lob-run.ts';

describe('the demonstration through the twin of Lob, where it was run before', () => {
  let lob: LobDemo;
  before(async () => {
    lob = await newLobDemo();
    await lob.demo.run('--printer', 'lob', '--rows', '10');
  });
  after(async () => await lob[Symbol.asyncDispose]());

  it('sends nothing to a connection of this name that is not its own', async () => {
    const before = await lob.truth();
    const known = async (): Promise<unknown> =>
      (await lob.demo.sql`select count(*)::int as people from postrider.recipient`)[0]?.['people'];
    const readBefore = await known();
    // Somebody's own machine first: where the check is missing nothing leaves this one.
    for (const [options, place] of [
      ['{"url": "http://127.0.0.1:1/v1"}', 'http://127.0.0.1:1'],
      ['{"url": "https://user:pass@api.lob.com/v1"}', 'https://api.lob.com'],
      ['{}', 'lob itself'],
    ] as const) {
      await lob.demo.sql`update postrider.connection set options = ${options}::text::jsonb`;
      await assert.rejects(lob.demo.run('--printer', 'lob', '--rows', '80'), (error: Error) => {
        assert.match(error.message, /ended with 78:/);
        assert.ok(error.message.includes(`it is at ${place}, and the twin at http://127.0.0.1:`));
        assert.match(error.message, /Nothing was mailed/);
        return true;
      });
    }
    assert.deepEqual((await lob.truth()).pieces, before.pieces);
    assert.equal(await known(), readBefore, 'nobody more was read');
  });

  it('says what is in the way where another program has its port', async () => {
    const { port } = JSON.parse(
      readFileSync(join(lob.demo.home, 'var', 'lob-twin.json'), 'utf8'),
    ) as {
      port: number;
    };
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    try {
      await assert.rejects(
        lob.demo.run('--printer', 'lob', '--rows', '20'),
        new RegExp(
          `ended with 69:[\\s\\S]*Port ${port} of 127.0.0.1 is in use[\\s\\S]*Nothing was mailed`,
        ),
      );
    } finally {
      other.close();
    }
  });

  it('stands beside the demonstration of the print shop, and begins anew where it is told to', async () => {
    const shop = await lob.demo.run('--rows', '10');
    assert.ok(shop.cards > 5, 'nobody is left out because the other has mailed them');
    const anew = await lob.demo.run('--printer', 'lob', '--rows', '10', '--fresh', '--yes');
    assert.equal(anew.newCards, anew.cards);
    const { pieces } = await lob.truth();
    assert.equal(pieces.length, anew.cards);
    assert.deepEqual(await lob.unrecorded(pieces), []);
    const aside = readdirSync(join(lob.demo.home, 'out')).map((name) => name.replace(/-20.*/, ''));
    assert.deepEqual(aside.toSorted(), ['lob-twin', 'lob-twin', 'print-shop']);
  });
});
