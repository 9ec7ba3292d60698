/** A provider that quotes our key in a refusal: nobody reads it here, in no table and no log. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createLobPrinter } from '@postrider/adapters/lob';
import { anyMedia, type ArtworkCutter, type Connection, type Printer } from '@postrider/core/ports';
import { lobTwinClient, startLob } from '@postrider/twins/lob';
import { states } from '../../support/machine.ts';
import { secret, secretsIn, tablesWith } from '../../support/secrets.ts';
import { open, until } from '../rig.ts';

const KEY = secret('live_quoted_by_the_provider');
/** As it stands, and as it travels. */
const quoted = `${KEY}, ${Buffer.from(`${KEY}:`).toString('base64')}`;

const picture = Buffer.from([0xff, 0xd8, 0xff, 0xd9]);
const artwork: ArtworkCutter = {
  cut: async () =>
    await Promise.resolve({ mediaType: 'image/jpeg', bytes: picture, hash: 'f'.repeat(64) }),
};

async function lobAt(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'quoted-keys-'));
  const lob = await startLob({ folder, keys: [KEY], daysPerSecond: 0, log: () => undefined });
  t.after(async () => {
    await lob.stop();
    await rm(folder, { recursive: true });
  });
  const connection: Connection = {
    organizationId: '',
    name: 'lob-main',
    provider: 'lob',
    mode: 'live',
    options: { url: `${lob.url}/v1` },
    secrets: (purpose) => (purpose === 'api_key' ? [KEY] : []),
  };
  const wiring = { baseDirectory: '/', dataDirectory: '/', secret: () => undefined, connection };
  const printer = createLobPrinter({ atOnce: 1 }, wiring);
  const withPictures: Printer = {
    ...printer,
    takes: anyMedia,
    submit: async (pieces, guard, context) =>
      await printer.submit(pieces, guard, { ...context, artwork }),
  };
  return { twin: lobTwinClient(lob.url, KEY), printer: withPictures };
}

void test('a key that Lob quotes when it refuses a card or the account stands in no table and no log', async (t) => {
  const { twin, printer } = await lobAt(t);
  await twin.fault(
    { kind: 'refusal', code: 'odd', status: 422, message: `Odd: ${quoted}` },
    { kind: 'refusal', code: 'invalid_api_key', message: `Not valid: ${quoted}` },
  );
  await using place = await open({ people: 2, ports: { printer } });
  const { sql, pipeline, log } = place;
  await pipeline.start();
  await until(async () => (await states(sql))['error'] === 1);
  const held = async () =>
    await sql<{ why: string }[]>`
      select held_why as why from postrider.printer where held_at is not null`;
  await until(async () => (await held()).length === 1);
  await pipeline.stop();
  assert.match((await held())[0]?.why ?? '', /invalid_api_key: .*Not valid: \[redacted\]/);
  const [failed] = await sql<{ detail: unknown }[]>`
    select detail from postrider.recipient_state where state = 'error'`;
  assert.match(JSON.stringify(failed?.detail), /Odd: \[redacted\], \[redacted\]/);
  assert.deepEqual(await tablesWith(sql, [KEY]), []);
  assert.deepEqual(secretsIn(log.join('\n'), [KEY]), []);
});
