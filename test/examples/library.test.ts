/**
 * examples/library runs as a process of its own against an empty database, twice: the second time
 * nothing is printed.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { defineCampaign, hold, suppress } from '@postrider/core';
import { readCampaignFile } from '../../packages/cli/src/campaign-file/read.ts';
import { loader } from '../support/loader.ts';
import { broken, freshMachine, launched, people, states, syncPeople } from '../support/machine.ts';
import { connect, testDatabase } from '../support/server.ts';

const example = join(import.meta.dirname, '../../examples/library');

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function run(env: NodeJS.ProcessEnv): Promise<Ended> {
  const child = spawn(process.execPath, [...loader, join(example, 'mail-from-your-service.ts')], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  return { code, out, err };
}

void test('a service mails from inside itself, once', async (t) => {
  await using database = await testDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'postrider-library-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const env = { DATABASE_URL: database.url, GARDEN_FOLDER: folder };
  const printed = (): string[] => readdirSync(join(folder, 'printed')).toSorted();

  const first = await run(env);
  assert.equal(first.code, 0, first.err);
  assert.equal(first.err, '');
  assert.match(first.out, /synced: 7 customers, 7 new, turned away: \{"duplicate":1\}/);
  assert.match(first.out, /held for new prices; 0 cards are at the press already/);
  assert.match(first.out, /4 sent, waiting for news of the delivery/);
  assert.match(first.out, /the postman took 4 cards/);
  assert.match(first.out, /funnel: 7 recipients, 4 received, 2 skipped, 1 blacklisted, 0 error/);
  const story = first.out.split('\n').filter((line) => line.startsWith('  '));
  for (const move of [
    'pending (sync)',
    'pending → proofing_staged (proof)',
    'sending → sent (mail)',
    'sent → received (track)',
  ])
    assert.ok(story.includes(`  ${move}`), `${move} is missing in:\n${story.join('\n')}`);

  const cards = printed();
  const texts = cards.map((name) => readFileSync(join(folder, 'printed', name), 'utf8'));
  const greeted = texts.map((text) => /Dear (\w+),/.exec(text)?.[1] ?? '').toSorted();
  assert.deepEqual(greeted, ['Ada', 'Cleo', 'Dora', 'Gus']);
  assert.match(
    texts.find((text) => text.includes('Dear Cleo')) ?? '',
    /^Spring at the garden shop: roses\n-+\nDear Cleo.*roses.*\n\nCleo Sands\n7 Elm Road, Apt 4\nSpringfield IL 62702\n/,
  );

  const second = await run(env);
  assert.equal(second.code, 0, second.err);
  assert.match(second.out, /synced: 6 customers, 0 new/);
  assert.match(second.out, /the postman took 0 cards/);
  assert.deepEqual(printed(), cards);

  const sql = connect(database.url);
  t.after(async () => await sql.end({ timeout: 2 }));
  assert.deepEqual(await broken(sql), []);
  const [fay] =
    await sql`select state, reason from postrider.recipients where email = 'fay@example.com'`;
  assert.deepEqual({ ...fay }, { state: 'blacklisted', reason: 'suppressed' });
});

void test('without a database it says what it needs', async () => {
  const { code, err } = await run({ DATABASE_URL: undefined });
  assert.equal(code, 1);
  assert.match(err, /DATABASE_URL is not set/);
});

void test('what a service does in a transaction of its own stands or falls with it', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const { organizationId, campaignId } = await launched(sql);
  await syncPeople(sql, { organizationId, campaignId }, people(2));
  const both = async (fails: boolean): Promise<void> => {
    await sql.begin(async (tx) => {
      await suppress(tx, organizationId, { email: 'p0@example.com' }, 'a service');
      await hold(tx, { organizationId, kind: 'campaign', id: campaignId }, 'new prices');
      if (fails) throw new Error('the service changed its mind');
    });
  };
  await assert.rejects(both(true), /changed its mind/);
  assert.deepEqual(await states(sql), { pending: 2 });
  assert.equal((await sql`select status from postrider.campaigns`)[0]?.['status'], 'active');
  await both(false);
  assert.deepEqual(await states(sql), { pending: 1, blacklisted: 1 });
  assert.equal((await sql`select status from postrider.campaigns`)[0]?.['status'], 'paused');
  assert.deepEqual(await broken(sql), []);
});

void test('a campaign defined in code has the defaults of a campaign file', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-campaign-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'campaign.yaml');
  writeFileSync(
    file,
    `name: spring
organization: Garden shop
mode: automated
segment: everybody
audience: { kind: csv, path: customers.csv }
renderer: { kind: noop, template: plain }
format: 4x6
image_host: { kind: noop }
printer: { kind: noop, name: back-room }
mail_class: first_class
`,
  );
  const {
    integrations,
    base_directory,
    // What code leaves out of these stays as it was; a new campaign gets the same from SQL.
    hold_back_minutes,
    remove_images_after,
    keep_images_at_most,
    ...fromFile
  } = (await readCampaignFile(file)).definition;
  assert.deepEqual(
    { hold_back_minutes, remove_images_after, keep_images_at_most },
    { hold_back_minutes: 0, remove_images_after: '7 days', keep_images_at_most: '90 days' },
  );
  const given = {
    name: 'spring',
    provider_segment_id: 'everybody',
    template: 'plain',
    format: '4x6',
    printer_name: 'back-room',
  };
  assert.deepEqual(defineCampaign({ ...given, integrations, base_directory }), {
    ...fromFile,
    integrations,
    base_directory,
  });
});
