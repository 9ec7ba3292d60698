/**
 * The twin is believed because Klaviyo's own client works against it. The client has 38 MB and is
 * used nowhere else: it is installed for this test alone, at a version that is pinned.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { ADA, KEY, klaviyoHere, temporaryFolder } from './helpers.ts';

const VERSION = '23.0.0';
const INTEGRITY =
  'sha512-YUNYLC0tVItOKpujhvm5SgD07ffqEPhx47P/r6Pk/HvRLLY1NvvZAMFUXKt6GlAMEVJEgI4IkGqyZIKAKe2QWA==';

interface Api {
  basePath: string;
}
/** As far as it is used here. */
interface Client {
  readonly ApiKeySession: new (key: string) => object;
  readonly EventsApi: new (session: object) => Api & {
    createEvent(body: object): Promise<{ response: { status: number } }>;
    bulkCreateEvents(body: object): Promise<{ response: { status: number } }>;
  };
  readonly AccountsApi: new (session: object) => Api & {
    getAccounts(options?: object): Promise<{
      body: { data: { id: string; attributes: { testAccount: boolean } }[] };
    }>;
  };
}

async function officialClient(t: TestContext): Promise<Client> {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'package.json'), '{"private":true}');
  const install = ['install', `klaviyo-api@${VERSION}`, '--ignore-scripts', '--no-audit'];
  await promisify(execFile)('npm', install, { cwd: folder });
  const lock = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { integrity?: string }>;
  };
  assert.equal(lock.packages['node_modules/klaviyo-api']?.integrity, INTEGRITY);
  return createRequire(join(folder, 'index.js'))('klaviyo-api') as Client;
}

function metric(name: string): object {
  return { data: { type: 'metric', attributes: { name } } };
}

test('the official client tells events, singly and in bulk, and is told what is wrong', async (t) => {
  const { ApiKeySession, EventsApi, AccountsApi } = await officialClient(t);
  const { url, twin } = await klaviyoHere(t, { accountBurst: 0, testAccount: true });
  const session = new ApiKeySession(KEY);
  const events = new EventsApi(session);
  const accounts = new AccountsApi(session);
  for (const api of [events, accounts]) api.basePath = url;

  const { body } = await accounts.getAccounts({ fieldsAccount: ['test_account'] });
  assert.deepEqual(
    body.data.map(({ id, attributes }) => [id, attributes.testAccount]),
    [['TwinAc', true]],
  );

  const single = {
    data: {
      type: 'event',
      attributes: {
        properties: { campaign: 'spring' },
        time: new Date('2026-11-24T10:00:00Z'),
        uniqueId: 'm-1:sent',
        metric: metric('Direct Mail Sent'),
        profile: { data: { type: 'profile', id: ADA, attributes: {} } },
      },
    },
  };
  for (const _ of [1, 2]) assert.equal((await events.createEvent(single)).response.status, 202);
  assert.deepEqual(
    (await twin.ledger()).map(({ uniqueId, profile, time }) => [uniqueId, profile, time]),
    [['m-1:sent', ADA, '2026-11-24T10:00:00Z']],
  );

  const bulk = (ids: readonly string[]): object => ({
    data: {
      type: 'event-bulk-create-job',
      attributes: {
        eventsBulkCreate: {
          data: [
            {
              type: 'event-bulk-create',
              attributes: {
                profile: { data: { type: 'profile', id: ADA, attributes: {} } },
                events: {
                  data: ids.map((uniqueId) => ({
                    type: 'event',
                    attributes: { properties: {}, uniqueId, metric: metric('Direct Mail Sent') },
                  })),
                },
              },
            },
          ],
        },
      },
    },
  });
  assert.equal((await events.bulkCreateEvents(bulk(['a', 'b']))).response.status, 202);
  await assert.rejects(events.bulkCreateEvents(bulk(['b', 'c'])), /400/);
  assert.equal((await twin.ledger()).length, 3, 'nothing of the second was added');

  const stranger = new EventsApi(new ApiKeySession('pk_stranger'));
  stranger.basePath = url;
  await assert.rejects(stranger.createEvent(single), /401/);
});
