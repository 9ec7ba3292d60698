/** A print shop that cannot be opened as it was asked for. */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { cli, projectHome, type CliPlace } from './cli.ts';

describe('a print shop that cannot be', () => {
  const home = projectHome();
  const place: CliPlace = { url: 'postgres://nobody@127.0.0.1:1/none', home: home.path };
  after(() => home.remove());

  it('says at once what is wrong with a folder that cannot be, and does not try for ever', async () => {
    writeFileSync(join(home.path, 'file'), '');
    for (const [folder, told] of [
      [
        join(home.path, 'file', 'below'),
        /The folder .*below cannot be used: ENOTDIR: .*file is not a folder/,
      ],
      ...(existsSync('/proc/self')
        ? [['/proc/x/y', /The folder \/proc\/x\/y cannot be used: E[A-Z]+: .*\/proc/] as const]
        : []),
    ] as const)
      for (const command of ['start', 'run']) {
        const refused = await cli(place, ['print-shop', command, '--folder', folder, '--yes']);
        assert.equal(refused.code, 73, refused.stderr);
        assert.match(refused.stderr, told);
      }
  });

  it('does not open where nobody could reach it', async () => {
    const refused = await cli(place, ['print-shop', 'start', '--port', '6000']);
    assert.equal(refused.code, 69, refused.stderr);
    assert.match(refused.stderr, /Port 6000 .* do not connect/);
    const status = await cli(place, ['print-shop', 'status', '--json']);
    assert.equal(status.json()[0]?.['state'], 'stopped', status.stderr);
  });
});
