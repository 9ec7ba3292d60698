import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { cli, shortBakery } from './cli.ts';
import { ownPlace } from './places.ts';
import { isLong } from '../../../test/support/long.ts';

describe('a template that cannot be used', () => {
  const { place } = ownPlace();
  let folder: string;
  before(async () => {
    folder = shortBakery(place.home, 30);
    for (const args of [
      ['campaign', 'apply', join(folder, 'campaign.yaml'), '--no-check'],
      ['sync', 'bakery-welcome'],
      // Everybody has an address: they wait for their card, and for nothing else.
      ['enrich', 'bakery-welcome'],
    ]) {
      const run = await cli(place, args);
      assert.equal(run.code, 0, run.stderr);
    }
  });

  it('holds a campaign with a broken template once, tells line and column, and goes on when it is mended and released', async () => {
    const path = join(folder, 'postcard.typ');
    const whole = readFileSync(path, 'utf8');
    writeFileSync(
      path,
      whole.replace('#let front(card) = {', '#let front(card) = {\n  rect(wdith: 1pt)'),
    );
    const line = whole.split('\n').findIndex((text) => text.startsWith('#let front')) + 2;
    const told = new RegExp(`the renderer refuses its cards: .*postcard\\.typ:${line}:\\d+`);
    const run = await cli(place, ['run', '--once', '--no-http', '--json']);
    assert.equal(run.code, 0, run.stderr);
    const waiting = run
      .json<{ state?: string; why?: string }>()
      .filter(({ state }) => state !== undefined);
    assert.deepEqual(
      waiting.map(({ state }) => state),
      ['pending'],
      run.stdout,
    );
    assert.match(waiting[0]?.why ?? '', told);
    assert.match((await cli(place, ['status'])).stderr, told);
    writeFileSync(path, whole);
    assert.equal((await cli(place, ['release', 'campaign', 'bakery-welcome'])).code, 0);
  });

  it('draws a card without an address and says why it is not printed, and holds its campaign once', async () => {
    const path = join(folder, 'postcard.typ');
    const whole = readFileSync(path, 'utf8');
    writeFileSync(path, whole.replace('\n  address-block(card)\n', '\n'));
    const out = join(place.home, 'pictures');
    const preview = ['preview', 'bakery-welcome', '--out', out, '--width', '300', '--guides'];
    // Node would make folders there without end.
    const nowhere = await cli(place, ['preview', 'bakery-welcome', '--out', '/proc/x/y']);
    assert.equal(nowhere.code, 73, nowhere.stderr);
    assert.match(nowhere.stderr, /\/proc\/x\/y cannot be made \(ENOENT\)\n.*nothing was written/);
    const seen = await cli(place, [...preview, '--json']);
    assert.equal(seen.code, 65, seen.stderr);
    assert.match(
      seen.stderr,
      /^{"warning":"this card would not be printed: the back has no address/,
    );
    const [told] = seen.json<{ back: string; faults: { reason: string }[] }>();
    assert.deepEqual(
      told?.faults.map(({ reason }) => reason),
      ['address_missing'],
    );
    assert.equal(
      readFileSync(told?.back ?? '')
        .subarray(1, 4)
        .toString(),
      'PNG',
    );
    const run = await cli(place, ['run', '--once', '--no-http', '--json']);
    assert.equal(run.code, 0, run.stderr);
    const waiting = run
      .json<{ state?: string; why?: string }>()
      .filter(({ state }) => state !== undefined);
    assert.deepEqual(
      waiting.map(({ state }) => state),
      ['pending'],
      run.stdout,
    );
    assert.match(
      waiting[0]?.why ?? '',
      /the renderer refuses its cards: the back has no address, so nobody would get the card/,
    );
    writeFileSync(path, whole);
    assert.equal((await cli(place, preview)).code, 0);
    assert.equal((await cli(place, ['release', 'campaign', 'bakery-welcome'])).code, 0);
  });

  if (isLong)
    it('tells of cards that the template refuses, in stuck and status, and tries them again when it is mended', async () => {
      const path = join(folder, 'postcard.typ');
      const whole = readFileSync(path, 'utf8');
      writeFileSync(
        path,
        whole.replace(
          '#let front(card) = {',
          '#let front(card) = {\n  assert(false, message: "not this one")',
        ),
      );
      // Nobody's card was ever made: it is one message at first, and everybody's own fault once the
      // operator has let it go on.
      assert.equal((await cli(place, ['run', '--once', '--no-http'])).code, 0);
      assert.match((await cli(place, ['alarms'])).stdout, /every card fails alike: .*not this one/);
      assert.match((await cli(place, ['stuck'])).stdout, /mend what the reason names/);
      assert.equal((await cli(place, ['release', 'campaign', 'bakery-welcome'])).code, 0);
      const run = await cli(place, ['run', '--once', '--no-http', '--json']);
      assert.equal(run.code, 1, run.stderr);
      const waiting = run
        .json<{ state?: string; why?: string; people?: number }>()
        .filter(({ state }) => state === 'error');
      assert.equal(waiting.length, 1, run.stdout);
      const stuck = await cli(place, ['stuck']);
      const line = whole.split('\n').findIndex((text) => text.startsWith('#let front')) + 2;
      assert.match(stuck.stdout, new RegExp(`postcard\\.typ:${line}:\\d+`));
      assert.match(
        (await cli(place, ['status'])).stderr,
        /people do not move although they should: postrider stuck/,
      );
      writeFileSync(path, whole);
      const dry = await cli(place, [
        'retry',
        '--campaign',
        'bakery-welcome',
        '--dry-run',
        '--json',
      ]);
      assert.deepEqual(
        dry.json().map(({ reason, people }) => ({ reason, people })),
        [{ reason: 'render_failed', people: waiting[0]?.people }],
      );
      assert.equal((await cli(place, ['retry', '--campaign', 'bakery-welcome'])).code, 2);
      const wrong = await cli(place, [
        'retry',
        '--campaign',
        'bakery-welcome',
        '--reason',
        'render_faild',
        '--yes',
      ]);
      assert.match(wrong.stderr, /did you mean render_failed\?/);
      const retried = await cli(place, [
        'retry',
        '--campaign',
        'bakery-welcome',
        '--reason',
        'render_failed',
        '--yes',
        '--json',
      ]);
      assert.equal(retried.code, 0, retried.stderr);
      // Not the double of somebody who was turned away as theirs.
      assert.deepEqual(retried.json()[0]?.['tried'], { pending: waiting[0]?.people });
      const more = await cli(place, ['run', '--once', '--no-http']);
      assert.equal(more.code, 0, more.stderr);
      assert.match(more.stdout, /bakery-welcome +proofed +\d+ +the launch/);
    });
});
