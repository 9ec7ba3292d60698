/** The twin as a process: what it acknowledged survives kill -9, and it is started by people. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { keepsItsFolder, saysWhatItTakes } from '../../kit/test/as-process.ts';
import { spawnKlaviyo, type SpawnKlaviyoOptions } from '../index.ts';
import { eventually, KEY, klaviyoAt, quiet, temporaryFolder } from './helpers.ts';

async function klaviyoProcess(
  t: TestContext,
  options: Partial<SpawnKlaviyoOptions> & { folder: string },
) {
  const child = await spawnKlaviyo({
    keys: [KEY],
    eventBurst: 0,
    eventSteady: 0,
    bulkBurst: 0,
    bulkSteady: 0,
    log: quiet,
    ...options,
  });
  t.after(() => child.kill());
  return { ...klaviyoAt(child.url), child };
}

test('kill -9 at any time loses nothing that was answered, and of a bulk request all or nothing', async (t) => {
  const folder = await temporaryFolder(t);
  const answered = new Set<string>();
  for (const round of [0, 1]) {
    const { event, bulk, child } = await klaviyoProcess(t, { folder });
    const one = async (number: number): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 5 * number));
      const ids =
        number % 5 === 0
          ? [0, 1, 2].map((part) => `${round}-${number}-${part}`)
          : [`${round}-${number}`];
      const { status } =
        ids.length > 1
          ? await bulk(ids.map((id) => ({ unique_id: id })))
          : await event({ unique_id: ids[0] });
      if (status === 202) for (const id of ids) answered.add(id);
    };
    // A request that is not answered before the kill has an error.
    const sent = Array.from({ length: 60 }, (_, number) => one(number).catch(() => undefined));
    await eventually('some answers', () => answered.size > 40 * round + 15);
    await child.kill();
    await Promise.all(sent);
  }
  const { twin } = await klaviyoProcess(t, { folder });
  const ids = (await twin.ledger()).map(({ uniqueId }) => uniqueId);
  assert.equal(new Set(ids).size, ids.length);
  for (const id of answered) assert.ok(ids.includes(id), id);
  const bulks = ids.filter((id) => id.split('-').length === 3).map((id) => id.slice(0, -2));
  for (const bulk of new Set(bulks))
    assert.equal(bulks.filter((one) => one === bulk).length, 3, bulk);
});

test('a kill in the middle of a line, a damaged ledger, and a folder that is in use', async (t) => {
  const folder = await temporaryFolder(t);
  await keepsItsFolder(folder, 'twin of Klaviyo', {
    start: async () => await klaviyoProcess(t, { folder }),
    make: async ({ event }) => await event(),
    there: async ({ twin }) => assert.equal((await twin.ledger()).length, 1),
  });
});

test('its command line says what it takes, and what it does not', async (t) => {
  const folder = await temporaryFolder(t);
  await saysWhatItTakes({
    main: new URL('../main.ts', import.meta.url),
    name: 'klaviyo twin',
    flags: ['--bulk-repeat <which>', '--wrong-key <which>', '--event-steady <n>'],
    refused: [
      [[], {}, /--folder is missing/],
      [['--folder', folder, '--event-burst', 'many'], {}, /--event-burst must be a number/],
      [['--folder', folder, '--bulk-repeat', 'odd'], {}, /one of invalid_400, conflict_409/],
      [['--folder', folder], { KLAVIYO_TWIN_KEYS: 'AbC123' }, /KLAVIYO_TWIN_KEYS must be keys/],
    ],
  });
});
