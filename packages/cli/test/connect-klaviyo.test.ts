/**
 * `connect klaviyo`: its key does not tell what it is for; a campaign file names it as event sink.
 */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { spawnKlaviyo } from '@postrider/twins/klaviyo';
import { accountsPlace, campaignFile } from './accounts/place.ts';

const KEY = 'pk_of_the_command_line';

describe('connect klaviyo', () => {
  const at = accountsPlace();

  it('needs the mode said, asks the account, and serves a campaign as event sink', async (t) => {
    const folder = join(at.place.home, 'klaviyo');
    const twin = await spawnKlaviyo({
      folder,
      keys: [KEY],
      testAccount: true,
      accountBurst: 0,
      log: () => undefined,
    });
    t.after(async () => {
      await twin.stop();
      await rm(folder, { recursive: true });
    });
    const connect = async (args: readonly string[], key = KEY) =>
      await at.acme(
        ['connect', 'klaviyo', '--option', `url=${twin.url}`, ...args].concat([
          '--secret-from',
          'env:KLAVIYO_KEY',
        ]),
        { env: { KLAVIYO_KEY: key } },
      );
    const unsaid = await connect([]);
    assert.equal(unsaid.code, 2);
    assert.match(
      unsaid.stderr,
      /a key of klaviyo does not tell whether it is for tests\nsay --mode/,
    );
    const odd = await connect(['--mode', 'test'], 'AbC123');
    assert.notEqual(odd.code, 0);
    assert.match(odd.stderr, /is a public key.*begins with pk_/s);
    const wrong = await connect(['--mode', 'test'], 'pk_other');
    assert.equal(wrong.code, 1, wrong.stderr);
    assert.match(wrong.stderr, /klaviyo refuses the account: .*401 authentication_failed/);
    const made = await connect(['--mode', 'test']);
    assert.equal(made.code, 0, made.stderr);
    assert.match(
      made.stdout,
      /connection klaviyo-test is made: .*usable, test; The twin of Klaviyo/,
    );
    const calls = (await at.acme(['calls', '--connection', 'klaviyo-test', '--json'])).json();
    assert.deepEqual(
      calls.map((call) => [call['route'], call['status']]),
      [['GET /api/accounts', 200]],
    );
    const file = campaignFile(at.place.home, [
      'printer: { kind: noop, name: press }',
      'event_sink: { connection: klaviyo-test, metric: Postcard, statuses: [delivered] }',
    ]);
    const applied = await at.acme(['campaign', 'apply', file]);
    assert.equal(applied.code, 0, applied.stderr);
    const [campaign] = await at.machine.sql`select name, effects from postrider.campaign`;
    assert.deepEqual(campaign?.['effects'], ['event_sink']);
    assert.ok(!at.written().includes('pk_of_the'), 'the key is shown nowhere');
  });
});
